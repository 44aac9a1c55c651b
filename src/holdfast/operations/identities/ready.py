"""Ready policies: what readers, writers, operators and administrators of some states may do.

Just what Terraform asks for. Source: the permissions in Terraform's s3 backend page; "Actions,
resources and condition keys" of S3, DynamoDB and KMS in the service authorization reference.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal, get_args

from holdfast.operations.identities.places import Place, literally
from holdfast.operations.refused import BUCKET as REFUSED_BUCKET
from holdfast.terraform.address import LOCK_FILE_SUFFIX, WORKSPACE_KEY_PREFIX

Right = Literal["outputs", "reader", "writer", "operator", "administrator"]
RIGHTS: tuple[Right, ...] = get_args(Right)  # each may do more than the one before

_SID = re.compile(r"Holdfast(Outputs|Reader|Writer|Operator|Administrator)[A-Z]")
Statement = dict[str, Any]
_READER, _OPERATOR = RIGHTS.index("reader"), RIGHTS.index("operator")

_SETTINGS = (
    "GetBucketLocation",
    "GetBucketLogging",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPublicAccessBlock",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
)
_TABLE_SETTINGS = (
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "ListTagsOfResource",
)
_KEY_SETTINGS = ("DescribeKey", "GetKeyRotationStatus", "ListResourceTags")


def ready_policy(right: Right, place: Place) -> str:
    """Return the policy document that gives a right to a place, in JSON without spaces.

    Args:
        right: `outputs` reads the outputs of states, and nothing else of them; only a server of
            holdfast knows it. `reader` reads states, versions and locks. `writer` also locks and
            writes. `operator` also deletes states and versions, and reads the settings of bucket,
            table and key. `administrator` may do everything with objects and lock items there.
        place: where.
    """
    statements = _outputs(place) if right == "outputs" else _statements(right, place)
    for statement in statements:
        statement["Sid"] = f"Holdfast{right.capitalize()}{statement['Sid']}"
    document = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(document, separators=(",", ":"))


def _statements(right: Right, place: Place) -> list[Statement]:
    level = RIGHTS.index(right)
    statements = [*_listing(place), _objects(right, place), *_locks(right, place)]
    if right == "writer":
        statements += _deleting(place)
    statements += _table(level, place) + _key(level, place) + _own(level, place)
    if level >= _OPERATOR:
        statements.append(_allow("Settings", _named("s3", _SETTINGS), place.bucket_arn))
    return statements


def _outputs(place: Place) -> list[Statement]:
    """Allow what `terraform_remote_state` needs; a workspace it finds by listing them all."""
    statements = [_allow("States", "holdfast:GetOutputs", _arns(place))]
    if place.workspaces and place.prefix:
        listing = _allow("List", "s3:ListBucket", place.bucket_arn)
        listing["Condition"] = {"StringEquals": {"s3:prefix": f"{WORKSPACE_KEY_PREFIX}/"}}
        statements.append(listing)
    return statements


def right_of(document: str) -> Right | None:
    """Return the right that a ready policy gives; None if it is not one."""
    found = _SID.search(document)
    return next((right for right in RIGHTS if found and right == found[1].lower()), None)


def _listing(place: Place) -> list[Statement]:
    """Allow to list what is in the place, and to see that something in it is not there.

    S3 compares `s3:prefix` with the key where an object that is not there is asked for.
    """
    actions = ["s3:ListBucket", "s3:ListBucketVersions"]
    listing = _allow("List", actions, place.bucket_arn)
    if place.prefix:
        prefixes = [*place.key_patterns]
        prefixes += [f"{WORKSPACE_KEY_PREFIX}/"] if place.workspaces else []
        listing["Condition"] = {"StringLike": {"s3:prefix": prefixes}}
    return [listing]


def _objects(right: Right, place: Place) -> Statement:
    if right == "administrator":
        return _allow("States", "s3:*", _arns(place))
    actions = ["GetObject", "GetObjectVersion"]
    if right != "reader":
        actions += ["PutObject", "AbortMultipartUpload"]
    if right == "operator":
        actions += ["GetObjectTagging", "DeleteObject", "DeleteObjectVersion"]
    return _allow("States", _named("s3", actions), _arns(place))


def _locks(right: Right, place: Place) -> list[Statement]:
    """Allow a writer to release lock files; operators and administrators may delete everything."""
    if right != "writer":
        return []
    files = [f"{arn}{LOCK_FILE_SUFFIX}" for arn in _arns(place)]
    return [_allow("Unlock", "s3:DeleteObject", files)]


def _deleting(place: Place) -> list[Statement]:
    """Allow to delete workspaces, as `terraform workspace delete` does."""
    if not place.workspaces:
        return []
    inside = f"{WORKSPACE_KEY_PREFIX}/*/{literally(place.prefix)}*"
    return [_allow("Workspaces", "s3:DeleteObject", f"{place.bucket_arn}/{inside}")]


def _table(level: int, place: Place) -> list[Statement]:
    if place.table_arn is None:
        return []
    names = ["GetItem"] if level == _READER else ["GetItem", "PutItem", "DeleteItem"]
    if RIGHTS[level] == "administrator":
        names += ["UpdateItem", "Query"]
    items = _allow("Locks", _named("dynamodb", names), place.table_arn)
    ids = [f"{place.bucket}/{pattern}" for pattern in place.key_patterns]
    items["Condition"] = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ids}}
    if level < _OPERATOR:
        return [items]
    return [items, _allow("Table", _named("dynamodb", _TABLE_SETTINGS), place.table_arn)]


def _key(level: int, place: Place) -> list[Statement]:
    if place.key is None:
        return []
    names = ["Decrypt"] if level == _READER else ["Decrypt", "GenerateDataKey"]
    if level >= _OPERATOR:
        names += _KEY_SETTINGS
    return [_allow("Key", _named("kms", names), place.key)]


def _own(level: int, place: Place) -> list[Statement]:
    """Allow what only a server of holdfast has: its journal, its rules, leave to go against one."""
    if place.is_aws:
        return []
    names = ["GetStateRules", "GetLockRelease", "List*"]
    if level >= _OPERATOR:
        names += ["PutOverride", "DeleteOverride"]
    names = ["*"] if RIGHTS[level] == "administrator" else names
    # What is about a bucket as a whole names the bucket itself.
    arns = _arns(place) if place.prefix else [place.bucket_arn, *_arns(place)]
    return [_allow("Server", _named("holdfast", names), arns), *_refused(place)]


def _refused(place: Place) -> list[Statement]:
    """Allow to read what was refused of the place's own states, which the server keeps aside."""
    bucket_arn = f"arn:{place.partition}:s3:::{REFUSED_BUCKET}"
    inside = [f"{place.bucket}/{pattern}" for pattern in place.key_patterns]
    listing = _allow("RefusedList", "s3:ListBucket", bucket_arn)
    listing["Condition"] = {"StringLike": {"s3:prefix": inside}}
    bodies = [f"{bucket_arn}/{pattern}" for pattern in inside]
    return [listing, _allow("Refused", "s3:GetObject", bodies)]


def _arns(place: Place) -> list[str]:
    return [f"{place.bucket_arn}/{pattern}" for pattern in place.key_patterns]


def _named(service: str, names: Sequence[str]) -> list[str]:
    return [f"{service}:{name}" for name in names]


def _allow(sid: str, actions: str | list[str], resources: str | list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}

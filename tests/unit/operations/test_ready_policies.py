"""What ready policies allow, decided by the server's own evaluator."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.client.connect import Connection
from holdfast.client.settings import BackendSettings
from holdfast.operations.identities.grants import grant
from holdfast.operations.identities.places import Place, folder, literally
from holdfast.operations.identities.ready import RIGHTS, Right, ready_policy, right_of
from holdfast.operations.identities.refusals import Refused
from holdfast.server.access.policies.document import parse
from holdfast.server.access.policies.evaluate import Attached, Policies, Question, decide
from holdfast.server.access.policies.principals import Principal

ACCOUNT = "123456789012"
BUCKET = "arn:aws:s3:::states"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/locks"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/3f1b6a52-5d2c-4f3e-9a55-0d5f1f7e9c01"
ADA = Principal(ACCOUNT, frozenset({f"arn:aws:iam::{ACCOUNT}:user/ada"}))
STATE = "staging/app/terraform.tfstate"
WORKSPACE = f"env:/dev/{STATE}"
OTHER = "production/app/terraform.tfstate"


def _place(prefix: str = "staging/", **more: Any) -> Place:
    given = {"table": "locks", "region": "us-east-1", "account": ACCOUNT, "key": KEY, **more}
    return Place("states", prefix, **given)


def _allows(document: str, action: str, resource: str, **values: str) -> bool:
    policies = Policies(identity=(Attached("ready", parse(document, "identity")),))
    known = {name.replace("_", ":"): (value,) for name, value in values.items()}
    return decide(policies, Question(action, resource, ADA, known)).allowed


def _rights(place: Place, action: str, resource: str, **values: str) -> set[str]:
    """Return the rights that allow something."""
    return {
        right for right in RIGHTS if _allows(ready_policy(right, place), action, resource, **values)
    }


ALL = set(RIGHTS) - {"outputs"}
WRITING = ALL - {"reader"}
DELETING = {"operator", "administrator"}


@pytest.mark.parametrize(
    ("action", "key", "who"),
    [
        ("s3:GetObject", STATE, ALL),
        ("s3:GetObjectVersion", STATE, ALL),
        ("s3:GetObject", f"{STATE}.tflock", ALL),
        ("s3:PutObject", STATE, WRITING),
        ("s3:PutObject", f"{STATE}.tflock", WRITING),
        ("s3:AbortMultipartUpload", STATE, WRITING),
        ("s3:DeleteObject", f"{STATE}.tflock", WRITING),
        ("s3:DeleteObject", STATE, DELETING),
        ("s3:DeleteObjectVersion", STATE, DELETING),
        ("s3:PutObjectTagging", STATE, {"administrator"}),
        *(
            (f"s3:{action}", key, set[str]())
            for action in ("GetObject", "PutObject", "DeleteObject", "GetObjectVersion")
            for key in (OTHER, f"{OTHER}.tflock", WORKSPACE, "staging.tfstate", "staging2/x")
        ),
    ],
)
def test_objects(action: str, key: str, who: set[str]) -> None:
    """Each right does what it is for, and nothing outside of its folder."""
    assert _rights(_place(), action, f"{BUCKET}/{key}") == who


@pytest.mark.parametrize(
    ("prefix", "who"),
    [
        ("staging/", ALL),
        (STATE, ALL),
        ("staging", set[str]()),
        ("", set[str]()),
        ("env:/", set[str]()),
        (OTHER, set[str]()),
    ],
)
@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:ListBucketVersions"])
def test_listing(action: str, prefix: str, who: set[str]) -> None:
    """Only the folder can be listed; a listing of everything cannot."""
    assert _rights(_place(), action, BUCKET, s3_prefix=prefix) == who
    assert _rights(_place(), action, BUCKET) == set()


@pytest.mark.parametrize(
    ("action", "lock_id", "who"),
    [
        ("dynamodb:GetItem", f"states/{STATE}", ALL),
        ("dynamodb:GetItem", f"states/{STATE}-md5", ALL),
        ("dynamodb:PutItem", f"states/{STATE}", WRITING),
        ("dynamodb:DeleteItem", f"states/{STATE}-md5", WRITING),
        ("dynamodb:GetItem", f"states/{OTHER}", set[str]()),
        ("dynamodb:PutItem", f"other/{STATE}", set[str]()),
        ("dynamodb:Scan", f"states/{STATE}", set[str]()),
    ],
)
def test_lock_items(action: str, lock_id: str, who: set[str]) -> None:
    """Items of the folder's states, one at a time; all of the table is nobody's."""
    assert _rights(_place(), action, TABLE, dynamodb_leadingkeys=lock_id) == who


@pytest.mark.parametrize(
    ("action", "resource", "who"),
    [
        ("kms:Decrypt", KEY, ALL),
        ("kms:GenerateDataKey", KEY, WRITING),
        ("kms:DescribeKey", KEY, DELETING),
        ("kms:ScheduleKeyDeletion", KEY, set[str]()),
        ("s3:GetBucketVersioning", BUCKET, DELETING),
        ("s3:PutBucketPolicy", BUCKET, set[str]()),
        ("s3:DeleteBucket", BUCKET, set[str]()),
        ("dynamodb:DescribeTable", TABLE, DELETING),
        ("dynamodb:DeleteTable", TABLE, set[str]()),
        ("s3:ListAllMyBuckets", "*", set[str]()),
        ("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/ada", set[str]()),
        ("holdfast:PutOverride", f"{BUCKET}/{STATE}", set[str]()),
    ],
)
def test_what_is_around_the_states(action: str, resource: str, who: set[str]) -> None:
    """Settings are read by those who operate; nobody changes them, or rights, by a ready policy."""
    assert _rights(_place(), action, resource) == who


def test_a_whole_bucket_is_listed_by_its_own_name() -> None:
    """By who may do so for all of its states; a prefix does not do."""
    whole, part = _place("", is_aws=False), _place(is_aws=False)
    for action in ("holdfast:ListLocks", "holdfast:GetLockRelease"):
        assert _rights(whole, action, BUCKET) == ALL
        assert _rights(part, action, BUCKET) == set()
    assert _rights(whole, "holdfast:PutLockRelease", BUCKET) == {"administrator"}


def test_what_only_our_server_has() -> None:
    """Readers see the journal of their states, operators give leave, administrators set rules."""
    place = _place(is_aws=False)
    resource = f"{BUCKET}/{STATE}"
    assert _rights(place, "holdfast:ListJournal", resource) == ALL
    assert _rights(place, "holdfast:PutOverride", resource) == DELETING
    refused = "arn:aws:s3:::holdfast-refused"
    assert _rights(place, "s3:GetObject", f"{refused}/states/{STATE}/20260131T1-AB") == ALL
    assert _rights(place, "s3:GetObject", f"{refused}/states/{OTHER}/20260131T1-AB") == set()
    assert _rights(place, "s3:ListBucket", refused, s3_prefix=f"states/{STATE}/") == ALL
    assert _rights(place, "s3:ListBucket", refused, s3_prefix="states/") == set()
    assert _rights(place, "s3:PutObject", f"{refused}/states/{STATE}/20260131T1-AB") == set()
    assert _rights(place, "holdfast:PutStateRules", resource) == {"administrator"}
    assert _rights(place, "holdfast:ListJournal", "*") == set()


def test_outputs_and_nothing_else() -> None:
    """Who may read outputs has one action, and lists workspaces only where they are meant."""
    place = _place(is_aws=False)
    assert _rights(place, "holdfast:GetOutputs", f"{BUCKET}/{STATE}") == {
        "outputs",
        "administrator",
    }
    assert _rights(place, "holdfast:GetOutputs", f"{BUCKET}/{OTHER}") == set()
    assert "s3:" not in ready_policy("outputs", place).replace("arn:aws:s3:", "")
    spaces = ready_policy("outputs", _place(is_aws=False, workspaces=True))
    assert _allows(spaces, "holdfast:GetOutputs", f"{BUCKET}/{WORKSPACE}")
    assert _allows(spaces, "s3:ListBucket", BUCKET, s3_prefix="env:/")
    assert not _allows(spaces, "s3:ListBucket", BUCKET, s3_prefix="staging/")


def test_outputs_are_not_granted_on_aws() -> None:
    """It would be a policy that allows nothing."""
    with pytest.raises(Refused, match="AWS has no right"):
        grant(Connection(BackendSettings("states")), "user", "ada", "outputs", _place())


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_workspaces(action: str) -> None:
    """With workspaces a writer may also delete them, but not the default one."""
    place = _place(workspaces=True)
    inside = {"s3:GetObject": ALL, "s3:PutObject": WRITING, "s3:DeleteObject": WRITING}[action]
    assert _rights(place, action, f"{BUCKET}/{WORKSPACE}") == inside
    assert _rights(place, action, f"{BUCKET}/env:/dev/{OTHER}") == set()
    if action == "s3:DeleteObject":
        assert _rights(place, action, f"{BUCKET}/{STATE}") == DELETING


def test_locks_and_lists_of_workspaces() -> None:
    """Terraform lists `env:/` to know which there are, and locks each under its own name."""
    place = _place(workspaces=True)
    assert _rights(place, "s3:ListBucket", BUCKET, s3_prefix="env:/") == set(RIGHTS)
    assert _rights(place, "s3:ListBucket", BUCKET, s3_prefix=WORKSPACE) == ALL
    lock = f"states/{WORKSPACE}-md5"
    assert _rights(place, "dynamodb:PutItem", TABLE, dynamodb_leadingkeys=lock) == WRITING
    other = f"states/env:/dev/{OTHER}"
    assert _rights(place, "dynamodb:PutItem", TABLE, dynamodb_leadingkeys=other) == set()


def test_a_whole_bucket() -> None:
    """Without a folder everything in the bucket is meant, and can be listed; other buckets are not."""
    place = _place("")
    assert _rights(place, "s3:GetObject", f"{BUCKET}/{OTHER}") == ALL
    assert _rights(place, "s3:ListBucket", BUCKET) == ALL
    assert _rights(place, "s3:GetObject", f"arn:aws:s3:::states-of-others/{STATE}") == set()
    lock = "states/anything"
    assert _rights(place, "dynamodb:PutItem", TABLE, dynamodb_leadingkeys=lock) == WRITING


def test_without_table_and_key() -> None:
    """What a backend has not got is not allowed."""
    document = ready_policy("administrator", _place(table=None, key=None))
    assert "dynamodb:" not in document
    assert "kms:" not in document


_PREFIXES = st.text('aä€*?${}/.%"\\', min_size=1, max_size=8).map(lambda text: f"x{text}/")


@given(_PREFIXES, st.text('aäx€*?${}/.%"\\', max_size=12))
def test_a_prefix_means_itself(prefix: str, key: str) -> None:
    """Whatever characters it has: none of them is a wildcard or a variable."""
    document = ready_policy("writer", _place(prefix))
    assert _allows(document, "s3:PutObject", f"{BUCKET}/{prefix}{key}")
    assert _allows(document, "s3:PutObject", f"{BUCKET}/{key}") is key.startswith(prefix)


@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_is_known_by_its_policy(right: Right) -> None:
    """And a policy that is not ready is none."""
    assert right_of(ready_policy(right, _place())) == right
    assert right_of(ready_policy(right, _place()).replace("Holdfast", "My")) is None


@pytest.mark.parametrize("right", RIGHTS)
def test_a_ready_policy_fits_into_a_user_of_aws(right: Right) -> None:
    """AWS lets a user have 2048 characters."""
    document = ready_policy(right, _place("team/one/", workspaces=True))
    assert len(document) <= 2048
    assert json.loads(document)["Version"] == "2012-10-17"


def test_names_of_policies() -> None:
    """The same for all rights to a place, another for another place, and always a name."""
    names = {
        Place(bucket, prefix).policy_name
        for bucket in ("states", "states.x")
        for prefix in ("", "x/", "x.y/", "x/y/", "ä/", "z" * 300 + "/")
    }
    assert len(names) == 12
    assert all(len(name) <= 128 and name.isascii() for name in names)


def test_folders() -> None:
    """`prod` is not `production`."""
    assert folder("prod") == folder("prod/") == "prod/"
    assert folder("") == ""
    assert literally("a*$?") == "a${*}${$}${?}"
    with pytest.raises(Refused):
        folder("/prod")

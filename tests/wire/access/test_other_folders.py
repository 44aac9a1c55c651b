"""Every served operation, asked about another folder by who has a ready right to one: nothing is told.

Each request is made twice: about what is there, and about what is not. The answers are the same.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from furnished import KNOWN, Furnished, bytes_of, furnished_server
from holdfast.aws.http import Response
from holdfast.aws.models import SERVED, service
from holdfast.operations.identities.places import Place
from holdfast.operations.identities.ready import RIGHTS, Right, ready_policy
from holdfast.server.access.identity_actions import UNASKED
from in_process import ACCOUNT, REGION
from lockers import document
from mutated_requests import Mutator
from raw_http import Signer
from somebody import Somebody, allow

EXAMPLES = int(os.environ.get("HOLDFAST_FUZZ_EXAMPLES", "3"))  # for each operation and right
SEED = os.environ.get("HOLDFAST_FUZZ_SEED", "holdfast")
BUCKET, TABLE = "bucket-one", "table"
STATE = b'{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"l","resources":[]}'
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
# What is different in every answer.
_PASSING = re.compile(r'<(RequestId|HostId)>[^<]*|"request_id": "[^"]*"')
_PASSING_HEADERS = ("x-amz-request-id", "x-amz-id-2", "x-amzn-requestid", "x-amz-crc32")
# What these rights allow of the bucket and the table as a whole.
_WHOLE = re.compile(r"Describe\w+|ListTagsOfResource|GetBucket\w+|GetPublicAccessBlock")
PLACE = Place(BUCKET, "staging/", table=TABLE, region=REGION, account=ACCOUNT, is_aws=False)

Names = Mapping[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Furnished, Names, Names]]:
    """A server with a state, a key, a user and a role of others; their names, and those of none."""
    with furnished_server(tmp_path_factory.mktemp("world")) as made:
        made.furnish()
        s3: Any = made.aws.s3
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        version = s3.put_object(Bucket=BUCKET, Key="production/app", Body=STATE)["VersionId"]
        s3.put_object(Bucket=BUCKET, Key="production/app.tflock", Body=document("boss@host"))
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="production/app")["UploadId"]
        boss = {"AWS": Somebody(made.aws, "boss", allow("s3:*")).arn}
        trusting = {"Effect": "Allow", "Principal": boss, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusting]})
        made.aws.iam.create_role(RoleName="jobs", AssumeRolePolicyDocument=trust)
        key_id = made.known["KeyIdType"][0]
        there = {"state": "production/app", "user": "boss", "role": "jobs", "alias": "alias/one"}
        none = {"state": "production/pap", "user": "sobs", "role": "sobj", "alias": "alias/eno"}
        there |= {"version": version, "upload": upload, "key": key_id}
        none |= {"version": "z" * len(version), "upload": "0" * len(upload)}
        none["key"] = "0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"
        yield made, there, none


def known(names: Names) -> dict[str, tuple[Any, ...]]:
    """Return what requests are made of, by member and shape."""
    lock = {"LockID": {"S": f"{BUCKET}/{names['state']}"}}
    return {
        **KNOWN,
        "Bucket": (BUCKET,),
        "ObjectKey": (names["state"],),
        "StateKey": (names["state"],),
        "Prefix": (names["state"], "production/"),
        "CopySource": (f"{BUCKET}/{names['state']}",),
        "VersionId": (names["version"],),
        "ObjectVersionId": (names["version"],),
        "UploadId": (names["upload"],),
        "MultipartUploadId": (names["upload"],),
        "TableName": (TABLE,),
        "TableArn": (TABLE,),
        "Key": (lock,),
        "PutItemInputAttributeMap": (lock,),
        "BatchGetRequestMap": ({TABLE: {"Keys": [lock]}},),
        "ExpressionAttributeValues": ({":v": lock["LockID"]},),
        "KeyExpression": ("LockID = :v",),
        "KeyIdType": (names["key"], names["alias"], names["alias"]),
        "AliasNameType": (names["alias"],),
        "existingUserNameType": (names["user"],),
        "userNameType": (names["user"],),
        "roleNameType": (names["role"],),
        "arnType": (ROLE + names["role"],),
        "roleArnType": (ROLE + names["role"],),
    }


def told(response: Response, names: Names) -> tuple[int, str, list[tuple[str, str]]]:
    """Return what an answer says, with the same words for what it was asked about."""
    text = bytes_of(response).decode("latin-1")
    for what, name in names.items():
        text = text.replace(name, f"({what})")
    headers = [(name.lower(), value) for name, value in response.headers]
    kept = sorted(one for one in headers if one[0] not in (*_PASSING_HEADERS, "content-length"))
    return response.status, _PASSING.sub("", text), kept


@pytest.mark.parametrize("name", sorted(SERVED))
@pytest.mark.parametrize("right", RIGHTS)
def test_another_folder_is_as_good_as_none(
    world: tuple[Furnished, Names, Names], right: Right, name: str
) -> None:
    """Nothing is done there, and the answers do not say whether there is anything."""
    made, there, none = world
    user = Somebody(made.aws, f"{right}-{name}")
    policy = ready_policy(right, PLACE)
    made.aws.iam.put_user_policy(UserName=user.name, PolicyName="ready", PolicyDocument=policy)
    signer = Signer("127.0.0.1:8270", user.key.access_key_id, user.key.secret, REGION)
    model = service(name)
    for operation in sorted(SERVED[name] - UNASKED - {"DescribeEndpoints"}):
        seed = f"{SEED} {right} {operation}"
        both = [Mutator(model, known(names), seed, chance=0.0) for names in (there, none)]
        for _ in range(EXAMPLES):
            wires = [each.request(model.operations[operation]) for each in both]
            answers = [made.send(wire, signer) for wire in wires]
            assert told(answers[0], there) == told(answers[1], none), wires
            assert answers[0].status >= 400 or _WHOLE.fullmatch(operation), wires

"""Who may read the outputs of a state only."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws
from lockers import LOCK_FILE, Locker, prepare
from somebody import Somebody, allow

BUCKET = "states"
KEY = "network/terraform.tfstate"
RIGHT = allow("holdfast:GetOutputs", f"arn:aws:s3:::{BUCKET}/network/*")
Make = Callable[..., Somebody]

STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 7,
    "lineage": "of-the-network",
    "outputs": {"vpc": {"value": "vpc-1", "type": "string"}},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_db_instance",
            "name": "it",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": 1, "attributes": {"password": "not-for-readers"}}],
        }
    ],
    "check_results": [{"object_kind": "resource"}],
}


@pytest.fixture
def reader(place: Aws, somebody: Make) -> Any:
    """The S3 of somebody with that right and no other."""
    place.s3.put_object(Bucket=BUCKET, Key=KEY, Body=json.dumps(STATE, indent=2).encode())
    return somebody(RIGHT).client("s3")


def test_the_outputs_are_all_that_is_read(reader: Any) -> None:
    """With what Terraform needs around them, and no resource."""
    found = json.loads(reader.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    assert found == {**STATE, "resources": [], "check_results": None}


def test_head_and_ranges_are_of_what_is_read(reader: Any) -> None:
    """Terraform asks for the length first, and then for a range."""
    head = reader.head_object(Bucket=BUCKET, Key=KEY)
    whole = reader.get_object(Bucket=BUCKET, Key=KEY)
    part = reader.get_object(Bucket=BUCKET, Key=KEY, Range="bytes=0-5242879")
    body = whole["Body"].read()
    assert head["ContentLength"] == whole["ContentLength"] == len(body)
    assert head["ETag"] == whole["ETag"] == part["ETag"]
    assert part["Body"].read() == body
    assert part["ContentRange"] == f"bytes 0-{len(body) - 1}/{len(body)}"


def test_a_new_version_is_read_at_once(place: Aws, reader: Any) -> None:
    """What was reduced before is of the version before."""
    reader.get_object(Bucket=BUCKET, Key=KEY)
    outputs = {"vpc": {"value": "vpc-2", "type": "string"}}
    after = {**STATE, "serial": 8, "outputs": outputs}
    place.s3.put_object(Bucket=BUCKET, Key=KEY, Body=json.dumps(after).encode())
    found = json.loads(reader.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    assert found["outputs"] == outputs


def test_older_versions_are_not_read(place: Aws, reader: Any) -> None:
    """The right is to what is current."""
    version = place.s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"]
    with refused("AccessDenied"):
        reader.get_object(Bucket=BUCKET, Key=KEY, VersionId=version)


def test_nothing_else_is_allowed(reader: Any) -> None:
    """Neither writing it, nor listing, nor what is elsewhere."""
    with refused("AccessDenied"):
        reader.put_object(Bucket=BUCKET, Key=KEY, Body=b"{}")
    with refused("AccessDenied"):
        reader.list_objects_v2(Bucket=BUCKET, Prefix="network/")
    with refused("AccessDenied"):
        reader.get_object(Bucket=BUCKET, Key="production/app")


@pytest.mark.parametrize(
    "body",
    [
        b"no state at all",
        json.dumps({"version": 3, "serial": 1, "lineage": "old", "modules": []}).encode(),
        json.dumps({"encryption_version": "v0", "serial": 1, "encrypted_data": "eA=="}).encode(),
    ],
    ids=["other", "version-3", "encrypted"],
)
def test_what_cannot_be_reduced_is_not_read(place: Aws, reader: Any, body: bytes) -> None:
    """It is refused, with the reason."""
    place.s3.put_object(Bucket=BUCKET, Key="network/other", Body=body)
    with refused("AccessDenied", "outputs only"):
        reader.get_object(Bucket=BUCKET, Key="network/other")


@pytest.mark.parametrize("mode", ["lockfile", "dynamodb"])
def test_a_lock_is_no_output(aws: Aws, mode: str) -> None:
    """Neither where it was taken, nor where the server shows one that was taken elsewhere."""
    prepare(aws)
    Locker(aws, mode).lock()
    s3 = Somebody(aws, "ada", allow("holdfast:GetOutputs")).client("s3")
    with refused("AccessDenied"):
        s3.get_object(Bucket=BUCKET, Key=LOCK_FILE)
    with refused("403"):
        s3.head_object(Bucket=BUCKET, Key=LOCK_FILE)


def test_who_may_read_all_reads_all(place: Aws, somebody: Make, reader: Any) -> None:
    """The larger right counts."""
    both = somebody(RIGHT, allow("s3:GetObject"), name="bob").client("s3")
    whole = place.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    assert both.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == whole
    assert reader.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() != whole

"""ListKeys."""

import pytest

from aws_refusals import refused
from in_process import Aws
from kms_clients import unchecked


def test_no_keys_at_first(aws: Aws) -> None:
    """A new server has no keys of its own making."""
    listed = aws.kms.list_keys()
    assert listed["Keys"] == []
    assert listed["Truncated"] is False


def test_pages_list_every_key_once(aws: Aws) -> None:
    """Markers lead through all keys."""
    made = {aws.kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
    pages = list(aws.kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    listed = [entry["KeyId"] for page in pages for entry in page["Keys"]]
    assert [len(page["Keys"]) for page in pages] == [2, 2, 1]
    assert len(listed) == 5
    assert set(listed) == made


def test_entry_has_id_and_arn(aws: Aws, key: str) -> None:
    """A listed key is its id and its ARN."""
    arn = f"arn:aws:kms:us-east-1:123456789012:key/{key}"
    assert aws.kms.list_keys()["Keys"] == [{"KeyId": key, "KeyArn": arn}]


@pytest.mark.parametrize("limit", [0, 1001])
def test_limit_is_checked(aws: Aws, limit: int) -> None:
    """A page has 1 to 1000 keys."""
    with refused("ValidationException", "at 'limit' failed to satisfy constraint"):
        unchecked(aws).list_keys(Limit=limit)


def test_foreign_marker_is_refused(aws: Aws) -> None:
    """A marker that we never gave is an InvalidMarkerException."""
    with refused("InvalidMarkerException"):
        aws.kms.list_keys(Marker="not ours")

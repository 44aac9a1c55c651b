"""ListObjectsV2 over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def fill(s3: "S3Client", bucket: str, *keys: str) -> None:
    """Put an empty object under each key."""
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")


def test_order_is_of_utf8_bytes(s3: "S3Client", bucket: str) -> None:
    """Not of UTF-16 units and not of any language."""
    keys = ["Z", "a", "a ", "a+", "é", "\ue000", "\U0001f512"]
    fill(s3, bucket, *reversed(keys))
    found = s3.list_objects_v2(Bucket=bucket)
    assert [one["Key"] for one in found["Contents"]] == keys
    assert found["KeyCount"] == len(keys)


def test_workspaces_of_terraform(s3: "S3Client", bucket: str) -> None:
    """Its listing: a prefix with a colon, no delimiter."""
    fill(s3, bucket, "app.tfstate", "env:/dev/app.tfstate", "env:/prod/app.tfstate")
    found = s3.list_objects_v2(Bucket=bucket, Prefix="env:/", MaxKeys=1000)
    assert [one["Key"] for one in found["Contents"]] == [
        "env:/dev/app.tfstate",
        "env:/prod/app.tfstate",
    ]


def test_pages_by_token(s3: "S3Client", bucket: str) -> None:
    """The token goes on where the page ended, also within common prefixes."""
    fill(s3, bucket, "a/1", "a/2", "b/1", "c", "d/1")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    seen: list[str] = []
    for page in pages:
        seen += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        seen += [one["Key"] for one in page.get("Contents", [])]
        assert page["KeyCount"] == 1
    assert seen == ["a/", "b/", "c", "d/"]


def test_start_after_and_fetch_owner(s3: "S3Client", bucket: str) -> None:
    """The owner is told only on request."""
    fill(s3, bucket, "a", "b", "c")
    found = s3.list_objects_v2(Bucket=bucket, StartAfter="a", FetchOwner=True)
    assert [one["Key"] for one in found["Contents"]] == ["b", "c"]
    assert found["StartAfter"] == "a"
    assert "ID" in found["Contents"][0]["Owner"]
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]


def test_deleted_objects_are_not_listed(s3: "S3Client", bucket: str) -> None:
    """Neither they nor a prefix that has only such."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    fill(s3, bucket, "a/1", "b")
    s3.delete_object(Bucket=bucket, Key="a/1")
    found = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [one["Key"] for one in found["Contents"]] == ["b"]
    assert "CommonPrefixes" not in found


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_max_keys(s3: "S3Client", bucket: str, size: int) -> None:
    """Zero gives nothing and says there is no more."""
    fill(s3, bucket, "a", "b")
    found = s3.list_objects_v2(Bucket=bucket, MaxKeys=size)
    assert len(found.get("Contents", [])) == min(size, 2)
    assert found["IsTruncated"] is (size == 1)


def test_raw_names_are_url_encoded(aws: Any, s3: "S3Client", bucket: str) -> None:
    """With encoding-type=url, as boto3 asks; characters that XML cannot say survive."""
    fill(s3, bucket, "a b+c/\x01&<é")
    found = s3.list_objects_v2(Bucket=bucket, Prefix="a b")
    assert found["EncodingType"] == "url"
    assert found["Contents"][0]["Key"] == "a b+c/\x01&<é"
    assert found["Prefix"] == "a b"


def test_bad_arguments(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Each names its argument."""
    error = refused(s3.list_objects_v2, Bucket=bucket, MaxKeys=-1)
    assert (error["code"], error["ArgumentName"]) == ("InvalidArgument", "maxKeys")
    error = refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="???")
    assert error["message"] == "The continuation token provided is incorrect"

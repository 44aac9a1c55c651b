"""ListObjects over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def fill(s3: "S3Client", bucket: str, *keys: str) -> None:
    """Put an empty object under each key."""
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")


def test_delimiter_and_next_marker(s3: "S3Client", bucket: str) -> None:
    """Common prefixes count as entries, and the next marker goes on after one."""
    fill(s3, bucket, "a/1", "a/2", "b", "c/1", "d")
    first = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=1)
    assert first["CommonPrefixes"] == [{"Prefix": "a/"}]
    assert (first["IsTruncated"], first["NextMarker"]) == (True, "a/")
    second = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2, Marker="a/")
    assert [one["Key"] for one in second["Contents"]] == ["b"]
    assert second["CommonPrefixes"] == [{"Prefix": "c/"}]
    third = s3.list_objects(Bucket=bucket, Delimiter="/", Marker=second["NextMarker"])
    assert [one["Key"] for one in third["Contents"]] == ["d"]
    assert third["IsTruncated"] is False


def test_marker_without_a_delimiter(s3: "S3Client", bucket: str) -> None:
    """The last key is the marker, and AWS does not repeat it."""
    fill(s3, bucket, "a", "b", "c")
    first = s3.list_objects(Bucket=bucket, MaxKeys=2)
    assert "NextMarker" not in set(first)
    rest = s3.list_objects(Bucket=bucket, Marker="b")
    assert [one["Key"] for one in rest["Contents"]] == ["c"]
    assert rest["Contents"][0]["Owner"]["ID"]


def test_paginator_sees_every_key_once(s3: "S3Client", bucket: str) -> None:
    """As clients walk it."""
    keys = [f"k{number:02}" for number in range(25)]
    fill(s3, bucket, *keys)
    pages = s3.get_paginator("list_objects").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 4}
    )
    assert [one["Key"] for page in pages for one in page["Contents"]] == keys


def test_no_bucket(s3: "S3Client", refused: Refused) -> None:
    """A 404."""
    assert refused(s3.list_objects, Bucket="nowhere")["code"] == "NoSuchBucket"

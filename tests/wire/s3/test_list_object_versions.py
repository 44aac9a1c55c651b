"""ListObjectVersions over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def enable(s3: "S3Client", bucket: str) -> None:
    """Turn versioning on."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def test_newest_first_and_latest_flagged(s3: "S3Client", bucket: str) -> None:
    """Versions and delete markers of all keys."""
    enable(s3, bucket)
    ids = [s3.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"] for _ in range(3)]
    s3.put_object(Bucket=bucket, Key="b", Body=b"")
    marker = s3.delete_object(Bucket=bucket, Key="b")["VersionId"]
    found = s3.list_object_versions(Bucket=bucket)
    of_a = [one for one in found["Versions"] if one["Key"] == "a"]
    assert [one["VersionId"] for one in of_a] == ids[::-1]
    assert [one["IsLatest"] for one in of_a] == [True, False, False]
    assert [(one["VersionId"], one["IsLatest"]) for one in found["DeleteMarkers"]] == [
        (marker, True)
    ]
    assert found["Versions"][-1]["IsLatest"] is False


def test_every_page_size_sees_everything(s3: "S3Client", bucket: str) -> None:
    """The two markers go on in the middle of a key."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"null")
    enable(s3, bucket)
    for key in ("a", "a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    s3.delete_object(Bucket=bucket, Key="b")
    whole: Any = s3.list_object_versions(Bucket=bucket)
    expected = {
        (one["Key"], one["VersionId"], one["IsLatest"])
        for one in whole["Versions"] + whole["DeleteMarkers"]
    }
    assert len(expected) == 5
    for size in (1, 2, 3, 4):
        seen = []
        pages: Any = s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": size}
        )
        for page in pages:
            entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
            seen += [(one["Key"], one["VersionId"], one["IsLatest"]) for one in entries]
        assert sorted(seen) == sorted(expected)


def test_prefix_and_delimiter(s3: "S3Client", bucket: str) -> None:
    """As in the other listings."""
    enable(s3, bucket)
    for key in ("x/a/1", "x/a/2", "x/b", "y"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    found = s3.list_object_versions(Bucket=bucket, Prefix="x/", Delimiter="/")
    assert [one["Key"] for one in found["Versions"]] == ["x/b"]
    assert found["CommonPrefixes"] == [{"Prefix": "x/a/"}]


def test_bucket_without_versioning_has_null_versions(s3: "S3Client", bucket: str) -> None:
    """Every object has the id null."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    found = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(one["VersionId"], one["IsLatest"]) for one in found] == [("null", True)]


def test_version_marker_needs_a_key_marker(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """AWS's rule."""
    error = refused(s3.list_object_versions, Bucket=bucket, VersionIdMarker="null")
    assert error["code"] == "InvalidArgument"

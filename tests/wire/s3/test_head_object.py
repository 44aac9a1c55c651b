"""HeadObject over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_head_says_what_get_would(s3: "S3Client", bucket: str) -> None:
    """Everything but the bytes."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345", Metadata={"a": "b"}, Tagging="x=y")
    found = s3.head_object(Bucket=bucket, Key="k")
    assert found["ContentLength"] == 5
    assert found["AcceptRanges"] == "bytes"
    assert found["ContentType"] == "binary/octet-stream"
    assert found["Metadata"] == {"a": "b"}
    assert found["ServerSideEncryption"] == "AES256"
    assert found["TagCount"] == 1
    assert "VersionId" not in set(found)
    assert "StorageClass" not in set(found)


def test_missing_key_is_a_404_without_a_body(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Terraform reads it as no state."""
    error = refused(s3.head_object, Bucket=bucket, Key="none")
    assert (error["code"], error["status"]) == ("404", 404)


def test_checksum_on_request(s3: "S3Client", bucket: str) -> None:
    """Only with the checksum mode."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ChecksumAlgorithm="CRC32C")
    assert "ChecksumCRC32C" not in s3.head_object(Bucket=bucket, Key="k")
    assert "ChecksumCRC32C" in s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")


def test_range_and_conditions(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """As for GetObject."""
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"12345")["ETag"]
    found = s3.head_object(Bucket=bucket, Key="k", Range="bytes=1-2")
    assert found["ContentLength"] == 2
    assert refused(s3.head_object, Bucket=bucket, Key="k", IfNoneMatch=etag)["status"] == 304
    assert refused(s3.head_object, Bucket=bucket, Key="k", IfMatch='"x"')["status"] == 412


def test_delete_marker_by_id_is_a_405(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A marker has nothing to describe."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    assert refused(s3.head_object, Bucket=bucket, Key="k", VersionId=marker)["status"] == 405
    assert refused(s3.head_object, Bucket=bucket, Key="k")["status"] == 404

"""GetObject over the wire."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]

BODY = b"0123456789"


@pytest.fixture
def key(s3: "S3Client", bucket: str) -> str:
    """The key of an object of ten bytes."""
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256")
    return "k"


@pytest.mark.parametrize(
    ("header", "expected", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", BODY, "bytes 0-9/10"),
        ("bytes=8-100", b"89", "bytes 8-9/10"),
    ],
)
def test_range(
    s3: "S3Client", bucket: str, key: str, header: str, expected: bytes, content_range: str
) -> None:
    """A range is a 206 and says which bytes it has."""
    found = s3.get_object(Bucket=bucket, Key=key, Range=header)
    assert found["Body"].read() == expected
    assert found["ContentRange"] == content_range
    assert found["ContentLength"] == len(expected)
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("header", ["bytes=0-1,3-4", "bytes=5-2", "lines=1-2", "bytes=a-b"])
def test_range_that_s3_does_not_read_gives_everything(
    s3: "S3Client", bucket: str, key: str, header: str
) -> None:
    """S3 ignores such a header."""
    found = s3.get_object(Bucket=bucket, Key=key, Range=header)
    assert found["Body"].read() == BODY
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_range_beyond_the_end(s3: "S3Client", bucket: str, key: str, refused: Refused) -> None:
    """No byte in the range is a 416 that says the size."""
    error = refused(s3.get_object, Bucket=bucket, Key=key, Range="bytes=10-")
    assert (error["code"], error["status"]) == ("InvalidRange", 416)
    assert error["ActualObjectSize"] == "10"
    assert error["RangeRequested"] == "bytes=10-"


def test_range_of_an_empty_object(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Terraform expects a 416 and takes it for no state."""
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    error = refused(s3.get_object, Bucket=bucket, Key="empty", Range="bytes=0-5242879")
    assert error["status"] == 416
    assert s3.get_object(Bucket=bucket, Key="empty")["Body"].read() == b""


def test_part_of_an_object_carries_no_checksum_of_the_whole(
    s3: "S3Client", bucket: str, key: str
) -> None:
    """A client would check it against the bytes of the part."""
    whole = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert "ChecksumSHA256" in whole
    part = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", Range="bytes=0-4")
    assert "ChecksumSHA256" not in part


def test_range_over_chunk_boundaries(s3: "S3Client", bucket: str) -> None:
    """Chunks do not show."""
    body = bytes(range(256)) * 12_288  # 3 MiB
    s3.put_object(Bucket=bucket, Key="big", Body=body)
    start, stop = (1 << 20) - 5, (2 << 20) + 5
    found = s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={start}-{stop - 1}")
    assert found["Body"].read() == body[start:stop]


def test_conditions(s3: "S3Client", bucket: str, key: str, refused: Refused) -> None:
    """304 and 412, and entity tags outrank dates."""
    found = s3.get_object(Bucket=bucket, Key=key)
    etag, modified = found["ETag"], found["LastModified"]
    later, earlier = modified + timedelta(hours=1), modified - timedelta(hours=1)

    def status(**conditions: Any) -> int:
        return int(refused(s3.get_object, Bucket=bucket, Key=key, **conditions)["status"])

    assert status(IfNoneMatch=etag) == 304
    assert status(IfModifiedSince=modified) == 304
    assert status(IfMatch='"other"') == 412
    assert status(IfUnmodifiedSince=earlier) == 412
    assert status(IfMatch=etag, IfNoneMatch=etag) == 304
    s3.get_object(Bucket=bucket, Key=key, IfMatch=etag, IfUnmodifiedSince=earlier)
    s3.get_object(Bucket=bucket, Key=key, IfNoneMatch='"other"', IfModifiedSince=later)


def test_response_overrides(s3: "S3Client", bucket: str, key: str) -> None:
    """A presigned link may say how it wants to be read."""
    found = s3.get_object(
        Bucket=bucket,
        Key=key,
        ResponseContentType="text/x-state",
        ResponseContentDisposition='attachment; filename="s"',
        ResponseCacheControl="no-cache",
        ResponseExpires=datetime(2030, 1, 1, tzinfo=UTC),
    )
    assert found["ContentType"] == "text/x-state"
    assert found["ContentDisposition"] == 'attachment; filename="s"'
    assert found["CacheControl"] == "no-cache"
    assert dict(found)["ExpiresString"] == "Tue, 01 Jan 2030 00:00:00 GMT"


def test_expires_comes_back(s3: "S3Client", bucket: str) -> None:
    """The header is kept as a date."""
    s3.put_object(Bucket=bucket, Key="e", Body=b"", Expires=datetime(2031, 2, 3, tzinfo=UTC))
    found = s3.get_object(Bucket=bucket, Key="e")
    assert dict(found)["ExpiresString"] == "Mon, 03 Feb 2031 00:00:00 GMT"


def test_missing_key(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """The error names the key."""
    error = refused(s3.get_object, Bucket=bucket, Key="none")
    assert (error["code"], error["status"], error["Key"]) == ("NoSuchKey", 404, "none")


def test_versions_and_delete_markers(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Each version is readable by its id; a marker is a 404, and a 405 by its own id."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="v", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="v", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="v")["VersionId"]
    for version, body in ((first, b"1"), (second, b"2")):
        found = s3.get_object(Bucket=bucket, Key="v", VersionId=version)
        assert found["Body"].read() == body
        assert found["VersionId"] == version
    assert refused(s3.get_object, Bucket=bucket, Key="v")["code"] == "NoSuchKey"
    error = refused(s3.get_object, Bucket=bucket, Key="v", VersionId=marker)
    assert (error["code"], error["status"]) == ("MethodNotAllowed", 405)


def test_delete_marker_is_named_in_headers(s3: "S3Client", bucket: str) -> None:
    """Clients tell a deleted object from one that never was."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="v")["VersionId"]
    with pytest.raises(s3.exceptions.NoSuchKey) as caught:
        s3.get_object(Bucket=bucket, Key="v")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true"
    assert headers["x-amz-version-id"] == marker


def test_wrong_version_ids(s3: "S3Client", bucket: str, key: str, refused: Refused) -> None:
    """One that cannot be, and one that is not."""
    error = refused(s3.get_object, Bucket=bucket, Key=key, VersionId="abc")
    assert (error["code"], error["message"]) == ("InvalidArgument", "Invalid version id specified")
    error = refused(s3.get_object, Bucket=bucket, Key=key, VersionId="A" * 32)
    assert (error["code"], error["status"]) == ("NoSuchVersion", 404)
    assert s3.get_object(Bucket=bucket, Key=key, VersionId="null")["Body"].read() == BODY


def test_part_number_of_a_whole_object(
    s3: "S3Client", bucket: str, key: str, refused: Refused
) -> None:
    """An object put whole is one part."""
    found = s3.get_object(Bucket=bucket, Key=key, PartNumber=1)
    assert found["Body"].read() == BODY
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert refused(s3.get_object, Bucket=bucket, Key=key, PartNumber=2)["status"] == 416
    error = refused(s3.get_object, Bucket=bucket, Key=key, PartNumber=1, Range="bytes=0-1")
    assert error["code"] == "InvalidRequest"


def test_range_of_all_carries_the_checksum(s3: "S3Client", bucket: str) -> None:
    """A client that reads in ranges can check what fits in the first one."""
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA256")
    about: dict[str, Any] = {"Bucket": bucket, "Key": "k", "ChecksumMode": "ENABLED"}
    found = s3.get_object(**about, Range="bytes=0-5242879")
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert found["ContentRange"] == "bytes 0-4/5"
    assert found["ChecksumSHA256"] == put["ChecksumSHA256"]
    assert "ChecksumSHA256" not in s3.get_object(**about, Range="bytes=0-3")

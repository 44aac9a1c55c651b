"""CreateMultipartUpload over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_upload_begins_and_shows_nothing(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """There is no object before it is completed."""
    answer = s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert (answer["Bucket"], answer["Key"]) == (bucket, "k")
    assert answer["ServerSideEncryption"] == "AES256"
    assert refused(s3.head_object, Bucket=bucket, Key="k")["status"] == 404


def test_ids_differ(s3: "S3Client", bucket: str) -> None:
    """Two uploads of one key are two uploads."""
    ids = {s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"] for _ in range(3)}
    assert len(ids) == 3


def test_checksum_types(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Each algorithm has the types AWS gives it."""
    create: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    answer = s3.create_multipart_upload(**create, ChecksumAlgorithm="SHA256")
    assert (answer["ChecksumAlgorithm"], answer["ChecksumType"]) == ("SHA256", "COMPOSITE")
    answer = s3.create_multipart_upload(**create, ChecksumAlgorithm="CRC64NVME")
    assert answer["ChecksumType"] == "FULL_OBJECT"
    error = refused(
        s3.create_multipart_upload,
        **create,
        ChecksumAlgorithm="SHA256",
        ChecksumType="FULL_OBJECT",
    )
    assert error["code"] == "InvalidRequest"
    error = refused(s3.create_multipart_upload, **create, ChecksumType="COMPOSITE")
    assert error["code"] == "InvalidRequest"


def test_bad_requests(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """What PutObject refuses is refused here."""
    error = refused(s3.create_multipart_upload, Bucket=bucket, Key="k" * 1025)
    assert error["code"] == "KeyTooLongError"
    error = refused(s3.create_multipart_upload, Bucket="nowhere", Key="k")
    assert error["code"] == "NoSuchBucket"

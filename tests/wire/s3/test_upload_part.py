"""UploadPart over the wire."""

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from in_process import Aws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def begin(s3: "S3Client", bucket: str, **options: Any) -> dict[str, Any]:
    """Create an upload; return the members that name it."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **options)
    return {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}


def test_part_has_the_md5_as_its_tag(s3: "S3Client", bucket: str) -> None:
    """With SSE-S3."""
    answer = s3.upload_part(**begin(s3, bucket), PartNumber=1, Body=b"abc")
    md5 = hashlib.md5(b"abc", usedforsecurity=False).hexdigest()
    assert answer["ETag"] == f'"{md5}"'


def test_part_is_replaced(s3: "S3Client", bucket: str) -> None:
    """The last one with a number counts."""
    upload = begin(s3, bucket)
    s3.upload_part(**upload, PartNumber=1, Body=b"abc")
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"defg")["ETag"]
    parts = s3.list_parts(**upload)["Parts"]
    assert [(part["ETag"], part["Size"]) for part in parts] == [(etag, 4)]


def test_unknown_upload(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A 404."""
    error = refused(s3.upload_part, Bucket=bucket, Key="k", UploadId="none", PartNumber=1, Body=b"")
    assert (error["code"], error["status"]) == ("NoSuchUpload", 404)


def test_part_numbers_end_at_ten_thousand(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """And begin at one."""
    upload = begin(s3, bucket)
    s3.upload_part(**upload, PartNumber=10_000, Body=b"")
    for number in (0, 10_001):
        error = refused(s3.upload_part, **upload, PartNumber=number, Body=b"")
        assert (error["code"], error["ArgumentName"]) == ("InvalidArgument", "partNumber")


def test_checksum_must_be_the_one_of_the_upload(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """The upload says which algorithm its parts have."""
    upload = begin(s3, bucket, ChecksumAlgorithm="SHA256")
    error = refused(s3.upload_part, **upload, PartNumber=1, Body=b"a", ChecksumAlgorithm="CRC32")
    assert error["code"] == "InvalidRequest"
    answer = s3.upload_part(**upload, PartNumber=1, Body=b"a", ChecksumAlgorithm="SHA256")
    assert answer["ChecksumSHA256"]


def test_customer_key_is_needed_for_every_part(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """The same key, each time, but not to complete."""
    key = bytes(range(32))
    md5 = hashlib.md5(key, usedforsecurity=False).digest()
    customer: dict[str, Any] = {
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": base64.b64encode(key).decode(),
        "SSECustomerKeyMD5": base64.b64encode(md5).decode(),
    }
    upload = begin(s3, bucket, **customer)
    error = refused(s3.upload_part, **upload, PartNumber=1, Body=b"abc")
    assert (error["code"], error["status"]) == ("InvalidRequest", 400)
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"abc", **customer)["ETag"]
    s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    assert s3.get_object(Bucket=bucket, Key="k", **customer)["Body"].read() == b"abc"


def test_checksum_of_a_part_is_computed_for_one_of_the_whole(aws: Aws, bucket: str) -> None:
    """A FULL_OBJECT upload needs none of the client."""
    plain = aws.client("s3", config=Config(request_checksum_calculation="when_required"))
    upload = begin(plain, bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    part = plain.upload_part(**upload, PartNumber=1, Body=b"123456789")
    known = base64.b64encode((0xCBF43926).to_bytes(4, "big")).decode()
    assert part["ChecksumCRC32"] == known
    parts: Any = [{"PartNumber": 1, "ETag": part["ETag"]}]
    done = plain.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (known, "FULL_OBJECT")


def test_composite_checksum_needs_the_parts(aws: Aws, bucket: str, refused: Refused) -> None:
    """Which the client must send."""
    plain = aws.client("s3", config=Config(request_checksum_calculation="when_required"))
    upload = begin(plain, bucket, ChecksumAlgorithm="SHA256")
    error = refused(plain.upload_part, **upload, PartNumber=1, Body=b"abc")
    assert error["code"] == "InvalidRequest"
    assert error["message"].endswith("checksum Type: sha256, actual checksum Type: null")

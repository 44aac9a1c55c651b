"""ListParts over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_parts_by_number_in_pages(s3: "S3Client", bucket: str) -> None:
    """However they arrived."""
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32")
    upload: dict[str, Any] = {"Bucket": bucket, "Key": "k", "UploadId": upload_id["UploadId"]}
    for number in (10, 2, 7):
        s3.upload_part(**upload, PartNumber=number, Body=b"x" * number)
    first = s3.list_parts(**upload, MaxParts=2)
    assert [(part["PartNumber"], part["Size"]) for part in first["Parts"]] == [(2, 2), (7, 7)]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 7)
    assert (first["ChecksumAlgorithm"], first["ChecksumType"]) == ("CRC32", "COMPOSITE")
    rest = s3.list_parts(**upload, PartNumberMarker=7)
    assert [part["PartNumber"] for part in rest["Parts"]] == [10]
    assert rest["IsTruncated"] is False


def test_unknown_upload(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A 404."""
    error = refused(s3.list_parts, Bucket=bucket, Key="k", UploadId="none")
    assert error["code"] == "NoSuchUpload"

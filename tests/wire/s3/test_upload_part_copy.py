"""UploadPartCopy over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]
SIZE = 6 * 1024 * 1024
BODY = bytes(range(256)) * (SIZE // 256)


def begin(s3: "S3Client", bucket: str, **options: Any) -> dict[str, Any]:
    """Put a source object and create an upload; return the members that name the upload."""
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **options)
    return {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}


def test_parts_of_another_object(s3: "S3Client", bucket: str) -> None:
    """Whole and by range."""
    upload, source = begin(s3, bucket, ChecksumAlgorithm="CRC32"), f"{bucket}/source"
    whole = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source)
    some = s3.upload_part_copy(
        **upload, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19"
    )
    parts: list[Any] = [
        {
            "PartNumber": number,
            "ETag": part["CopyPartResult"]["ETag"],
            "ChecksumCRC32": part["CopyPartResult"]["ChecksumCRC32"],
        }
        for number, part in ((1, whole), (2, some))
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY + BODY[10:20]


def test_wrong_ranges(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Unlike a GET's, this range must be exact."""
    copy = {**begin(s3, bucket), "PartNumber": 1, "CopySource": f"{bucket}/source"}
    for header in ("bytes=0-", "bytes=5-2", f"bytes=0-{SIZE}", "0-1"):
        error = refused(s3.upload_part_copy, **copy, CopySourceRange=header)
        assert (error["code"], error["status"]) == ("InvalidArgument", 400)


def test_missing_source(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """And a condition that does not hold."""
    upload = begin(s3, bucket)
    error = refused(s3.upload_part_copy, **upload, PartNumber=1, CopySource=f"{bucket}/none")
    assert error["code"] == "NoSuchKey"
    error = refused(
        s3.upload_part_copy,
        **upload,
        PartNumber=1,
        CopySource=f"{bucket}/source",
        CopySourceIfMatch='"other"',
    )
    assert error["status"] == 412


def test_range_that_begins_beyond_the_end(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """S3 has words of its own for it."""
    error = refused(
        s3.upload_part_copy,
        **begin(s3, bucket),
        PartNumber=1,
        CopySource=f"{bucket}/source",
        CopySourceRange=f"bytes={SIZE}-{SIZE + 1}",
    )
    assert error["code"] == "InvalidRequest"
    assert error["message"] == "The specified copy range is invalid for the source object size"

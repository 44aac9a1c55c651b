"""AbortMultipartUpload over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_aborted_upload_is_gone_with_its_parts(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Nothing of it can be used any more."""
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    upload: dict[str, Any] = {"Bucket": bucket, "Key": "k", "UploadId": upload_id}
    s3.upload_part(**upload, PartNumber=1, Body=b"abc")
    answer = s3.abort_multipart_upload(**upload)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.list_parts, **upload)["code"] == "NoSuchUpload"
    assert refused(s3.abort_multipart_upload, **upload)["code"] == "NoSuchUpload"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)

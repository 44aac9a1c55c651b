"""ListMultipartUploads over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_by_key_then_by_age(aws: Any, s3: "S3Client", bucket: str) -> None:
    """In pages of any size."""
    expected = []
    for key in ("a", "a", "b/1", "b/2"):
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key)
        expected.append((key, upload["UploadId"]))
        aws.clock.advance(1)
    for size in (1, 2, 3, 10):
        pages: Any = s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": size}
        )
        seen = [(one["Key"], one["UploadId"]) for page in pages for one in page["Uploads"]]
        assert seen == expected


def test_prefix_and_delimiter(s3: "S3Client", bucket: str) -> None:
    """As in the other listings."""
    for key in ("x/a/1", "x/b", "y"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    found = s3.list_multipart_uploads(Bucket=bucket, Prefix="x/", Delimiter="/")
    assert [one["Key"] for one in found["Uploads"]] == ["x/b"]
    assert found["CommonPrefixes"] == [{"Prefix": "x/a/"}]
    assert found["Uploads"][0]["Initiator"]["ID"].startswith("arn:aws:iam::")

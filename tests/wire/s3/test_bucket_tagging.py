"""GetBucketTagging, PutBucketTagging and DeleteBucketTagging."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def _tags(*pairs: tuple[str, str]) -> Any:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


def test_a_new_bucket_has_no_tags(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """NoSuchTagSet."""
    error = refused(s3.get_bucket_tagging, Bucket=bucket)
    assert (error["code"], error["status"]) == ("NoSuchTagSet", 404)
    assert error["message"] == "The TagSet does not exist"
    assert error["BucketName"] == bucket


def test_tags_replace_those_before(s3: "S3Client", bucket: str) -> None:
    """All of them."""
    s3.put_bucket_tagging(Bucket=bucket, Tagging=_tags(("a", "1"), ("b", "")))
    answer = s3.put_bucket_tagging(Bucket=bucket, Tagging=_tags(("c", "3"), ("b", "2")))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    found = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in found} == {"b": "2", "c": "3"}


def test_tags_go(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Also when there are none."""
    s3.put_bucket_tagging(Bucket=bucket, Tagging=_tags(("a", "1")))
    for _ in range(2):
        answer = s3.delete_bucket_tagging(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_tagging, Bucket=bucket)["code"] == "NoSuchTagSet"


@pytest.mark.parametrize(
    ("tagging", "code"),
    [
        (_tags(("a", "1"), ("a", "2")), "InvalidTag"),
        (_tags(("aws:x", "1")), "InvalidTag"),
        (_tags(("k" * 129, "1")), "InvalidTag"),
        (_tags(("k", "v" * 257)), "InvalidTag"),
        (_tags(*((f"k{n}", "") for n in range(51))), "BadRequest"),
    ],
)
def test_illegal_tags_are_refused(
    s3: "S3Client", bucket: str, refused: Refused, tagging: Any, code: str
) -> None:
    """Keys are unique, short and not AWS's; at most 50."""
    error = refused(s3.put_bucket_tagging, Bucket=bucket, Tagging=tagging)
    assert (error["code"], error["status"]) == (code, 400)

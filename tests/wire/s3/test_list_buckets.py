"""ListBuckets."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def _make(s3: "S3Client", *names: str) -> None:
    for name in names:
        s3.create_bucket(Bucket=name)


def _names(answer: Any) -> list[str]:
    return [bucket["Name"] for bucket in answer["Buckets"]]


def test_nothing_is_listed_on_a_new_server(s3: "S3Client") -> None:
    """An empty list, and an owner."""
    answer = s3.list_buckets()
    assert answer["Buckets"] == []
    assert len(answer["Owner"]["ID"]) == 64


def test_buckets_are_listed_by_name(s3: "S3Client") -> None:
    """With the time they were made and their ARN."""
    _make(s3, "b-2", "c-3", "a-1")
    answer = s3.list_buckets()
    assert _names(answer) == ["a-1", "b-2", "c-3"]
    assert answer["Buckets"][0]["BucketArn"] == "arn:aws:s3:::a-1"
    assert answer["Buckets"][0]["CreationDate"].tzinfo is not None


def test_a_prefix_chooses(s3: "S3Client") -> None:
    """And is answered."""
    _make(s3, "app-1", "app-2", "aaa", "zzz")
    answer = s3.list_buckets(Prefix="app")
    assert _names(answer) == ["app-1", "app-2"]
    assert answer["Prefix"] == "app"


def test_pages_follow_one_another(s3: "S3Client") -> None:
    """Each but the last has a continuation token; every bucket comes once."""
    _make(s3, "app-1", "app-2", "app-3", "app-4", "bbb")
    first = s3.list_buckets(MaxBuckets=2, Prefix="app")
    token = first["ContinuationToken"]
    second: Any = s3.list_buckets(MaxBuckets=2, Prefix="app", ContinuationToken=token)
    assert _names(first) + _names(second) == ["app-1", "app-2", "app-3", "app-4"]
    assert "ContinuationToken" not in second
    assert first["Buckets"][0]["BucketRegion"] == "us-east-1"


def test_a_region_chooses(s3: "S3Client") -> None:
    """There is one region only."""
    _make(s3, "abc")
    assert _names(s3.list_buckets(BucketRegion="us-east-1")) == ["abc"]
    assert _names(s3.list_buckets(BucketRegion="eu-west-1")) == []


def test_a_wrong_page_size_is_refused(s3: "S3Client", refused: Refused) -> None:
    """1 to 10,000."""
    error = refused(s3.list_buckets, MaxBuckets=10_001)
    assert (error["code"], error["status"]) == ("InvalidArgument", 400)


def test_a_token_of_somebody_else_is_refused(s3: "S3Client", refused: Refused) -> None:
    """Not base64 of ours."""
    error = refused(s3.list_buckets, MaxBuckets=1, ContinuationToken="%%%")
    assert (error["code"], error["status"]) == ("InvalidArgument", 400)

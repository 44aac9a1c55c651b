"""GetBucketLifecycleConfiguration, PutBucketLifecycleConfiguration and DeleteBucketLifecycle."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]

RULES: Any = [
    {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 5},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {
        "ID": "logs",
        "Status": "Disabled",
        "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
        "Expiration": {"Days": 365},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
    },
    {
        "ID": "date",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Date": datetime(2030, 1, 1, tzinfo=UTC)},
    },
]


def test_a_new_bucket_has_no_rules(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """NoSuchLifecycleConfiguration."""
    error = refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    assert (error["code"], error["status"]) == ("NoSuchLifecycleConfiguration", 404)
    assert error["message"] == "The lifecycle configuration does not exist"


def test_rules_come_back_as_they_were_put(s3: "S3Client", bucket: str) -> None:
    """In their order, with the default minimum size for transitions."""
    answer = s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": RULES}
    )
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["Rules"] == RULES
    assert found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"


def test_the_minimum_size_is_echoed(s3: "S3Client", bucket: str) -> None:
    """The AWS provider waits until it reads what it wrote."""
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": RULES},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


def test_rules_go(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Also when there are none."""
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": RULES})
    for _ in range(2):
        answer = s3.delete_bucket_lifecycle(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    error = refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    assert error["code"] == "NoSuchLifecycleConfiguration"


def test_a_rule_that_does_nothing_is_refused(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """The rules before stay."""
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": RULES})
    error = refused(
        s3.put_bucket_lifecycle_configuration,
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [{"Status": "Enabled", "Filter": {}}]},
    )
    assert (error["code"], error["status"]) == ("InvalidRequest", 400)
    assert error["message"] == "At least one action needs to be specified in a rule"
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == RULES

"""CORS, website, replication, object lock, logging, notification, payment, acceleration: never on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
    ],
)
def test_reading_answers_that_it_is_not_configured(
    s3: "S3Client", bucket: str, refused: Refused, method: str, code: str
) -> None:
    """With AWS's code, as the AWS provider expects."""
    error = refused(getattr(s3, method), Bucket=bucket)
    assert (error["code"], error["status"]) == (code, 404)
    assert error["BucketName"] == bucket


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("get_bucket_logging", {}),
        ("get_bucket_notification_configuration", {}),
        ("get_bucket_accelerate_configuration", {}),
        ("get_bucket_request_payment", {"Payer": "BucketOwner"}),
    ],
)
def test_reading_answers_an_empty_configuration(
    s3: "S3Client", bucket: str, method: str, answer: dict[str, str]
) -> None:
    """Where AWS has no error for it."""
    found = getattr(s3, method)(Bucket=bucket)
    found.pop("ResponseMetadata")
    assert found == answer


@pytest.mark.parametrize(
    "method", ["delete_bucket_cors", "delete_bucket_website", "delete_bucket_replication"]
)
def test_removing_what_is_not_there_succeeds(s3: "S3Client", bucket: str, method: str) -> None:
    """204, as in AWS."""
    answer = getattr(s3, method)(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


_ARN = "arn:aws:sqs:us-east-1:123456789012:q"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (
            "put_bucket_cors",
            {
                "CORSConfiguration": {
                    "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
                }
            },
        ),
        (
            "put_bucket_website",
            {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
        ),
        (
            "put_bucket_replication",
            {
                "ReplicationConfiguration": {
                    "Role": "arn:aws:iam::123456789012:role/r",
                    "Rules": [
                        {
                            "Status": "Enabled",
                            "Prefix": "",
                            "Destination": {"Bucket": "arn:aws:s3:::other"},
                        }
                    ],
                }
            },
        ),
        (
            "put_object_lock_configuration",
            {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
        ),
        (
            "put_bucket_logging",
            {
                "BucketLoggingStatus": {
                    "LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}
                }
            },
        ),
        (
            "put_bucket_notification_configuration",
            {
                "NotificationConfiguration": {
                    "QueueConfigurations": [{"QueueArn": _ARN, "Events": ["s3:ObjectCreated:*"]}]
                }
            },
        ),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}),
        (
            "put_bucket_accelerate_configuration",
            {"AccelerateConfiguration": {"Status": "Enabled"}},
        ),
    ],
)
def test_turning_it_on_is_refused_by_name(
    s3: "S3Client", bucket: str, refused: Refused, method: str, params: dict[str, Any]
) -> None:
    """A setting that would do nothing is not kept."""
    error = refused(getattr(s3, method), Bucket=bucket, **params)
    assert (error["code"], error["status"]) == ("NotImplemented", 501)
    name = method.replace("_", "").replace("cors", "CORS")
    assert error["message"].split(":")[0].lower() == name.lower()
    assert error["message"].endswith("is not supported")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("put_bucket_logging", {"BucketLoggingStatus": {}}),
        ("put_bucket_notification_configuration", {"NotificationConfiguration": {}}),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "BucketOwner"}}),
        (
            "put_bucket_accelerate_configuration",
            {"AccelerateConfiguration": {"Status": "Suspended"}},
        ),
    ],
)
def test_turning_it_off_succeeds(
    s3: "S3Client", bucket: str, method: str, params: dict[str, Any]
) -> None:
    """As the AWS provider does when it destroys."""
    answer = getattr(s3, method)(Bucket=bucket, **params)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200

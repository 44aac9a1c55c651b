"""Settings that promise what is not served: only their "off" is accepted.

Replication, events, website hosting, cross-origin requests from browsers, access logs, transfer
acceleration, requester pays and object lock would be kept and do nothing. A setting that does
nothing misleads, so turning one on is refused by name, and reading answers as if it was never set.
"""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot
from holdfast.server.s3.bucket_setting import BucketSetting, Check


def _always(_given: Mapping[str, Any]) -> bool:
    return True


def _any_member(given: Mapping[str, Any]) -> bool:
    return any(value is not None for value in given.values())


def _refused(
    operation: str, what: str, turns_on: Callable[[Mapping[str, Any]], bool] = _always
) -> Check:
    def check(_tx: Snapshot, _bucket: Bucket, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if turns_on(given):
            raise ServiceError("NotImplemented", f"{operation}: {what} is not supported")
        return given

    return check


UNSERVED: tuple[BucketSetting, ...] = (
    BucketSetting(
        "CORSConfiguration",
        "GetBucketCors",
        "PutBucketCors",
        "DeleteBucketCors",
        absent="NoSuchCORSConfiguration",
        flat=True,
        check=_refused("PutBucketCors", "access from web pages of other origins"),
    ),
    BucketSetting(
        "WebsiteConfiguration",
        "GetBucketWebsite",
        "PutBucketWebsite",
        "DeleteBucketWebsite",
        absent="NoSuchWebsiteConfiguration",
        flat=True,
        check=_refused("PutBucketWebsite", "website hosting"),
    ),
    BucketSetting(
        "ReplicationConfiguration",
        "GetBucketReplication",
        "PutBucketReplication",
        "DeleteBucketReplication",
        absent="ReplicationConfigurationNotFoundError",
        check=_refused("PutBucketReplication", "replication"),
    ),
    BucketSetting(
        "ObjectLockConfiguration",
        "GetObjectLockConfiguration",
        "PutObjectLockConfiguration",
        absent="ObjectLockConfigurationNotFoundError",
        check=_refused("PutObjectLockConfiguration", "object lock"),
    ),
    BucketSetting(
        "BucketLoggingStatus",
        "GetBucketLogging",
        "PutBucketLogging",
        absent={},
        flat=True,
        check=_refused("PutBucketLogging", "server access logging to a bucket", _any_member),
    ),
    BucketSetting(
        "NotificationConfiguration",
        "GetBucketNotificationConfiguration",
        "PutBucketNotificationConfiguration",
        absent={},
        flat=True,
        check=_refused("PutBucketNotificationConfiguration", "event notification", _any_member),
    ),
    BucketSetting(
        "RequestPaymentConfiguration",
        "GetBucketRequestPayment",
        "PutBucketRequestPayment",
        absent={"Payer": "BucketOwner"},
        flat=True,
        check=_refused(
            "PutBucketRequestPayment",
            "payment by the requester",
            lambda given: given["Payer"] != "BucketOwner",
        ),
    ),
    BucketSetting(
        "AccelerateConfiguration",
        "GetBucketAccelerateConfiguration",
        "PutBucketAccelerateConfiguration",
        absent={},
        flat=True,
        check=_refused(
            "PutBucketAccelerateConfiguration",
            "transfer acceleration",
            lambda given: given.get("Status") != "Suspended",
        ),
    ),
)

"""What a bucket says for the keys with a prefix: kept in its record, `{prefix: what is said}`."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Transaction
from holdfast.server.s3.bucket_setting import with_setting

MOST_PREFIXES = 100  # of one bucket


def keep(tx: Transaction, bucket: Bucket, setting: str, given: Mapping[str, Any]) -> None:
    """Write what a bucket says, in place of what it said.

    Args:
        tx: what it is written in.
        bucket: as it was read there.
        setting: the name in `Bucket.settings`.
        given: by prefix; nothing is kept of it if it is empty.

    Raises:
        ServiceError: ValidationException for too many prefixes.
    """
    if len(given) > MOST_PREFIXES:
        raise ServiceError("ValidationException", f"a bucket has at most {MOST_PREFIXES} prefixes")
    tx.put(with_setting(bucket, setting, dict(given) or None))

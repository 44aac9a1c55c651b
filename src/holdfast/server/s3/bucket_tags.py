"""The tags of a bucket."""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot

MOST_TAGS = 50
_LONGEST_KEY = 128
_LONGEST_VALUE = 256


def check_tags(tags: Iterable[Mapping[str, str]], most: int = MOST_TAGS) -> None:
    """Refuse a tag set that S3 would refuse.

    Args:
        tags: `[{"Key": ..., "Value": ...}, ...]`.
        most: how many there may be.

    Raises:
        ServiceError: InvalidTag or BadRequest, with AWS's message.
    """
    seen: set[str] = set()
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        if not 1 <= len(key) <= _LONGEST_KEY:
            raise _invalid("The TagKey you have provided is invalid", key)
        if len(value) > _LONGEST_VALUE:
            raise _invalid("The TagValue you have provided is invalid", key)
        if key.lower().startswith("aws:"):
            raise _invalid("System tags cannot be added/updated by requester", key)
        if key in seen:
            raise _invalid("Cannot provide multiple Tags with the same key", key)
        seen.add(key)
    if len(seen) > most:
        raise ServiceError(
            "BadRequest", f"Bucket tag count cannot be greater than {most}", status=400
        )


def tagging(_tx: Snapshot, _bucket: Bucket, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what PutBucketTagging brings; returns it in key order, as S3 lists bucket tags.

    Raises:
        ServiceError: see `check_tags`.
    """
    tags = given["TagSet"]
    check_tags(tags)
    return {"TagSet": sorted(tags, key=lambda tag: tag["Key"])}


def _invalid(message: str, key: str) -> ServiceError:
    return ServiceError("InvalidTag", message, status=400, TagKey=key)

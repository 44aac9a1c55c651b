"""The tags of a bucket."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.engine.records import Bucket
from holdfast.server.operation import Snapshot
from holdfast.server.s3.tags import checked_tags, tag_set_of

MEMBER = "Tagging"
MOST_TAGS = 50


def bucket_tagging(tags: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
    """Return the setting for these tags, in key order, as S3 lists them.

    Raises:
        ServiceError: InvalidTag or BadRequest, with AWS's message.
    """
    pairs = [(tag["Key"], tag["Value"]) for tag in tags]
    checked = checked_tags(pairs, MOST_TAGS, "Bucket tag count")
    return {"TagSet": tag_set_of(dict(sorted(checked.items())))}


def check_tagging(_tx: Snapshot, _bucket: Bucket, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what PutBucketTagging brings.

    Raises:
        ServiceError: see `bucket_tagging`.
    """
    return bucket_tagging(given["TagSet"])

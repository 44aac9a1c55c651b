"""Reading a state of which the caller may see the outputs only."""

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import OUTPUTS_ONLY, Answer, Params, Snapshot
from holdfast.server.s3.customer_keys import CUSTOMER
from holdfast.server.s3.etags import quoted
from holdfast.server.s3.found import opened_object_of
from holdfast.server.s3.ranges import parse_range
from holdfast.server.s3.reading import content, extents

LARGEST = 64 << 20  # bytes of a state that is reduced
_KEPT = 32  # reduced states
_LARGEST_KEPT = 1 << 20  # bytes of one of them


class _Reduced:
    """Reduced states by what they were made of: a HEAD, and the GET of what it found, reduce once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bodies: OrderedDict[Any, bytes] = OrderedDict()

    def get(self, key: Any) -> bytes | None:
        return self._bodies.get(key)

    def keep(self, key: Any, body: bytes) -> None:
        if len(body) > _LARGEST_KEPT:
            return
        with self._lock:
            self._bodies[key] = body
            while len(self._bodies) > _KEPT:
                self._bodies.popitem(last=False)


_reduced = _Reduced()


def read_reduced(tx: Snapshot, bucket: Bucket, params: Params, *, method: str) -> Answer | None:
    """Return the answer to a read by somebody who may see the outputs only; None for anybody else.

    Args:
        tx: the view to look in.
        bucket: the bucket of the request.
        params: of the request.
        method: GET or HEAD.

    Raises:
        ServiceError: as `GetObject`; AccessDenied for what is no state that can be reduced.
    """
    if not params.get(OUTPUTS_ONLY):
        return None
    body = _body(tx, bucket, params, method)
    etag = quoted(hashlib.md5(body, usedforsecurity=False).hexdigest())
    part = parse_range(params.get("Range"), len(body))
    sent = body[part.start : part.stop] if part else body
    result: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": tx.now.replace(microsecond=0),
        "ContentLength": len(sent),
        "ContentType": "application/json",
        "ETag": etag,
        "Metadata": {},
    }
    if part is not None:
        result["ContentRange"] = part.content_range
    if method == "GET":
        result["Body"] = sent
    return Answer(result, status=206 if part else None)


def _body(tx: Snapshot, bucket: Bucket, params: Params, method: str) -> bytes:
    opened = opened_object_of(tx, bucket, params, method=method)
    version = opened.version
    identity = (
        tx.site.account,
        bucket.name,
        bucket.created,
        version.key,
        version.order,
        version.etag,
    )
    known = _reduced.get(identity)
    if known is not None:
        return known
    if version.encryption.algorithm == CUSTOMER or version.size > LARGEST:
        raise _denied(params["Key"])
    whole = content(tx, extents(tx, opened, None, 0, version.size))
    made = tx.rules.outputs_only(whole if isinstance(whole, bytes) else b"".join(whole.pieces))
    if made is None:
        raise _denied(params["Key"])
    _reduced.keep(identity, made)
    return made


def _denied(key: str) -> ServiceError:
    return ServiceError(
        "AccessDenied",
        f"Of {key} you may read the outputs only (holdfast:GetOutputs), and it is no state whose "
        "outputs can be told apart: encrypted states and other objects cannot be reduced.",
    )

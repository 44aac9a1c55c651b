"""LockState and UnlockState: the lock of a state, which excludes those of the other protocols."""

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Response
from holdfast.server.httpbackend.answers import JSON
from holdfast.server.httpbackend.asked import Asked
from holdfast.server.judging import Locked, Refusal
from holdfast.server.operation import Transaction
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.withheld import as_told, lock_as_told

LARGEST_DOCUMENT = 1 << 16  # bytes of a lock document
LOCKED = 423
_CODES = {"lock_document": "InvalidRequest", "no_rules": "NotImplemented"}


def lock_state(tx: Transaction, asked: Asked) -> Response | ServiceError:
    """Take the lock: 200, also for who holds it already; 423 with the document of another holder.

    Raises:
        ServiceError: NoSuchBucket.
    """
    bucket = bucket_of(tx, asked.params)
    verdict = tx.rules.take_lock(tx, bucket.name, asked.key, asked.document)
    if isinstance(verdict, Locked):
        shown = lock_as_told(tx, verdict, bucket.name, asked.key)
        return Response(LOCKED, (JSON,), shown.document)
    if verdict is None:
        return Response(200, (JSON,))
    return _refused(as_told(tx, verdict, bucket.name, asked.key))


def unlock_state(tx: Transaction, asked: Asked) -> Response | ServiceError:
    """Release the lock that the document names; without a document, whatever lock there is.

    Raises:
        ServiceError: NoSuchBucket.
    """
    bucket = bucket_of(tx, asked.params)
    verdict = tx.rules.release_lock(tx, bucket.name, asked.key, asked.document)
    if verdict is None:
        return Response(200, (JSON,))
    return _refused(as_told(tx, verdict, bucket.name, asked.key))


def _refused(refusal: Refusal) -> ServiceError:
    code = _CODES.get(refusal.rule, "PreconditionFailed")
    return ServiceError(code, refusal.message, Condition=refusal.rule)

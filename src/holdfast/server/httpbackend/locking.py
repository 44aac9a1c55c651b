"""LockState and UnlockState: the lock of a state, which excludes those of the other protocols."""

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Response
from holdfast.server.httpbackend.answers import JSON
from holdfast.server.httpbackend.asked import Asked
from holdfast.server.judging import Locked, Refusal
from holdfast.server.operation import Transaction
from holdfast.server.s3.bucket_lookup import bucket_of

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
        return Response(LOCKED, (JSON,), verdict.document)
    return Response(200, (JSON,)) if verdict is None else _refused(verdict)


def unlock_state(tx: Transaction, asked: Asked) -> Response | ServiceError:
    """Release the lock that the document names; without a document, whatever lock there is.

    Raises:
        ServiceError: NoSuchBucket.
    """
    bucket = bucket_of(tx, asked.params)
    verdict = tx.rules.release_lock(tx, bucket.name, asked.key, asked.document)
    return Response(200, (JSON,)) if verdict is None else _refused(verdict)


def _refused(refusal: Refusal) -> ServiceError:
    code = _CODES.get(refusal.rule, "PreconditionFailed")
    return ServiceError(code, refusal.message, Condition=refusal.rule)

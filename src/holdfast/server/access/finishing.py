"""A session that has expired: it may end what it holds the lock of a state for, and nothing else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from holdfast.aws import sigv4
from holdfast.aws.claims import Claims
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.refusals import refusal
from holdfast.aws.sigv4 import SigningContext
from holdfast.server.access.credentials import Identity
from holdfast.server.operation import (
    Operation,
    Params,
    Result,
    Snapshot,
    Staging,
    Transaction,
)

NOTED = "finished-after-expiry"


def verify(
    claims: Claims,
    request: Request,
    identity: Identity,
    now: datetime,
    body_sha256: str | None = None,
) -> SigningContext:
    """Verify a signature; whatever is wrong with that of an expired session, it is told it expired.

    Args:
        claims: what the request says.
        request: as it came.
        identity: who it claims to be from.
        now: aware.
        body_sha256: hexadecimal, where only the body gives it.

    Raises:
        ServiceError: as `sigv4.verify`; or the session has expired.
    """
    try:
        return sigv4.verify(claims, request, identity.secret, now, body_sha256)
    except ServiceError:
        if identity.expired:
            raise refusal(claims.service, "expired") from None
        raise


def finishing(
    operation: Operation[Any], staging: Staging, service: str, params: Params
) -> Operation[Any]:
    """Return an operation that asks the rules once more in its own transaction, and notes what it did.

    A body may take its time to arrive, and the lock may be another's by then.

    Args:
        operation: what is asked for.
        staging: the request.
        service: the signing name, for the error.
        params: of the request.

    Raises:
        ServiceError: the session may not do this any more: it has expired.
    """

    def allowed(tx: Snapshot) -> Mapping[str, Any]:
        noted = tx.rules.may_finish(tx, operation.name, params)
        if noted is None:
            raise refusal(service, "expired")
        return noted

    def handle(tx: Snapshot, given: Params) -> Result:
        noted = allowed(tx)
        result = operation(tx, given)
        if noted and isinstance(tx, Transaction) and not isinstance(result, ServiceError):
            tx.rules.note(tx, NOTED, noted)
        return result

    staging.view(allowed)
    return replace(operation, handler=handle)

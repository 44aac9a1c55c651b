"""Where a list goes on: `NextToken`, sealed, as it may name a state that its reader may not see."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import CorruptData
from holdfast.server.operation import Params, Snapshot


def next_token(tx: Snapshot, operation: str, after: tuple[Any, ...]) -> str:
    """Return the token that goes on after a record.

    Args:
        tx: the view that the list is of.
        operation: whose list it is. A token is of use to no other.
        after: the key of the last record that was looked at.
    """
    plain = msgspec.msgpack.encode(after)
    return urlsafe_b64encode(tx.site.vault.seal(plain, "next token", operation)).decode()


def given_token(tx: Snapshot, operation: str, params: Params) -> tuple[Any, ...]:
    """Return after which record to go on; nothing if it is the beginning that is asked for.

    Raises:
        ServiceError: ValidationException: this operation gave no such token.
    """
    if "NextToken" not in params:
        return ()
    try:
        sealed = urlsafe_b64decode(params["NextToken"])
        return tuple(msgspec.msgpack.decode(tx.site.vault.unseal(sealed, "next token", operation)))
    except (ValueError, CorruptData):
        raise ServiceError("ValidationException", "NextToken is not one that was given") from None

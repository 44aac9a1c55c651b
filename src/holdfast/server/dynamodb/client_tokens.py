"""Client tokens: a transactional write that is repeated within ten minutes is done once.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import hashlib
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import Engine, Writer
from holdfast.engine.records import ClientToken
from holdfast.server.operation import Transaction

LIFE = timedelta(minutes=10)


def seen_before(tx: Transaction, token: str, request: Any) -> bool:
    """Note a token; tell whether the same request came with it in the last ten minutes.

    Args:
        tx: the transaction that does the write; the note is kept only if the write is.
        token: the client's token.
        request: what is asked for.

    Raises:
        ServiceError: IdempotentParameterMismatchException: another request came with it.
    """
    packed = msgspec.msgpack.encode(request, order="deterministic")
    digest = hashlib.sha256(packed).digest()
    known = tx.get(ClientToken, token)
    if known is None or tx.now - known.at >= LIFE:
        tx.put(ClientToken(token=token, request=digest, at=tx.now))
        return False
    if known.request != digest:
        raise ServiceError(
            "IdempotentParameterMismatchException",
            "DynamoDB rejected the request because you retried a request with a different payload "
            "but with an idempotent token that was already used.",
        )
    return True


def forget_tokens(engine: Engine, now: datetime, limit: int = 500) -> int:
    """Forget tokens that no longer count: a step of housekeeping.

    Args:
        engine: where they are.
        now: the time.
        limit: at most so many.

    Returns:
        How many were forgotten.
    """
    oldest = now - LIFE
    doomed = engine.view(
        lambda tx: list(islice((one for one in tx.scan(ClientToken) if one.at < oldest), limit))
    )

    def work(tx: Writer) -> None:
        for token in doomed:
            present = tx.get(ClientToken, token.token)
            if present is not None and present.at < oldest:
                tx.drop(ClientToken, token.token)

    if doomed:
        engine.update(work)
    return len(doomed)

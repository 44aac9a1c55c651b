"""Locks in time: ListLocks, those that are held; ListPastLocks, those that were."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.state_records import HeldLock, PastLock, State, Waiter
from holdfast.server.operation import Params, Result, Snapshot, operation
from holdfast.server.states.next_token import given_token, next_token
from holdfast.server.states.seeing import sees

_MOST_EXAMINED = 5000  # records for one request; the client asks for the rest
_USUAL_LIMIT = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@operation("ListLocks")
def list_locks(tx: Snapshot, params: Params) -> Result:
    """List held locks in order of their states, each with its waiters and whether it looks dead."""
    named = _named(params)
    after = given_token(tx, "ListLocks", params)
    options: dict[str, Any] = {"start": (_prefix(params),) if named else ()}
    if after:
        options = {"after": after[1:] if named else after}
    limit = params.get("Limit", _USUAL_LIMIT)
    found: list[dict[str, Any]] = []
    last: tuple[Any, ...] = ()
    for examined, state in enumerate(tx.scan(State, *named, **options)):
        if named and not _wanted(params, state.key):
            break
        if examined == _MOST_EXAMINED or len(found) == limit:
            return {"Locks": found, "NextToken": next_token(tx, "ListLocks", last)}
        last = state.bucket, state.key
        if state.lock is None or not sees(params, state.bucket, state.key):
            continue
        if (shown := _shown(tx, state, state.lock)) is not None:
            found.append(shown)
    return {"Locks": found}


@operation("ListPastLocks")
def list_past_locks(tx: Snapshot, params: Params) -> Result:
    """List locks that are held no more, in order of their states and then of their ends."""
    limit = params.get("Limit", _USUAL_LIMIT)
    since, until = params.get("Since"), params.get("Until")
    earliest = 0 if since is None else _micros(since)
    latest = None if until is None else _micros(until)
    found: list[dict[str, Any]] = []
    last: tuple[Any, ...] = ()
    for examined, past in enumerate(_past(tx, params, earliest)):
        if not _wanted(params, past.key):
            break
        if examined == _MOST_EXAMINED or len(found) == limit:
            return {"Locks": found, "NextToken": next_token(tx, "ListPastLocks", last)}
        last = past.key, past.at
        if past.at < earliest or (latest is not None and past.at >= latest):
            continue
        if sees(params, past.bucket, past.key):
            found.append(_shown_past(past))
    return {"Locks": found}


def _named(params: Params) -> tuple[str, ...]:
    """Return the bucket that is asked for, if one is."""
    if "Bucket" in params:
        return (params["Bucket"],)
    for name in ("Key", "Prefix"):
        if name in params:
            raise ServiceError("ValidationException", f"{name} needs Bucket")
    return ()


def _prefix(params: Params) -> str:
    return str(params.get("Key", params.get("Prefix", "")))


def _wanted(params: Params, key: str) -> bool:
    return key == params["Key"] if "Key" in params else key.startswith(params.get("Prefix", ""))


def _past(tx: Snapshot, params: Params, earliest: int) -> Iterator[PastLock]:
    """Return past locks from where the request begins."""
    bucket, after = params["Bucket"], given_token(tx, "ListPastLocks", params)
    if after:
        return tx.scan(PastLock, bucket, after=after)
    if "Key" in params:
        return tx.scan(PastLock, bucket, params["Key"], start=(earliest,))
    return tx.scan(PastLock, bucket, start=(params.get("Prefix", ""),))


def _shown(tx: Snapshot, state: State, held: HeldLock) -> dict[str, Any] | None:
    staleness = tx.rules.staleness(tx, state)
    if staleness is None:
        return None
    shown: dict[str, Any] = {
        "Bucket": state.bucket,
        "Key": state.key,
        "Id": held.id,
        "Who": held.who,
        "Operation": held.operation,
        "Tool": held.tool,
        "Principal": held.principal,
        "Address": held.address,
        "Since": held.since,
        "Places": list(held.places),
        "Waiters": _waiters(held.waiters),
        "LooksDead": staleness.looks_dead,
        "Percent": staleness.percent,
        "QuietSeconds": int(staleness.quiet_seconds),
        "Reasons": list(staleness.reasons),
    }
    return shown if held.last_write is None else {**shown, "LastWrite": held.last_write}


def _shown_past(past: PastLock) -> dict[str, Any]:
    ended = _EPOCH + timedelta(microseconds=past.at)
    return {
        "Bucket": past.bucket,
        "Key": past.key,
        "Id": past.id,
        "Who": past.who,
        "Operation": past.operation,
        "Principal": past.principal,
        "Since": past.since,
        "Until": ended,
        "HeldSeconds": max(0, int((ended - past.since).total_seconds())),
        "Places": list(past.places),
        "Ended": past.ended,
        "EndedBy": past.ended_by,
        "Waiters": _waiters(past.waiters),
    }


def _waiters(waiters: tuple[Waiter, ...]) -> list[dict[str, Any]]:
    return [
        {
            "Principal": waiter.principal,
            "Address": waiter.address,
            "Who": waiter.who,
            "Operation": waiter.operation,
            "First": waiter.first,
            "Last": waiter.last,
            "Attempts": waiter.attempts,
        }
        for waiter in waiters
    ]


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)

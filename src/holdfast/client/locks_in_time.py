"""What a Holdfast server knows of locks over time: who waits, what looks dead, who held them before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.own_service import translated_own
from holdfast.client.translate import Call
from holdfast.terraform.lockinfo import LockInfo


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whose attempts to take a lock were refused.

    Attributes:
        who: as their lock document said.
        principal: their ARN.
        address: from where.
        operation: what for.
        first: their first attempt.
        last: their latest attempt.
        attempts: how many there were.
    """

    who: str
    principal: str
    address: str
    operation: str
    first: datetime
    last: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class KnownLock:
    """A lock that is held, as the server sees it.

    Attributes:
        bucket: of the state.
        key: of the state's object.
        info: its document, as far as the server tells.
        principal: the ARN of who took it; empty if that is not known.
        address: from where.
        tool: the program that took it, with its version.
        places: where: `s3`, `http`, `dynamodb:TABLE`.
        last_write: when the state was written last since.
        waiters: who waits or has waited, the latest last.
        looks_dead: whether its holder looks gone.
        percent: how much speaks for that, 0 to 99.
        quiet: how long nothing was heard of its holder.
        reasons: why, in sentences.
    """

    bucket: str
    key: str
    info: LockInfo
    principal: str
    address: str
    tool: str
    places: tuple[str, ...]
    last_write: datetime | None
    waiters: tuple[Waiting, ...]
    looks_dead: bool
    percent: int
    quiet: timedelta
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndedLock:
    """A lock that is held no more.

    Attributes:
        bucket: of the state.
        key: of the state's object.
        id: of the lock.
        who: who held it, as its document said.
        operation: what for.
        principal: the ARN of who took it.
        since: when it was taken.
        until: when it ended.
        places: where it was taken.
        ended: `released`, `forced`, `stale` or `vanished`.
        ended_by: the ARN of who ended it.
        waiters: who waited for it, the latest last.
    """

    bucket: str
    key: str
    id: str
    who: str
    operation: str
    principal: str
    since: datetime
    until: datetime
    places: tuple[str, ...]
    ended: str
    ended_by: str
    waiters: tuple[Waiting, ...]

    @property
    def held(self) -> timedelta:
        """How long it was held."""
        return max(self.until - self.since, timedelta(0))


def known_locks(connection: Connection, bucket: str, prefix: str = "") -> Iterator[KnownLock]:
    """Yield the locks that are held, in the order of their states.

    Args:
        connection: to a Holdfast server.
        bucket: of the states.
        prefix: only states whose key begins so.

    Raises:
        NotHoldfast: it is another server.
    """
    for said in _pages(connection, "ListLocks", bucket, {"Prefix": prefix}):
        yield _known(said)


def known_lock(connection: Connection, bucket: str, key: str) -> KnownLock | None:
    """Return the lock of one state; None if the server knows none.

    Raises:
        NotHoldfast: it is another server.
    """
    found = _pages(connection, "ListLocks", bucket, {"Key": key})
    return next(map(_known, found), None)


def ended_locks(
    connection: Connection,
    bucket: str,
    *,
    key: str = "",
    prefix: str = "",
    since: datetime | None = None,
) -> Iterator[EndedLock]:
    """Yield locks that are held no more, in the order of their states and then of their ends.

    Args:
        connection: to a Holdfast server.
        bucket: of the states.
        key: only those of this state.
        prefix: only those of states whose key begins so.
        since: only those that ended then or later.

    Raises:
        NotHoldfast: it is another server.
    """
    asked = {"Key": key, "Prefix": prefix, "Since": since}
    for said in _pages(connection, "ListPastLocks", bucket, asked):
        yield EndedLock(
            said["Bucket"],
            said["Key"],
            said["Id"],
            said.get("Who", ""),
            said.get("Operation", ""),
            said.get("Principal", ""),
            said["Since"],
            said["Until"],
            tuple(said.get("Places", ())),
            said["Ended"],
            said.get("EndedBy", ""),
            _waiters(said),
        )


def _pages(
    connection: Connection, operation: str, bucket: str, filters: Mapping[str, Any]
) -> Iterator[Any]:
    asked = {"Bucket": bucket, **{name: value for name, value in filters.items() if value}}
    client = connection.holdfast
    key = asked.get("Key") or f"{asked.get('Prefix', '')}*"
    call = Call("list locks", f"holdfast:{operation}", f"arn:aws:s3:::{bucket}/{key}")
    method = client.list_locks if operation == "ListLocks" else client.list_past_locks
    while True:
        with translated_own(call, client):
            answer = method(**asked)
        yield from answer["Locks"]
        if "NextToken" not in answer:
            return
        asked["NextToken"] = answer["NextToken"]


def _known(said: Any) -> KnownLock:
    created = said["Since"].astimezone(UTC).isoformat().replace("+00:00", "Z")
    info = LockInfo(said["Id"], said.get("Operation", ""), who=said.get("Who", ""), created=created)
    return KnownLock(
        said["Bucket"],
        said["Key"],
        info,
        said.get("Principal", ""),
        said.get("Address", ""),
        said.get("Tool", ""),
        tuple(said.get("Places", ())),
        said.get("LastWrite"),
        _waiters(said),
        said["LooksDead"],
        said.get("Percent", 0),
        timedelta(seconds=said.get("QuietSeconds", 0)),
        tuple(said.get("Reasons", ())),
    )


def _waiters(said: Any) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(
            one.get("Who", ""),
            one["Principal"],
            one.get("Address", ""),
            one.get("Operation", ""),
            one["First"],
            one["Last"],
            one["Attempts"],
        )
        for one in said.get("Waiters", ())
    )

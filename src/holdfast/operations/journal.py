"""Reading the journal of a Holdfast server: the newest entries, all of them, or as they are written."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.errors import AccessDenied, JournalEnds
from holdfast.client.own_service import translated_own
from holdfast.client.translate import Call

PAUSE = 1.0  # seconds between two looks for new entries
_PAGE = 1000  # entries; the most that a request may ask for


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the journal.

    Attributes:
        number: from 1, without gaps.
        event: what happened: `at`, `what`, `principal`, `access_key_id`, `address`, `tool`, and more
            that depends on `what`. Empty if it cannot be read; `holdfast check` on the server says why.
        chain: what chains it to the entry before, hexadecimal.
    """

    number: int
    event: Mapping[str, Any]
    chain: str

    @property
    def document(self) -> dict[str, Any]:
        """All of it as one JSON object."""
        return {"number": self.number, **self.event, "chain": self.chain}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are wanted: those that pass all that is given.

    Attributes:
        bucket: about states of this bucket.
        key: about the state with this key in it.
        prefix: about states whose key begins so.
        what: of these kinds, such as `lock-taken`.
        principal: done by this ARN, or by the user or role session of this name.
        since: at that time or later.
        until: before that time.
        after: with a greater number than this.
    """

    bucket: str = ""
    key: str = ""
    prefix: str = ""
    what: tuple[str, ...] = ()
    principal: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0

    @property
    def arn(self) -> str:
        """What has to be allowed for it."""
        if not self.bucket:
            return "*"
        place = self.key or self.prefix
        return f"arn:aws:s3:::{self.bucket}{f'/{place}' if place else ''}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The same for ListJournal, without `after`."""
        members = {
            "Bucket": self.bucket,
            "Key": self.key,
            "Prefix": self.prefix,
            "What": list(self.what),
            "Principal": self.principal,
            "Since": self.since,
            "Until": self.until,
        }
        return {name: value for name, value in members.items() if value}


@dataclass(frozen=True, slots=True)
class _Page:
    entries: list[Entry]
    position: int  # where the next page begins
    more: bool


def newest(connection: Connection, wanted: Wanted, limit: int) -> tuple[list[Entry], bool]:
    """Return the newest entries, the newest last, and whether older ones may have been left out.

    Args:
        connection: to a Holdfast server.
        wanted: which entries.
        limit: how many at most.

    Raises:
        NotHoldfast: it is another server.
    """
    found: list[Entry] = []
    position, more = None, True
    while more and len(found) < limit:
        page = _page(connection, wanted, position, min(limit - len(found), _PAGE), reverse=True)
        fresh = [entry for entry in page.entries if entry.number > wanted.after]
        found += fresh
        position = page.position
        more = page.more and position > wanted.after + 1
    return found[::-1], more


def entries(connection: Connection, wanted: Wanted) -> Iterator[Entry]:
    """Yield all entries that are wanted, the oldest first.

    Raises:
        NotHoldfast: it is another server.
        JournalEnds: the journal ends before `wanted.after`.
    """
    position, more = wanted.after, True
    while more:
        page = _page(connection, wanted, position, _PAGE)
        yield from page.entries
        position, more = page.position, page.more


def follow(
    connection: Connection, wanted: Wanted, sleep: Callable[[float], object] = time.sleep
) -> Iterator[Entry | None]:
    """Yield entries as they are written, without end; None whenever there are no more for now.

    It begins behind `wanted.after`, so whoever remembers the number of the last entry misses none.

    Args:
        connection: to a Holdfast server.
        wanted: which entries.
        sleep: waits for some seconds.

    Raises:
        NotHoldfast: it is another server.
        JournalEnds: the journal ends before the place that was reached, or `wanted.after`.
        Unreachable: the server does not answer; call again with the last number to go on.
    """
    position = wanted.after
    while True:
        page = _page(connection, wanted, position, _PAGE)
        yield from page.entries
        position = page.position
        if not page.more:
            yield None
            sleep(PAUSE)


def _page(
    connection: Connection,
    wanted: Wanted,
    position: int | None,
    limit: int,
    *,
    reverse: bool = False,
) -> _Page:
    asked: dict[str, Any] = {**wanted.parameters, "Limit": limit, "Reverse": reverse}
    if position is not None:
        asked["After"] = position
    client = connection.holdfast
    try:
        with translated_own(Call("read the journal", "holdfast:ListJournal", wanted.arn), client):
            answer = client.list_journal(**asked)
    except AccessDenied as error:
        if not wanted.bucket:
            error.next_step = f"Name a state, or --prefix, that you may read. Or: {error.next_step}"
        raise
    found = [
        Entry(entry["Number"], _event(entry["Event"]), entry["Chain"])
        for entry in answer["Entries"]
    ]
    reached = answer.get("Position", 0)
    if position is not None and not reverse and reached < position:
        raise JournalEnds(
            f"the journal ends with entry {reached}, and what comes after entry {position} was "
            "asked for: it is another server's, or was restored from a backup, or cut off",
            "'holdfast check' on the server says whether it is whole; with --after 0 all of it is "
            "read again.",
        )
    return _Page(found, reached, answer["More"])


def _event(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}

"""Reading the journal: ListJournal."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.journal_end import journal_end
from holdfast.engine.sql import CorruptRecord
from holdfast.engine.state_records import JournalEntry
from holdfast.server.operation import SEES, Params, Result, Snapshot, operation

_MOST_EXAMINED = 5000  # entries for one request; the client asks for the rest
_USUAL_LIMIT = 100
# Entries stand in the order in which they were committed, and each has the time at which its request
# came, so that times may be out of order by as long as a request takes.
_DISORDER = timedelta(hours=1)


class Event(msgspec.Struct, frozen=True):
    """What filters look at in an event."""

    at: str
    what: str
    principal: str = ""
    bucket: str = ""
    key: str = ""
    prefix: str = ""  # of the keys that it is about, if it is about several


_decode = msgspec.json.Decoder(Event).decode
Wanted = Callable[[Event], bool]


@operation("ListJournal")
def list_journal(tx: Snapshot, params: Params) -> Result:
    """List entries that pass all filters, in order of their numbers or the other way round."""
    for name in ("Key", "Prefix"):
        if name in params and "Bucket" not in params:
            raise ServiceError("ValidationException", f"{name} needs Bucket")
    wanted = _wanted(params)
    limit = params.get("Limit", _USUAL_LIMIT)
    found: list[JournalEntry] = []
    position, more = _begin(tx, params), False
    for examined, entry in enumerate(_examined(tx, params)):
        if examined == _MOST_EXAMINED or len(found) == limit:
            more = True
            break
        position = entry.number
        if wanted(_event(entry)):
            found.append(entry)
    shown = [
        {
            "Number": entry.number,
            "Event": entry.event.decode(errors="replace"),
            "Chain": entry.chain.hex(),
        }
        for entry in found
    ]
    answer = {"Entries": shown, "More": more}
    return answer if position is None else {**answer, "Position": position}


def _begin(tx: Snapshot, params: Params) -> int | None:
    """Return the position of a page on which nothing is: never behind the end of the journal."""
    after: int | None = params.get("After")
    if after is None or params.get("Reverse"):
        return after
    return min(after, journal_end(tx).number)


def _wanted(params: Params) -> Wanted:
    """Return the filter that a request asks for."""
    tests: list[Wanted] = []
    if bucket := params.get("Bucket"):
        tests.append(lambda event: event.bucket == bucket)
    if key := params.get("Key"):
        tests.append(lambda event: event.key == key)
    if prefix := params.get("Prefix"):
        tests.append(lambda event: event.key.startswith(prefix))
    if what := frozenset(params.get("What", ())):
        tests.append(lambda event: event.what in what)
    if (sees := params.get(SEES)) is not None:
        tests.append(
            lambda event: not event.bucket or sees(event.bucket, event.key or event.prefix)
        )
    if principal := params.get("Principal"):
        tests.append(lambda event: f"/{event.principal}".endswith(f"/{principal}"))
    if since := params.get("Since"):
        earliest = _text(since)
        tests.append(lambda event: event.at >= earliest)
    if until := params.get("Until"):
        latest = _text(until)
        tests.append(lambda event: event.at < latest)
    return lambda event: all(test(event) for test in tests)


def _event(entry: JournalEntry) -> Event:
    try:
        return _decode(entry.event)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Event("", "")  # it was changed; `holdfast check` names it


def _examined(tx: Snapshot, params: Params) -> Iterator[JournalEntry]:
    """Yield the entries among which those that are wanted are."""
    low, high = 1, journal_end(tx).number + 1  # exclusive
    if since := params.get("Since"):
        low = _first_from(tx, low, high, since - _DISORDER)
    if until := params.get("Until"):
        high = _first_from(tx, low, high, until + _DISORDER)
    after = params.get("After")
    if params.get("Reverse"):
        high = high if after is None else min(high, after)
        return _between(tx, low, high, reverse=True)
    return _between(tx, low if after is None else max(low, after + 1), high, reverse=False)


def _between(tx: Snapshot, low: int, high: int, *, reverse: bool) -> Iterator[JournalEntry]:
    """Yield the entries from `low` to below `high`; one that does not decode is passed over."""
    start = high - 1 if reverse else low
    while True:
        try:
            for entry in tx.scan(JournalEntry, start=(start,), reverse=reverse):
                if not low <= entry.number < high:
                    return
                yield entry
        except CorruptRecord as passed:
            start = passed.key[0] + (-1 if reverse else 1)
        else:
            return


def _first_from(tx: Snapshot, low: int, high: int, moment: datetime) -> int:
    """Return the first number, of those from `low` to `high`, whose entry is of then or later."""
    sought = _text(moment)

    def at(number: int) -> str:
        following = _between(tx, number, high, reverse=False)
        return next(filter(None, (_event(entry).at for entry in following)), "")

    return low + bisect_left(range(low, high), sought, key=at)


def _text(moment: datetime) -> str:
    """Return a time as events have it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"

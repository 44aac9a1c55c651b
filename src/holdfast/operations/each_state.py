"""Reading the whole of many states at once, to do something with each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from holdfast.client.errors import ServiceFailed
from holdfast.operations.catalog import Entry
from holdfast.operations.fetching import (
    Body,
    OnProgress,
    Reader,
    StoredObject,
    in_parallel,
    not_for_us,
)
from holdfast.terraform.records import StateFile
from holdfast.terraform.statefile import UnreadableState, parse

if TYPE_CHECKING:
    from holdfast.client.connect import Connection

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Made(Generic[_Made]):
    """What was made of a state, or why nothing could be."""

    entry: Entry
    result: _Made | None
    why_not: str = ""


def each_state(
    connection: "Connection",
    entries: Iterable[Entry],
    work: Callable[[Entry, StateFile], _Made],
    *,
    progress: OnProgress | None = None,
) -> Iterator[Made[_Made]]:
    """Do something with every state of a catalog; yields the results in any order.

    Args:
        connection: to the bucket.
        entries: which states; those without an object are passed over.
        work: what to do; called in several threads.
        progress: told how many states are through.

    Raises:
        HoldfastError: a state cannot be fetched.
    """
    reader = Reader(connection)
    wanted = [(each, each.stored) for each in entries if each.stored is not None]

    def done(entry: Entry, body: Body) -> Made[_Made]:
        try:
            state = parse(body.content)
            if state.format == "encrypted":
                return Made(entry, None, "it is encrypted")
            return Made(entry, work(entry, state))
        except UnreadableState as bad:
            return Made(entry, None, bad.reason)

    def read(each: tuple[Entry, StoredObject]) -> Made[_Made] | None:
        entry, stored = each
        try:
            return reader.work_on(stored, lambda body: done(entry, body))
        except ServiceFailed as problem:
            if why := not_for_us(problem):
                return Made(entry, None, why)
            raise

    found = in_parallel(
        read,
        wanted,
        total=len(wanted),
        progress=progress,
    )
    yield from (each for each in found if each is not None)

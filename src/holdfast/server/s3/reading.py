"""Reading the bytes of a version: short ones within the transaction, long ones as a stream."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TypeVar

import msgspec

from holdfast.engine.bodies import Body, View, read
from holdfast.engine.port import Reader
from holdfast.server.operation import Snapshot, Stream
from holdfast.server.s3.customer_keys import CustomerKey
from holdfast.server.s3.sealing import Opened, unwrap

T = TypeVar("T")


class Extent(msgspec.Struct, frozen=True):
    """The bytes `start` to `stop` (exclusive) of one body."""

    body: Body
    start: int
    stop: int


class Within(msgspec.Struct, frozen=True):
    """An engine's `view` that stays in the transaction at hand."""

    reader: Reader

    def __call__(self, work: Callable[[Reader], T], /) -> T:
        """Call `work` with the reader at hand."""
        return work(self.reader)


class Leaving:
    """An engine's `view` that stays in the transaction at hand until that is left."""

    __slots__ = ("_view",)

    def __init__(self, tx: Snapshot) -> None:
        """Stay in a transaction."""
        self._view: View = Within(tx)

    def __call__(self, work: Callable[[Reader], T], /) -> T:
        """Call `work` with the reader at hand, or with one of its own."""
        return self._view(work)

    def leave(self, view: View) -> None:
        """Use another view from here on."""
        self._view = view


def extents(
    tx: Snapshot, opened: Opened, customer: CustomerKey | None, start: int, stop: int
) -> list[Extent]:
    """Return where the bytes `start` to `stop` (exclusive) of a version are, opened for reading.

    Only the bodies that hold some of them are opened.

    Raises:
        ServiceError: KMS's own error as `KMS.<code>`.
        CorruptData: an envelope is not what was written.
    """
    version, envelopes = opened
    found = []
    base = 0
    for stored, envelope in zip(version.stored, envelopes, strict=True):
        low, high = max(start - base, 0), min(stop - base, stored.size)
        if low < high:
            found.append(Extent(unwrap(tx, version, stored, envelope, customer), low, high))
        base += stored.size
    if version.stored and not version.size:
        # There is nothing to read, and yet nobody may who could not read it.
        unwrap(tx, version, version.stored[0], envelopes[0], customer)
    return found


def content(tx: Snapshot, where: Iterable[Extent]) -> bytes | Stream:
    """Return the bytes of the extents: at once if one chunk holds them all, else as a stream.

    The first chunk is read in any case, so that what cannot be read fails before the answer begins.

    Raises:
        CorruptData: the first chunk is missing or does not open.
    """
    found = list(where)
    view = Leaving(tx)
    pieces = chain.from_iterable(read(view, one.body, one.start, one.stop) for one in found)
    first = next(pieces, b"")
    length = sum(one.stop - one.start for one in found)
    if len(first) == length:
        return first
    view.leave(tx.context.view)
    return Stream(length, chain((first,), pieces))

"""The engine port: ordered, durable records behind a handful of methods.

What lives here is the contract. Implementations are beside it; `tests/contract/` is the suite that
every one of them passes.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from holdfast.engine.readable import Readable
from holdfast.engine.record import Record

R = TypeVar("R", bound=Readable)
T = TypeVar("T")


class EngineError(Exception):
    """The store could not do what was asked; nothing of that call was kept."""


class EngineClosed(EngineError):
    """The engine was closed before or while the call waited."""


class NoSpace(EngineError):
    """The disk is full; once there is room, the same call works."""


class CorruptData(EngineError):
    """What is stored is not what was written: a tag, a hash or a record does not fit."""


class Reader(Protocol):
    """One consistent view of all records. Valid only inside the call that was handed it."""

    def get(self, kind: type[R], *key: Any) -> R | None:
        """Return the record with exactly this key, or None.

        Args:
            kind: the record class, or that of an excerpt.
            key: one value for each of `kind.key_fields`, in order.
        """

    def scan(
        self,
        kind: type[R],
        *prefix: Any,
        start: tuple[Any, ...] = (),
        after: tuple[Any, ...] = (),
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[R]:
        """Yield records in key order; text by its UTF-8 bytes, as S3 lists, bytes as bytes.

        Records that the same transaction writes while a scan runs may or may not be seen; they never
        disturb it.

        Args:
            kind: the record class, or that of an excerpt.
            prefix: exact values of the first key fields.
            start: where to begin, inclusive: values of the next key fields (possibly not all).
            after: where to begin, exclusive: as `start`; everything that begins with it is skipped.
                With `reverse`, both bound from above instead. At most one of the two.
            limit: at most so many records.
            reverse: from the last to the first.
        """

    def last(self, kind: type[R]) -> R | None:
        """Return the record with the last key, or None if there are no records."""


class Writer(Reader, Protocol):
    """A reader that sees its own writes; they are kept together or not at all."""

    def put(self, record: Record) -> None:
        """Insert the record, or replace the one that has its key."""

    def drop(self, kind: type[Record], *key: Any) -> None:
        """Remove the record with exactly this key. Removing nothing is no error."""


Work = Callable[[Writer], Any]


class Outcome(NamedTuple):
    """What became of an update: what it returned, or what it or its commit raised."""

    result: Any
    error: BaseException | None


class Engine(Protocol):
    """A store of records. Safe to call from many threads; never from inside its own transactions."""

    def view(self, work: Callable[[Reader], T]) -> T:
        """Call `work` with a consistent view of what was committed, and return its answer.

        It only reads: it is called again in the rare case that the view could not be kept.
        """

    def update(self, work: Callable[[Writer], T], *, durable: bool = True) -> T:
        """Call `work` once, alone among all writers, and return its answer.

        On return everything it put or dropped is durable, and so is everything that any update did
        before. With `durable=False`, for what nothing names yet or what is then done again, only the
        next durable update that writes makes it so; until then a power cut may undo the last such
        updates, never some in the middle and never a part of one. When `work` raises, nothing of it
        is kept and the exception comes out here. Waiting updates may share one commit; none of them
        returns before that commit is durable. `work` must not wait for a client or for another
        transaction.

        Raises:
            EngineError: the commit failed; nothing of it was kept.
        """

    def ask_turn(self, wake: Callable[[], None]) -> bool:
        """Ask for the turn to write, for those who must not wait: an event loop.

        Returns:
            True if the turn is the caller's; it is used by calling `update_all` once. Else `wake` is
            called once, from any thread, when the turn has become the caller's.

        Raises:
            EngineClosed: there are no more turns.
        """

    def update_all(self, works: Sequence[Work]) -> list[Outcome]:
        """Call each work as `update` does, all in one commit, and give back the turn.

        Only with the turn that `ask_turn` gave. None of the works disturbs the others; whatever one
        raises is its outcome.
        """

    def wait(self, after: int, timeout: float) -> int:
        """Return the current revision as soon as it is greater than `after`, or when time is up.

        Level-triggered: a revision that was raised before the call counts. Revisions grow with every
        update that wrote, also over a restart.

        Args:
            after: a revision returned earlier, or 0.
            timeout: seconds.
        """

    def close(self) -> None:
        """Finish the updates under way, refuse new ones, release the files. Idempotent."""

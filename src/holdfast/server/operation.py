"""What an operation is: a plain function in one transaction, with AWS's own name.

`@operation("PutObject", writes=True)` makes one of a function `(tx, params) -> result`. Both `params`
and `result` are mappings with AWS's member names. A handler that only reads gets a `Snapshot`, one
that writes a `Transaction`; nobody but the pipeline makes either.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import BodyWriter, NewBody, View
from holdfast.engine.port import Engine, Reader, Writer
from holdfast.engine.readable import Readable
from holdfast.engine.record import Record
from holdfast.engine.vault import Vault
from holdfast.server.access.web_identity.issuers import Issuers
from holdfast.server.caller import Caller
from holdfast.server.judging import NoRules, Rules

R = TypeVar("R", bound=Readable)
T = TypeVar("T")

Params = Mapping[str, Any]

# A member that a prepare step may add to the parameters of a streamed body: the checksum to compute
# of it if the client sends none. No member of AWS's models begins with this sign.
CHECKSUM = "@Checksum"
# Another one: what reads the body while it arrives, for the rules.
INSPECTOR = "@Inspector"
# One that authorization adds to a read: the caller may see the outputs of a state only.
OUTPUTS_ONLY = "@OutputsOnly"
# One that authorization adds to requests to our own service: a `Sees`. Without it everything is seen.
SEES = "@Sees"
Sees = Callable[[str, str], bool]
"""Says of a bucket and a key whether the caller may be told of that state."""
# One that authorization adds to requests for items: a `MayWrite`. Without it all may be written.
MAY_WRITE = "@MayWrite"
MayWrite = Callable[[Reader, str, str], bool]
"""Says of a bucket and a key whether the caller may write the state there."""
MayRead = Callable[[Reader, str, str], bool]
"""Says of a bucket and a key whether the caller may read what is there, or the lock of it."""


def every_state(_reader: Reader, _bucket: str, _key: str) -> bool:
    """Say yes."""
    return True


class Site(msgspec.Struct, frozen=True):
    """What the server presents itself as; the same for every request."""

    account: str  # 12 digits
    region: str
    vault: Vault
    random: Callable[[int], bytes]
    rules: Rules = NoRules()
    issuers: Issuers = Issuers()


class Context(msgspec.Struct, frozen=True):
    """What a handler may know besides its parameters."""

    site: Site
    caller: Caller
    now: datetime  # aware, UTC, one for the whole request
    request_id: str
    view: View  # for bodies that are streamed after the handler has returned
    host: str = ""  # as the client addressed us, for URLs in answers
    may_write: MayWrite = every_state
    may_read: MayRead = every_state


class Snapshot:
    """A consistent view of the records, and the context of the request."""

    __slots__ = ("_reader", "context")

    def __init__(self, reader: Reader, context: Context) -> None:
        """Join a reader and a context for the length of one transaction."""
        self._reader = reader
        self.context = context

    @property
    def now(self) -> datetime:
        """The time of the request."""
        return self.context.now

    @property
    def site(self) -> Site:
        """What the server presents itself as."""
        return self.context.site

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self.context.caller

    @property
    def rules(self) -> Rules:
        """What judges writes of states."""
        return self.context.site.rules

    def may_write(self, bucket: str, key: str) -> bool:
        """Say whether the caller may write the state under a key, whatever it asks for now."""
        return self.context.may_write(self._reader, bucket, key)

    def may_read(self, bucket: str, key: str) -> bool:
        """Say whether the caller may read what is under a key, or the lock of it."""
        return self.context.may_read(self._reader, bucket, key)

    def get(self, kind: type[R], *key: Any) -> R | None:
        """See `Reader.get`."""
        return self._reader.get(kind, *key)

    def scan(
        self,
        kind: type[R],
        *prefix: Any,
        start: tuple[Any, ...] = (),
        after: tuple[Any, ...] = (),
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[R]:
        """See `Reader.scan`."""
        return self._reader.scan(
            kind, *prefix, start=start, after=after, limit=limit, reverse=reverse
        )

    def last(self, kind: type[R]) -> R | None:
        """See `Reader.last`."""
        return self._reader.last(kind)


class Transaction(Snapshot):
    """A snapshot that can also write. It is a `Writer`."""

    __slots__ = ("_writer",)

    def __init__(self, writer: Writer, context: Context) -> None:
        """Join a writer and a context for the length of one transaction."""
        super().__init__(writer, context)
        self._writer = writer

    def put(self, record: Record) -> None:
        """See `Writer.put`."""
        self._writer.put(record)

    def drop(self, kind: type[Record], *key: Any) -> None:
        """See `Writer.drop`."""
        self._writer.drop(kind, *key)


class ReceivedBody(msgspec.Struct, frozen=True):
    """A request body, checked and written. It is the streaming member of `params`."""

    new: NewBody
    md5: bytes
    checksums: Mapping[str, str]  # algorithm -> base64, every one that was sent and holds
    facts: Any = None  # what the rules' inspector read from it

    @property
    def size(self) -> int:
        """Bytes."""
        return self.new.body.size


class Staging(msgspec.Struct, frozen=True):
    """What a `prepare` step may do before the transaction: read, and write bodies."""

    engine: Engine
    context: Context

    @property
    def rules(self) -> Rules:
        """What judges writes of states."""
        return self.context.site.rules

    def view(self, work: Callable[[Snapshot], T]) -> T:
        """Call `work` with a snapshot of its own."""
        return self.engine.view(lambda reader: work(Snapshot(reader, self.context)))

    def body(self) -> BodyWriter:
        """Begin a body. Finished ones are linked by the handler or discarded by the pipeline."""
        return BodyWriter(self.engine, self.context.now, self.context.site.random)


class Answer(msgspec.Struct, frozen=True):
    """A result together with what AWS's model does not say about its response."""

    result: Mapping[str, Any]
    status: int | None = None  # the model's if None
    headers: tuple[tuple[str, str], ...] = ()


class Stream(msgspec.Struct, frozen=True):
    """A body to send in pieces, for the streaming member of a result."""

    length: int
    pieces: Iterable[bytes]


# A handler that raises undoes what it wrote; one that returns an error is answered with that error,
# and what it wrote is kept.
Result = Mapping[str, Any] | Answer | ServiceError | None
S = TypeVar("S", Snapshot, Transaction)
Prepare = Callable[[Staging, Params], Params]


class Operation(msgspec.Struct, Generic[S], frozen=True):
    """An operation that is served. Calling it calls its handler."""

    name: str
    handler: Callable[[S, Params], Result]
    writes: bool
    # Runs after authorization and before the transaction; returns the params the handler gets.
    # For an operation with a streaming body it runs before the body is taken.
    prepare: Prepare | None
    # Takes microseconds: it may be run where it keeps all other requests waiting.
    brief: bool = False

    def __call__(self, tx: S, params: Params) -> Result:
        """Call the handler."""
        return self.handler(tx, params)


def operation(
    name: str, *, writes: bool = False, prepare: Prepare | None = None, brief: bool = False
) -> Callable[[Callable[[S, Params], Result]], Operation[S]]:
    """Make a function the handler of an AWS operation.

    Args:
        name: AWS's name of the operation.
        writes: whether it needs a `Transaction`.
        prepare: a step that runs before the transaction.
        brief: whether it takes microseconds, whatever is asked.
    """

    def decorate(handler: Callable[[S, Params], Result]) -> Operation[S]:
        return Operation(name, handler, writes, prepare, brief)

    return decorate

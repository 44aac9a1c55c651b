"""Bodies: immutable bytes in encrypted chunks, written before they are linked, read in pieces.

A body up to one chunk long is kept in memory until the transaction that links it writes it too: one
commit. A longer one is staged chunk by chunk as it arrives; what is never linked is collected.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.engine.beside import Beside
from holdfast.engine.packed_links import LARGEST, SMALLEST, chain_of, drop_body, is_base
from holdfast.engine.port import CorruptData, Engine, Reader, Writer
from holdfast.engine.records import Chunk, Expiry, Garbage, Item, Staged
from holdfast.engine.vault import KEY_BYTES

CHUNK_BYTES = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Packed bodies that stay unpacked while a client takes them: 64 MiB of them at most.
_UNPACKED = threading.BoundedSemaphore(8)

T = TypeVar("T")


class View(Protocol):
    """The `view` of an engine."""

    def __call__(self, work: Callable[[Reader], T], /) -> T:
        """Call `work` with a consistent view."""


class Body(msgspec.Struct, frozen=True, array_like=True):
    """Where a body is and what opens it. Kept only inside something sealed."""

    id: bytes
    key: bytes  # its own data key
    size: int  # bytes of plaintext
    chunk: int = CHUNK_BYTES  # bytes of plaintext in each chunk but the last

    @property
    def chunks(self) -> int:
        """How many chunks it has."""
        return -(-self.size // self.chunk)


class Named(Protocol):
    """What must be known of a body to let it go."""

    @property
    def id(self) -> bytes:
        """The body's id."""

    @property
    def size(self) -> int:
        """Bytes of plaintext."""

    @property
    def chunks(self) -> int:
        """How many chunks it has."""


class NewBody(msgspec.Struct, frozen=True):
    """A body that is written but not linked yet; `held` is its only chunk if it is short."""

    body: Body
    held: bytes | None  # sealed; None when the chunks are staged already (or there is none)


def _nonce(number: int) -> bytes:
    # A data key seals each chunk number once, so the number is a nonce that never repeats.
    return number.to_bytes(12, "big")


def _bound_to(body_id: bytes, number: int) -> bytes:
    return body_id + number.to_bytes(8, "big")


def seal_chunk(body: Body, number: int, plain: bytes) -> Chunk:
    """Return one chunk of a body, encrypted: for the same bytes exactly as it was at first."""
    data = AESGCM(body.key).encrypt(_nonce(number), plain, _bound_to(body.id, number))
    return Chunk(body_id=body.id, number=number, data=data)


def open_chunk(body: Body, number: int, data: bytes) -> bytes:
    """Decrypt one chunk of a body and check its length.

    Raises:
        CorruptData: it was changed, cut or moved.
    """
    try:
        plain = AESGCM(body.key).decrypt(_nonce(number), data, _bound_to(body.id, number))
    except (InvalidTag, ValueError):
        raise CorruptData(f"chunk {number} of body {body.id.hex()} was changed or moved") from None
    if len(plain) != min(body.chunk, body.size - number * body.chunk):
        raise CorruptData(f"chunk {number} of body {body.id.hex()} has the wrong length")
    return plain


class BodyWriter:
    """Takes a body as it arrives. Exactly one of `finish` and `discard` ends it."""

    def __init__(
        self,
        engine: Engine,
        now: datetime,
        random: Callable[[int], bytes] = os.urandom,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        """Begin a body that is staged, if it grows long, as of `now`."""
        self._engine = engine
        self._now = now
        self._id = random(16)
        self._key = random(KEY_BYTES)
        self._cipher = AESGCM(self._key)
        self._chunk = chunk_bytes
        self._pieces: deque[memoryview] = deque()  # what is not staged yet
        self._held = 0  # bytes of them
        self._size = 0
        self._staged = 0  # chunks
        self._staging = Beside()

    def write(self, data: bytes | memoryview) -> None:
        """Append; stages every chunk that is full and known not to be the only one.

        Args:
            data: kept as it is until it is staged, so nobody may change what is under it.

        Raises:
            EngineError: what came before could not be staged.
        """
        if data:
            self._pieces.append(memoryview(data))
        self._held += len(data)
        self._size += len(data)
        while self._held > self._chunk:
            self._stage(self._take(self._chunk))

    def finish(self) -> NewBody:
        """Return the whole body; from here on it is linked or discarded.

        Raises:
            EngineError: it could not be staged.
        """
        body = Body(self._id, self._key, self._size, self._chunk)
        if self._staged:
            self._stage(self._take(self._held))
            self._staging.finish()
            return NewBody(body, None)
        held = self._sealed(0, self._take(self._held)) if self._held else None
        return NewBody(body, held)

    def discard(self) -> None:
        """Give up what was staged. Safe after `finish`, and to call twice."""
        self._staging.forget()
        if self._staged:
            body_id, chunks = self._id, self._staged
            self._staged = 0
            self._engine.update(lambda tx: _drop_staged(tx, body_id, chunks))

    def _take(self, count: int) -> bytes | memoryview:
        """Take so many bytes off what is held, copied at most once."""
        self._held -= count
        taken = []
        while count:
            piece = self._pieces.popleft()
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
            taken.append(piece[:count])
            count -= len(taken[-1])
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _sealed(self, number: int, plain: bytes | memoryview) -> bytes:
        return self._cipher.encrypt(_nonce(number), plain, _bound_to(self._id, number))

    def _stage(self, plain: bytes | memoryview) -> None:
        number = self._staged
        chunk = Chunk(body_id=self._id, number=number, data=self._sealed(number, plain))

        def work(tx: Writer) -> None:
            if number == 0:
                tx.put(Staged(body_id=self._id, at=self._now))
            elif tx.get(Staged, self._id) is None:
                raise CorruptData(f"body {self._id.hex()} was collected while it arrived")
            tx.put(chunk)

        # The update that links the body is durable, and with it all that was staged before.
        self._staging.do(lambda: self._engine.update(work, durable=False))
        self._staged += 1


def _chunk_at(body_id: bytes, number: int) -> Callable[[Reader], Chunk | None]:
    return lambda tx: tx.get(Chunk, body_id, number)


def _drop_staged(tx: Writer, body_id: bytes, chunks: int) -> None:
    if tx.get(Staged, body_id) is None:
        return  # linked meanwhile: it belongs to a record now
    for number in range(chunks):
        tx.drop(Chunk, body_id, number)
    tx.drop(Staged, body_id)


def link(tx: Writer, new: NewBody) -> Body:
    """Make a new body part of what this transaction writes."""
    if new.held is not None:
        tx.put(Chunk(body_id=new.body.id, number=0, data=new.held))
    elif new.body.size:
        if tx.get(Staged, new.body.id) is None:
            raise CorruptData(f"body {new.body.id.hex()} was collected before it was linked")
        tx.drop(Staged, new.body.id)
    return new.body


def discard(engine: Engine, new: NewBody) -> None:
    """Give up a finished body. One that was linked meanwhile is left alone."""
    if new.held is None and new.body.size:
        engine.update(lambda tx: _drop_staged(tx, new.body.id, new.body.chunks))


def unlink(tx: Writer, body: Named, now: datetime, *, alone: bool = True) -> None:
    """Let a body go: at once if it is read in one view, else after a grace period.

    Args:
        tx: the transaction that stops naming the body.
        body: the body, or its `StoredBody`.
        now: the time of the request.
        alone: whether it was read alone. One of several is still read after the view that found it.
    """
    if alone and body.chunks <= 1:
        if body.size < SMALLEST:
            tx.drop(Chunk, body.id, 0)
        else:
            drop_body(tx, body.id, micros(now))
    else:
        tx.put(Garbage(at=micros(now), id=body.id))


def micros(at: datetime) -> int:
    """Return a time in microseconds since the epoch."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def collect_staged(engine: Engine, older_than: datetime, limit: int = 100) -> int:
    """Give up bodies that were begun before a time and never linked; they become garbage.

    Args:
        engine: where.
        older_than: longer ago than any request lasts.
        limit: at most so many, in one transaction.

    Returns:
        How many; call again while it is `limit`.
    """

    def work(tx: Writer) -> int:
        old = (record for record in tx.scan(Staged) if record.at < older_than)
        given_up = tuple(islice(old, limit))
        for record in given_up:
            # From here on it can be neither continued nor linked, so its chunks may go in steps.
            tx.drop(Staged, record.body_id)
            tx.put(Garbage(at=micros(record.at), id=record.body_id))
        return len(given_up)

    return engine.update(work)


def collect_garbage(engine: Engine, older_than: datetime, limit: int = 64) -> int:
    """Drop a bounded part of what was let go before a time: chunks of bodies, items of tables.

    Args:
        engine: where.
        older_than: longer ago than any reader lasts.
        limit: at most so many records, in one transaction.

    Returns:
        How many records went; 0 when there is no more to collect.
    """
    until = micros(older_than)

    def work(tx: Writer) -> int:
        dropped = 0
        while dropped < limit:
            oldest = next(tx.scan(Garbage, limit=1), None)
            if oldest is None or oldest.at >= until:
                break
            if oldest.what == "items":
                count = _drop_items(tx, oldest.id, limit - dropped)
            else:
                count = _drop_chunks(tx, oldest, limit - dropped)
            dropped += count
            if dropped < limit:  # nothing of it is left
                tx.drop(Garbage, oldest.at, oldest.id)
                dropped += 1
        return dropped

    return engine.update(work)


def _drop_chunks(tx: Writer, garbage: Garbage, limit: int) -> int:
    """Drop up to `limit` chunks from the end, so that what is left is always 0 to some number."""
    body_id = garbage.id
    last = next(tx.scan(Chunk, body_id, reverse=True, limit=1), None)
    if last is None or is_base(tx, body_id):
        drop_body(tx, body_id, garbage.at)  # what is packed; or it becomes an orphan
        return 0
    stop = max(last.number - limit, -1)
    for number in range(last.number, stop, -1):
        tx.drop(Chunk, body_id, number)
    return last.number - stop


def _drop_items(tx: Writer, table_id: bytes, limit: int) -> int:
    """Drop up to `limit` items and expiries of a table that is gone."""
    dropped = 0
    for item in tx.scan(Item, table_id, limit=limit):
        tx.drop(Item, table_id, item.hash, item.range)
        dropped += 1
    for expiry in tx.scan(Expiry, table_id, limit=limit - dropped):
        tx.drop(Expiry, table_id, expiry.at, expiry.hash, expiry.range)
        dropped += 1
    return dropped


def _unpacked(view: View, body: Body, missing: int) -> bytes:
    """Return all bytes of a body that is packed, or was while a chunk of it was looked for."""
    from holdfast.engine.packing import unpack  # few bodies need what it loads

    if body.size > LARGEST:
        raise CorruptData(f"chunk {missing} of body {body.id.hex()} is missing")
    return unpack(body, view(lambda tx: chain_of(tx, body.id)))


def _read_packed(view: View, body: Body, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes of a packed body, a chunk's at a time.

    It stays unpacked meanwhile, unless many others do: then it is unpacked anew for each chunk.
    """
    keep = _UNPACKED.acquire(blocking=False)
    try:
        plain = b""
        for number in range(start // body.chunk, -(-stop // body.chunk)):
            plain = plain or _unpacked(view, body, number)
            yield plain[max(start, number * body.chunk) : min(stop, (number + 1) * body.chunk)]
            plain = plain if keep else b""
    finally:
        if keep:
            _UNPACKED.release()


def read(view: View, body: Body, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes `start` to `stop` (exclusive) of a body, a chunk's at a time.

    Args:
        view: an engine's `view`, or a function that calls with the reader at hand.
        body: what to read.
        start: first byte.
        stop: one past the last byte.

    Raises:
        CorruptData: a chunk is missing or does not open.
    """
    for number in range(start // body.chunk, -(-stop // body.chunk)):
        base = number * body.chunk
        record = view(_chunk_at(body.id, number))
        if record is None:
            # It was packed, perhaps since the chunk before was read.
            yield from _read_packed(view, body, max(start, base), stop)
            return
        plain = open_chunk(body, number, record.data)
        low, high = max(start - base, 0), min(stop - base, len(plain))
        yield plain[low:high] if (low, high) != (0, len(plain)) else plain

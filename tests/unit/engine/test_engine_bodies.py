"""Bodies come back whole or in ranges, never changed; what nothing links is collected."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caught_up import caught_up
from holdfast.engine.bodies import (
    Body,
    BodyWriter,
    collect_garbage,
    collect_staged,
    discard,
    link,
    read,
    unlink,
)
from holdfast.engine.port import CorruptData, Engine, Writer
from holdfast.engine.record import Record
from holdfast.engine.records import Chunk, Expiry, Garbage, Item, Staged
from holdfast.engine.sqlite import SqliteEngine

NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
TINY = 8  # bytes in a chunk


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """Return an engine on an empty database."""
    made = SqliteEngine(tmp_path / "x.db")
    yield made
    made.close()


def written(engine: Engine, *pieces: bytes) -> Body:
    """Write and link a body of tiny chunks."""
    writer = BodyWriter(engine, NOW, chunk_bytes=TINY)
    for piece in pieces:
        writer.write(piece)
    new = writer.finish()
    return engine.update(lambda tx: link(tx, new))


def content(engine: Engine, body: Body) -> bytes:
    """Read a whole body."""
    return b"".join(read(engine.view, body, 0, body.size))


def count(engine: Engine, kind: type[Record]) -> int:
    """Count the records of a kind."""
    return engine.view(lambda tx: sum(1 for _ in tx.scan(kind)))


ANY_EXAMPLES = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)


@given(data=st.data(), pieces=st.lists(st.binary(max_size=30), max_size=6))
@ANY_EXAMPLES
def test_any_range_of_any_body_comes_back(
    engine: Engine, data: st.DataObject, pieces: list[bytes]
) -> None:
    """However it was cut when written, and wherever it is read from."""
    whole = b"".join(pieces)
    body = written(engine, *pieces)
    assert body.size == len(whole)
    assert content(engine, body) == whole
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert b"".join(read(engine.view, body, start, stop)) == whole[start:stop]


@pytest.mark.parametrize("size", [0, 1, TINY - 1, TINY])
def test_a_short_body_is_written_by_its_link_only(engine: Engine, size: int) -> None:
    """Nothing is staged; one commit keeps it."""
    writer = BodyWriter(engine, NOW, chunk_bytes=TINY)
    writer.write(bytes(size))
    new = writer.finish()
    assert count(engine, Chunk) == count(engine, Staged) == 0
    engine.update(lambda tx: link(tx, new))
    assert count(engine, Chunk) == (1 if size else 0)
    assert count(engine, Staged) == 0


def test_a_long_body_is_staged_until_its_link(engine: Engine) -> None:
    """And then no longer."""
    writer = BodyWriter(engine, NOW, chunk_bytes=TINY)
    writer.write(bytes(TINY * 3))
    caught_up()
    assert (count(engine, Chunk), count(engine, Staged)) == (2, 1)
    new = writer.finish()
    engine.update(lambda tx: link(tx, new))
    assert (count(engine, Chunk), count(engine, Staged)) == (3, 0)


def test_nothing_readable_is_stored(engine: Engine, tmp_path: Path) -> None:
    """The plaintext is in no file."""
    text = b"a secret that is easily found "
    body = written(engine, text * 10)
    assert content(engine, body) == text * 10
    for path in tmp_path.iterdir():
        assert text[:TINY] not in path.read_bytes()


def chunks_of(engine: Engine, body: Body) -> list[Chunk]:
    """Return the chunks of a body."""
    return engine.view(lambda tx: list(tx.scan(Chunk, body.id)))


def store(engine: Engine, *chunks: Chunk) -> None:
    """Put chunks as they are."""

    def work(tx: Writer) -> None:
        for chunk in chunks:
            tx.put(chunk)

    engine.update(work)


@given(
    size=st.integers(1, 40),
    chunk=st.integers(0),
    place=st.integers(0),
    bit=st.integers(0, 7),
    damage=st.sampled_from(["flipped", "cut", "longer", "missing", "empty"]),
)
@ANY_EXAMPLES
def test_a_damaged_chunk_never_reads(
    engine: Engine, size: int, chunk: int, place: int, bit: int, damage: str
) -> None:
    """Whatever happened to it, the error says which chunk; the chunks before it are right."""
    whole = bytes(range(size))
    body = written(engine, whole)
    victim = chunks_of(engine, body)[chunk % body.chunks]
    changed = bytearray(victim.data)
    place %= len(changed)
    if damage == "flipped":
        changed[place] ^= 1 << bit
    elif damage == "cut":
        del changed[place:]
    elif damage == "longer":
        changed += b"\0"
    elif damage == "empty":
        changed.clear()
    if damage == "missing":
        engine.update(lambda tx: tx.drop(Chunk, body.id, victim.number))
    else:
        store(engine, msgspec.structs.replace(victim, data=bytes(changed)))
    pieces = read(engine.view, body, 0, body.size)
    before = b"".join(islice(pieces, victim.number))
    assert before == whole[: victim.number * TINY]
    with pytest.raises(CorruptData, match=f"chunk {victim.number} of body {body.id.hex()}"):
        next(pieces)


def test_swapped_chunks_never_read(engine: Engine) -> None:
    """Neither within a body nor between two bodies of the same content."""
    body, twin = written(engine, bytes(TINY * 2)), written(engine, bytes(TINY * 2))
    first, second = chunks_of(engine, body)
    store(
        engine,
        msgspec.structs.replace(first, data=second.data),
        msgspec.structs.replace(second, data=first.data),
    )
    with pytest.raises(CorruptData):
        content(engine, body)
    store(engine, first, msgspec.structs.replace(second, data=chunks_of(engine, twin)[1].data))
    with pytest.raises(CorruptData):
        content(engine, body)


def test_a_body_of_another_size_never_reads(engine: Engine) -> None:
    """A list of bodies that lies about a length is found out."""
    body = written(engine, bytes(20))
    for size in (19, 21, 25):
        lying = msgspec.structs.replace(body, size=size)
        with pytest.raises(CorruptData):
            content(engine, lying)


def test_a_discarded_body_leaves_nothing(engine: Engine) -> None:
    """Before or after it is finished, and twice."""
    for finished in (False, True):
        writer = BodyWriter(engine, NOW, chunk_bytes=TINY)
        writer.write(bytes(100))
        if finished:
            writer.finish()
        writer.discard()
        writer.discard()
        assert count(engine, Chunk) == count(engine, Staged) == 0


def test_discarding_a_linked_body_does_nothing(engine: Engine) -> None:
    """It belongs to a record by then."""
    writer = BodyWriter(engine, NOW, chunk_bytes=TINY)
    writer.write(bytes(100))
    new = writer.finish()
    body = engine.update(lambda tx: link(tx, new))
    writer.discard()
    discard(engine, new)
    assert content(engine, body) == bytes(100)


def test_staged_bodies_are_collected_once_they_are_old(engine: Engine) -> None:
    """Young ones stay, old ones go with all their chunks."""
    old, young = (BodyWriter(engine, at, chunk_bytes=TINY) for at in (NOW, LATER))
    old.write(bytes(50))
    young.write(bytes(50))
    kept = young.finish()
    assert collect_staged(engine, older_than=LATER) == 1
    assert collect_staged(engine, older_than=LATER) == 0
    while collect_garbage(engine, older_than=LATER):
        pass
    assert count(engine, Garbage) == 0
    body = engine.update(lambda tx: link(tx, kept))
    assert content(engine, body) == bytes(50)
    assert count(engine, Chunk) == body.chunks


def test_a_collected_body_can_neither_grow_nor_be_linked(engine: Engine) -> None:
    """Whoever is so late gets an error, and no chunk is left behind."""
    writers = [BodyWriter(engine, NOW, chunk_bytes=TINY) for _ in range(2)]
    for writer in writers:
        writer.write(bytes(50))
    new = writers[1].finish()
    collect_staged(engine, older_than=LATER)
    while collect_garbage(engine, older_than=LATER):
        pass
    writers[0].write(bytes(TINY))
    with pytest.raises(CorruptData, match="collected"):
        writers[0].finish()
    with pytest.raises(CorruptData, match="collected"):
        engine.update(lambda tx: link(tx, new))
    assert count(engine, Chunk) == 0


def test_staged_bodies_are_collected_a_few_at_a_time(engine: Engine) -> None:
    """The limit is kept to."""
    for _ in range(5):
        BodyWriter(engine, NOW, chunk_bytes=TINY).write(bytes(20))
    caught_up()
    assert [collect_staged(engine, LATER, limit=2) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_garbage_is_collected_in_bounded_steps(engine: Engine, limit: int) -> None:
    """No step drops more than the limit, and in the end nothing is left."""
    bodies = [written(engine, bytes(chunks * TINY)) for chunks in (1, 2, 4, 7)]

    def work(tx: Writer) -> None:
        for body in bodies:
            unlink(tx, body, NOW, alone=False)

    engine.update(work)
    before = count(engine, Chunk) + count(engine, Garbage)
    while dropped := collect_garbage(engine, LATER, limit):
        assert dropped <= limit
        after = count(engine, Chunk) + count(engine, Garbage)
        assert before - after == dropped
        before = after
    assert before == 0


def test_young_garbage_stays(engine: Engine) -> None:
    """Readers under way can finish."""
    body = written(engine, bytes(50))
    engine.update(lambda tx: unlink(tx, body, NOW))
    assert collect_garbage(engine, older_than=NOW) == 0
    assert content(engine, body) == bytes(50)


def test_a_short_body_goes_at_once(engine: Engine) -> None:
    """It is read in one view, so nobody can be in the middle of it."""
    body = written(engine, b"short")
    engine.update(lambda tx: unlink(tx, body, NOW))
    assert count(engine, Chunk) == count(engine, Garbage) == 0


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_items_of_a_dropped_table_are_collected(engine: Engine, limit: int) -> None:
    """Its items and expiries go, those of other tables stay."""

    def work(tx: Writer) -> None:
        for number in range(5):
            for table in (b"gone", b"kept"):
                name = b"%d" % number
                tx.put(Item(table_id=table, hash=name, data=b""))
                tx.put(Expiry(table_id=table, at=number, hash=name))
        tx.put(Garbage(at=1, id=b"gone", what="items"))

    engine.update(work)
    while dropped := collect_garbage(engine, LATER, limit):
        assert dropped <= limit
    assert count(engine, Item) == count(engine, Expiry) == 5
    assert count(engine, Garbage) == 0
    assert engine.view(lambda tx: next(tx.scan(Item, b"gone"), None)) is None

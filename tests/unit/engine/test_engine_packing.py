"""Packed bodies give their bytes again, and nothing but their own; bases go in the right order."""

import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.engine.bodies import Body, BodyWriter, collect_garbage, link, read, unlink
from holdfast.engine.packed_links import (
    LARGEST,
    LONGEST_CHAIN,
    SMALLEST,
    Chain,
    can_carry,
    chain_below,
    chain_of,
    longest_chain,
    replace_by_packed,
    replace_by_whole,
)
from holdfast.engine.packed_verify import wrong_links
from holdfast.engine.packing import pack, unpack, whole
from holdfast.engine.port import CorruptData, Engine, Reader, Writer
from holdfast.engine.record import Record
from holdfast.engine.records import Chunk, Orphan, Packed, PackedOn
from holdfast.engine.sqlite import SqliteEngine

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
KINDS: tuple[type[Record], ...] = (Chunk, Packed, PackedOn, Orphan)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """A fresh engine."""
    opened = SqliteEngine(tmp_path / "holdfast.db")
    yield opened
    opened.close()


def a_body(size: int) -> Body:
    """Return a body that is nowhere."""
    return Body(os.urandom(16), os.urandom(32), size)


def text(number: int, size: int = 8000) -> bytes:
    """Return bytes that compress, a little other for each number."""
    return (b"%08d" % number) + b"a line of a state, like others\n" * (size // 31)


def stored(engine: Engine, plain: bytes, chunk: int = 1 << 20) -> Body:
    """Write and link a body."""
    writer = BodyWriter(engine, NOW, chunk_bytes=chunk)
    writer.write(plain)
    new = writer.finish()
    return engine.update(lambda tx: link(tx, new))


def put_packed(engine: Engine, body: Body, base: Body | None = None) -> Packed:
    """Pack a stored body."""

    def whole_bytes(one: Body) -> bytes:
        return unpack(one, engine.view(lambda tx: chain_of(tx, one.id)))

    below = engine.view(lambda tx: chain_below(tx, body.id))
    pair = (base, whole_bytes(base)) if base is not None else None
    packed = pack(body, whole_bytes(body), pair, below)
    assert packed is not None
    engine.update(lambda tx: replace_by_packed(tx, packed, order=-1))
    return packed


def let_go(engine: Engine, body: Body) -> None:
    """Unlink a body."""
    engine.update(lambda tx: unlink(tx, body, NOW))


def plain_of(engine: Engine, body: Body) -> bytes:
    """Return the bytes of a stored body."""
    return b"".join(read(engine.view, body, 0, body.size))


def left(engine: Engine) -> int:
    """Return how many records of bodies there are."""

    def count(tx: Reader) -> int:
        return sum(1 for kind in KINDS for _ in tx.scan(kind))

    return engine.view(count)


edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=60)), max_size=6)


def edited(plain: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Return bytes with pieces replaced."""
    for place, length, new in changes:
        at = int(place * len(plain))
        plain = plain[:at] + new + plain[at + length :]
    return plain


@given(st.binary(min_size=1, max_size=3000), st.integers(1, 60), edits)
def test_a_body_comes_back_from_its_difference(piece: bytes, times: int, changes: object) -> None:
    """Whatever the base and the changes are, if it gains anything."""
    base_plain = piece * times
    plain = edited(base_plain, changes) or b"x"  # type: ignore[arg-type] # Hypothesis says Any
    base, body = a_body(len(base_plain)), a_body(len(plain))
    packed = pack(body, plain, (base, base_plain), 0)
    if packed is not None:
        chain = Chain((packed,), whole(base, base_plain))
        assert unpack(body, chain) == plain
        assert len(packed.data) < len(plain) + 150


@given(st.binary(max_size=200), st.integers(1, 200))
def test_a_body_comes_back_from_its_compressed_form(piece: bytes, times: int) -> None:
    """Without a base it stands by itself."""
    plain = piece * times
    body = a_body(len(plain))
    packed = pack(body, plain, None, 0)
    if packed is not None:
        assert unpack(body, Chain((packed,), ())) == plain


@pytest.mark.parametrize("size", [SMALLEST, 100_000, 1 << 20, LARGEST])
def test_the_whole_range_of_sizes_is_packed(size: int) -> None:
    """A small change of a body makes a small difference, wherever it is."""
    # The same bytes in every run: how often the compressor loses its place in 8 MiB depends on them.
    chance = random.Random(size)
    lines = (b'{"id": "%s"},\n' % chance.randbytes(32).hex().encode() for _ in range(size // 70))
    base_plain = b"".join(lines)[:size]
    assert len(base_plain) == size
    for at in (0, size // 3, size - 9):
        plain = base_plain[:at] + b"a change!" + base_plain[at + 9 :]
        base, body = a_body(size), a_body(size)
        packed = pack(body, plain, (base, base_plain), 0)
        assert packed is not None
        assert len(packed.data) < 200 + size // 1000
        assert unpack(body, Chain((packed,), whole(base, base_plain))) == plain


def damaged(packed: Packed, base: Packed) -> dict[str, Chain]:
    """Return chains that are not as they were written, by what was done."""
    replace = msgspec.structs.replace
    flipped = bytearray(packed.data)
    flipped[-1] ^= 1
    return {
        "a flipped bit": Chain((replace(packed, data=bytes(flipped)), base), ()),
        "cut": Chain((replace(packed, data=packed.data[:-1]), base), ()),
        "emptied": Chain((replace(packed, data=b""), base), ()),
        "led elsewhere": Chain((replace(packed, base_id=b"x" * 16), base), ()),
        "another's data": Chain((replace(packed, data=base.data), base), ()),
        "the base missing": Chain((packed,), ()),
        "the base another": Chain((packed, replace(base, body_id=b"x" * 16)), ()),
        "out of order": Chain((base, packed), ()),
    }


@pytest.mark.parametrize(
    "case", damaged(Packed(body_id=b"", data=b"-"), Packed(body_id=b"", data=b""))
)
def test_a_chain_that_was_changed_does_not_open(case: str) -> None:
    """Every link is bound to its body, and says what it hangs on inside what is sealed."""
    base, body = a_body(len(text(1))), a_body(len(text(2)))
    alone = pack(base, text(1), None, 0)
    packed = pack(body, text(2), (base, text(1)), 0)
    assert packed is not None
    assert alone is not None
    assert unpack(body, Chain((packed, alone), ())) == text(2)
    with pytest.raises(CorruptData):
        unpack(body, damaged(packed, alone)[case])


def test_a_chunk_cannot_stand_for_a_packed_form(engine: Engine) -> None:
    """Both are under the body's key, and are bound to different things."""
    body = a_body(len(text(1)))
    (chunk,) = whole(body, text(1))
    with pytest.raises(CorruptData):
        unpack(body, Chain((Packed(body_id=body.id, data=chunk.data),), ()))


def test_a_body_made_whole_again_is_what_it_was(engine: Engine) -> None:
    """Its chunks are the same to the bit: no nonce ever stands for two texts."""
    base, body = stored(engine, text(2)), stored(engine, text(1), 1000)
    before = engine.view(lambda tx: list(tx.scan(Chunk, body.id)))
    put_packed(engine, body, base)
    chunks = whole(body, plain_of(engine, body))
    engine.update(lambda tx: replace_by_whole(tx, chunks))
    assert engine.view(lambda tx: list(tx.scan(Chunk, body.id))) == before
    assert engine.view(lambda tx: list(tx.scan(Packed))) == []
    assert engine.view(lambda tx: list(tx.scan(PackedOn))) == []


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_reader_goes_on_when_the_body_is_packed_under_it(engine: Engine, at: int) -> None:
    """Before, between and after its chunks."""
    base, body = stored(engine, text(2)), stored(engine, text(1), 2000)
    pieces = read(engine.view, body, 500, body.size - 1)
    begun = [next(pieces) for _ in range(at)]
    put_packed(engine, body, base)
    assert b"".join([*begun, *pieces]) == text(1)[500:-1]


def test_a_reader_goes_on_when_the_body_is_made_whole_under_it(engine: Engine) -> None:
    """Between looking for a chunk and looking for the packed form."""
    body = stored(engine, text(1), 2000)
    put_packed(engine, body)
    chunks = whole(body, text(1))
    looks = 0

    def view(work: Callable[[Reader], object]) -> object:
        nonlocal looks
        looks += 1
        if looks == 2:
            engine.update(lambda tx: replace_by_whole(tx, chunks))
        return engine.view(work)

    assert b"".join(read(view, body, 0, body.size)) == text(1)  # type: ignore[arg-type] # generic


def test_a_missing_chunk_is_still_called_missing(engine: Engine) -> None:
    """Of a short body and of one too long to be packed."""
    short = stored(engine, text(1))
    engine.update(lambda tx: tx.drop(Chunk, short.id, 0))
    for body in (short, a_body(LARGEST + 1)):
        with pytest.raises(CorruptData, match=r"chunk 0 of body .* is missing"):
            plain_of(engine, body)


def test_chains_end_after_a_bounded_number_of_steps(engine: Engine) -> None:
    """A body on which the longest chain hangs carries no more; larger ones have shorter chains."""
    bodies = [stored(engine, text(number)) for number in range(LONGEST_CHAIN + 2)]
    for number, body in enumerate(bodies[:-2]):
        assert engine.view(_carrying(bodies[number + 1], body))
        put_packed(engine, body, bodies[number + 1])
    assert not engine.view(_carrying(bodies[-1], bodies[-2]))
    assert plain_of(engine, bodies[0]) == text(0)
    assert longest_chain(SMALLEST) == LONGEST_CHAIN
    assert 2 <= longest_chain(LARGEST) < LONGEST_CHAIN


def _carrying(base: Body, body: Body) -> Callable[[Reader], bool]:
    return lambda tx: can_carry(tx, base.id, body.size, chain_below(tx, body.id))


def test_a_difference_carries_no_longer_chain_than_it_was_measured_with(engine: Engine) -> None:
    """Otherwise the chain above it could grow without bound."""
    older, old, new = (stored(engine, text(number)) for number in range(3))
    put_packed(engine, old, new)
    assert not engine.view(_carrying(old, older))


def test_a_chain_without_an_end_is_found(engine: Engine) -> None:
    """Bodies that hang on each other do not keep a reader for ever."""
    body = stored(engine, text(1))

    def work(tx: Writer) -> None:
        tx.drop(Chunk, body.id, 0)
        tx.put(Packed(body_id=body.id, base_id=b"other", data=b""))
        tx.put(Packed(body_id=b"other", base_id=body.id, data=b""))

    engine.update(work)
    with pytest.raises(CorruptData, match="too many"):
        plain_of(engine, body)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=20,
    deadline=None,
)
@given(
    order=st.permutations(range(5)),
    chunk=st.sampled_from((1 << 20, 3000)),
    alone=st.sets(st.integers(0, 4)),
)
def test_bodies_go_in_any_order(
    engine: Engine, order: list[int], chunk: int, alone: set[int]
) -> None:
    """What is left reads all the while, and at the end nothing is left."""
    bodies = [stored(engine, text(number), chunk) for number in range(5)]
    for number, body in enumerate(bodies[:-1]):
        put_packed(engine, body, None if number in alone else bodies[number + 1])
    for place, number in enumerate(order):
        let_go(engine, bodies[number])
        while collect_garbage(engine, LATER):
            pass
        for kept in order[place + 1 :]:
            assert plain_of(engine, bodies[kept]) == text(kept)
        assert engine.view(lambda tx: list(wrong_links(tx))) == []
    assert left(engine) == 0


def test_wrong_links_are_named(engine: Engine) -> None:
    """A difference whose base may go, a body kept for nothing, and one that is stored twice."""
    one, two = stored(engine, text(1)), stored(engine, text(2))
    packed = put_packed(engine, one, two)

    def found() -> list[str]:
        return [what for _, what in engine.view(lambda tx: list(wrong_links(tx)))]

    engine.update(lambda tx: tx.drop(PackedOn, two.id, one.id))
    assert [what[:15] for what in found()] == ["it is packed on"]
    engine.update(lambda tx: replace_by_packed(tx, packed, order=-1))
    engine.update(lambda tx: tx.put(Orphan(body_id=one.id, at=1)))
    assert found() == ["it is kept for others, and there are none"]
    engine.update(lambda tx: tx.drop(Orphan, one.id))
    engine.update(lambda tx: tx.put(Chunk(body_id=one.id, number=0, data=b"")))
    assert found() == ["it is stored twice, packed and whole"]
    engine.update(lambda tx: tx.drop(Packed, one.id))
    assert [what[:14] for what in found()] == ["it is kept for"]

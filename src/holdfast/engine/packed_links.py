"""Which packed bodies hang on which others, and letting bodies go without breaking a chain.

A base that is let go while a difference hangs on it becomes an orphan: it stays until nothing does.
"""

from collections.abc import Iterator

import msgspec

from holdfast.engine.port import CorruptData, Reader, Writer
from holdfast.engine.records import Chunk, Orphan, Packed, PackedOn

# Smaller bodies, such as locks, are neither packed nor bases, so that letting them go needs no look
# for what hangs on them. It may be lowered only for what is packed; never raised.
SMALLEST = 4096  # bytes
LARGEST = 8 << 20  # bytes: a body is packed and unpacked in memory
LONGEST_CHAIN = 32  # differences
_LONGEST_UNPACKING = 64 << 20  # bytes that reading the end of a chain writes to memory, about


class Chain(msgspec.Struct, frozen=True):
    """Everything that reading a body takes, found in one view."""

    packed: tuple[Packed, ...]  # from the body on, each hanging on the next; none if it is whole
    chunks: tuple[Chunk, ...]  # of the body itself, or of the one that the last one hangs on


def may_be_packed(size: int) -> bool:
    """Tell whether a body of so many bytes is worth packing, and small enough."""
    return SMALLEST <= size <= LARGEST


def longest_chain(size: int) -> int:
    """Return how many differences may hang on each other for bodies of so many bytes."""
    return max(2, min(LONGEST_CHAIN, _LONGEST_UNPACKING // max(size, 1)))


def chain_of(tx: Reader, body_id: bytes) -> Chain:
    """Return what reading a body of at most `LARGEST` bytes takes, be it packed or whole.

    Raises:
        CorruptData: the chain does not end.
    """
    found: list[Packed] = []
    following = body_id
    while following and (packed := tx.get(Packed, following)) is not None:
        found.append(packed)
        following = packed.base_id
        if len(found) > LONGEST_CHAIN + 1:
            raise CorruptData(f"packed body {body_id.hex()} hangs on too many others")
    return Chain(tuple(found), tuple(tx.scan(Chunk, following)) if following else ())


def hanging_on(tx: Reader, body_id: bytes) -> Iterator[PackedOn]:
    """Yield the differences from a body."""
    return tx.scan(PackedOn, body_id)


def is_base(tx: Reader, body_id: bytes) -> bool:
    """Tell whether a difference hangs on a body."""
    return next(tx.scan(PackedOn, body_id, limit=1), None) is not None


def chain_below(tx: Reader, body_id: bytes) -> int:
    """Return the length of the longest chain of differences that hangs on a body, or more."""
    longest = 0
    for one in hanging_on(tx, body_id):
        packed = tx.get(Packed, one.body_id)
        if packed is not None:
            longest = max(longest, packed.below + 1)
    return longest


def can_carry(tx: Reader, base_id: bytes, size: int, below: int) -> bool:
    """Tell whether a body may become a difference from another without a chain growing too long.

    Args:
        tx: where they are.
        base_id: the body to hang it on.
        size: bytes of the body.
        below: the longest chain that hangs on the body already.
    """
    if below >= longest_chain(size):
        return False
    base = tx.get(Packed, base_id)
    # Above a base that is a difference itself the chain was measured with its `below`.
    return base is None or not base.base_id or base.below > below


def drop_body(tx: Writer, body_id: bytes, at: int) -> None:
    """Remove a body's bytes, or make it an orphan if a difference hangs on it.

    Args:
        tx: the transaction that lets it go.
        body_id: one that is short enough to be packed, or has no chunks any more.
        at: microseconds since the epoch.
    """
    if is_base(tx, body_id):
        tx.put(Orphan(body_id=body_id, at=at))
    else:
        _remove(tx, body_id)


def take_off(tx: Writer, packed: Packed) -> None:
    """Take a difference off its base; a base that was kept only for it goes."""
    if not packed.base_id:
        return
    tx.drop(PackedOn, packed.base_id, packed.body_id)
    if tx.get(Orphan, packed.base_id) is not None and not is_base(tx, packed.base_id):
        _remove(tx, packed.base_id)


def _remove(tx: Writer, body_id: bytes) -> None:
    """Remove a body on which nothing hangs, be it whole or packed."""
    tx.drop(Orphan, body_id)
    packed = tx.get(Packed, body_id)
    if packed is None:
        drop_chunks(tx, body_id)
        return
    tx.drop(Packed, body_id)
    take_off(tx, packed)  # a chain of orphans goes one after the other; its length is bounded


def drop_chunks(tx: Writer, body_id: bytes) -> None:
    """Remove all chunks of a body; only for one that is short enough to be packed."""
    last = next(tx.scan(Chunk, body_id, reverse=True, limit=1), None)
    for number in range(last.number + 1 if last is not None else 0):
        tx.drop(Chunk, body_id, number)


def replace_by_packed(tx: Writer, packed: Packed, order: int) -> None:
    """Put a body's packed form in the place of its chunks, or of an older packed form.

    Args:
        tx: a transaction that has seen the body and its base linked.
        packed: what `pack` returned.
        order: of the version whose body it is.
    """
    before = tx.get(Packed, packed.body_id)
    if before is None:
        drop_chunks(tx, packed.body_id)
    else:
        take_off(tx, before)
    tx.put(packed)
    if packed.base_id:
        tx.put(PackedOn(base_id=packed.base_id, body_id=packed.body_id, order=order))


def replace_by_whole(tx: Writer, chunks: tuple[Chunk, ...]) -> None:
    """Put a body's chunks in the place of its packed form."""
    before = tx.get(Packed, chunks[0].body_id)
    if before is None:
        return
    tx.drop(Packed, before.body_id)
    take_off(tx, before)
    for chunk in chunks:
        tx.put(chunk)

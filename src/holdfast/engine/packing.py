"""Packed bodies: compressed by themselves, or as differences from another body. Pure, but for reading.

The sealed data of a `Packed` record is `[base, frame]`: what opens the base (or None), and a Zstandard
frame for which the base's bytes are the dictionary. It is bound to its body, so a moved one does not
open, and the base stands inside, so a chain cannot be led elsewhere.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import zstandard

from holdfast.engine.bodies import Body, open_chunk
from holdfast.engine.packed_links import (
    LONGEST_CHAIN,
    SMALLEST,
    drop_chunks,
    take_off,
)
from holdfast.engine.port import CorruptData, Reader, Writer
from holdfast.engine.records import Chunk, Packed, PackedOn
from holdfast.engine.vault import binding, seal, unseal

LARGEST = 8 << 20  # bytes: a body is packed and unpacked in memory
_LEVEL = 9  # it finds small changes also in 8 MiB, and takes 1 ms for 100 KB
_GAIN = 8  # what does not get smaller by an eighth stays whole
_NO_BASE = b""


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What the sealed data holds."""

    base: Body | None
    frame: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything that reading a body takes, found in one view."""

    packed: tuple[Packed, ...]  # from the body on, each hanging on the next; none if it is whole
    chunks: tuple[Chunk, ...]  # of the body itself, or of the one that the last one hangs on


def may_be_packed(size: int) -> bool:
    """Tell whether a body of so many bytes is worth packing, and small enough."""
    return SMALLEST <= size <= LARGEST


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


def unpack(body: Body, chain: Chain) -> bytes:
    """Return the bytes of a body, be it packed or whole.

    Args:
        body: what opens it.
        chain: its chain.

    Raises:
        CorruptData: a link of the chain is missing, was changed or moved.
    """
    frames: list[tuple[Body, bytes]] = []
    current: Body | None = body
    for packed in chain.packed:
        if current is None:
            break
        content = _opened(current, packed)
        frames.append((current, content.frame))
        current = content.base
    plain = _NO_BASE if current is None else _whole(current, chain.chunks)
    for one, frame in reversed(frames):
        plain = _decompressed(one, frame, plain)
    return plain


def pack(
    body: Body,
    plain: bytes,
    base: tuple[Body, bytes] | None,
    below: int,
    random: Callable[[int], bytes] = os.urandom,
) -> Packed | None:
    """Return a body in packed form, proven to give its bytes again, or None if it gains too little.

    Args:
        body: what opens it.
        plain: its bytes.
        base: the body that it becomes a difference from, and that one's bytes.
        below: the longest chain of differences that hangs on the body.
        random: makes the nonce.

    Raises:
        CorruptData: what was packed does not give the same bytes.
    """
    base_plain = base[1] if base is not None else _NO_BASE
    frame = _compressed(plain, base_plain)
    if len(frame) > len(plain) - len(plain) // _GAIN:
        return None
    content = _Content(base[0] if base is not None else None, frame)
    sealed = seal(body.key, msgspec.msgpack.encode(content), _bound_to(body.id), random)
    base_id = base[0].id if base is not None else _NO_BASE
    packed = Packed(body_id=body.id, base_id=base_id, below=below, data=sealed)
    if _decompressed(body, _opened(body, packed).frame, base_plain) != plain:
        raise CorruptData(f"body {body.id.hex()} does not come back from its packed form")
    return packed


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


def replace_by_whole(tx: Writer, body_id: bytes, chunks: tuple[Chunk, ...]) -> None:
    """Put a body's chunks in the place of its packed form."""
    before = tx.get(Packed, body_id)
    if before is not None:
        tx.drop(Packed, body_id)
        take_off(tx, before)
    for chunk in chunks:
        tx.put(chunk)


def _bound_to(body_id: bytes) -> bytes:
    # Chunks are bound to 24 bytes; this is longer, so neither can stand for the other.
    return binding("packed", body_id)


def _opened(body: Body, packed: Packed) -> _Content:
    if packed.body_id != body.id:
        raise CorruptData(f"body {body.id.hex()}, which another one is packed on, is not there")
    raw = unseal(body.key, packed.data, _bound_to(body.id))
    try:
        content = msgspec.msgpack.decode(raw, type=_Content)
    except msgspec.MsgspecError:
        raise CorruptData(f"packed body {body.id.hex()} is in an unknown form") from None
    if packed.base_id != (content.base.id if content.base is not None else _NO_BASE):
        raise CorruptData(f"packed body {body.id.hex()} hangs on another body than was written")
    return content


def _whole(body: Body, chunks: tuple[Chunk, ...]) -> bytes:
    stored = {chunk.number: chunk.data for chunk in chunks if chunk.body_id == body.id}
    for number in range(body.chunks):
        if number not in stored:
            raise CorruptData(f"chunk {number} of body {body.id.hex()} is missing")
    return b"".join(open_chunk(body, number, stored[number]) for number in range(body.chunks))


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict | None:
    if not base:
        return None
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _compressed(plain: bytes, base: bytes) -> bytes:
    # No long-distance matching: with a dictionary of several MiB, zstandard 0.25 divides by zero.
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL,
        source_size=len(plain),
        dict_size=len(base),
        window_log=max((len(plain) + len(base)).bit_length(), 10),  # all of both is in sight
        write_checksum=True,
    )
    compressor = zstandard.ZstdCompressor(
        dict_data=_dictionary(base), compression_params=parameters
    )
    return compressor.compress(plain)


def _decompressed(body: Body, frame: bytes, base: bytes) -> bytes:
    try:
        decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(base))
        plain = decompressor.decompress(frame, max_output_size=body.size)
    except zstandard.ZstdError as problem:
        raise CorruptData(f"packed body {body.id.hex()} does not unpack: {problem}") from None
    if len(plain) != body.size:
        raise CorruptData(f"packed body {body.id.hex()} has the wrong length")
    return plain

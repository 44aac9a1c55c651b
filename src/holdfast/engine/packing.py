"""Packed bodies: compressed by themselves, or as differences from another body. Pure, no I/O.

The sealed data of a `Packed` record is `[base, frame]`: what opens the base (or None), and a Zstandard
frame for which the base's bytes are the dictionary. It is bound to its body, so a moved one does not
open, and the base stands inside, so a chain cannot be led elsewhere.
"""

import os
from collections.abc import Callable

import msgspec
import zstandard

from holdfast.engine.bodies import Body, open_chunk, seal_chunk
from holdfast.engine.packed_links import Chain
from holdfast.engine.port import CorruptData
from holdfast.engine.records import Chunk, Packed
from holdfast.engine.vault import binding, seal, unseal

_LEVEL = 9  # it finds small changes also in 8 MiB, and takes 1 ms for 100 KB
_GAIN = 8  # what does not get smaller by an eighth stays whole
_NO_BASE = b""


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What the sealed data holds."""

    base: Body | None
    frame: bytes


# Made here, not at its first use: msgspec crashes when two threads are the first with a Struct.
_CONTENT = msgspec.msgpack.Decoder(_Content)


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


def whole(body: Body, plain: bytes) -> tuple[Chunk, ...]:
    """Return a body's chunks as they were before it was packed."""
    size = body.chunk
    return tuple(
        seal_chunk(body, number, plain[number * size : (number + 1) * size])
        for number in range(body.chunks)
    )


def _bound_to(body_id: bytes) -> bytes:
    # Chunks are bound to 24 bytes; this is longer, so neither can stand for the other.
    return binding("packed", body_id)


def _opened(body: Body, packed: Packed) -> _Content:
    if packed.body_id != body.id:
        raise CorruptData(f"body {body.id.hex()}, which another one is packed on, is not there")
    raw = unseal(body.key, packed.data, _bound_to(body.id))
    try:
        content = _CONTENT.decode(raw)
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

"""Checking how packed bodies hang on each other; whether each opens is checked by reading it."""

from collections.abc import Iterator

from holdfast.engine.packed_links import is_base
from holdfast.engine.port import Reader
from holdfast.engine.records import Chunk, Orphan, Packed, PackedOn
from holdfast.engine.verify import readable


def wrong_links(reader: Reader) -> Iterator[tuple[bytes, str]]:
    """Yield the id of each body whose place in a chain is wrong, and what is wrong, in a sentence.

    Args:
        reader: one view of everything.
    """
    for packed in readable(reader, Packed):
        body_id, base_id = packed.body_id, packed.base_id
        if base_id and reader.get(PackedOn, base_id, body_id) is None:
            yield body_id, f"it is packed on body {base_id.hex()}, which may go without it"
        if next(reader.scan(Chunk, body_id, limit=1), None) is not None:
            yield body_id, "it is stored twice, packed and whole"
    for link in readable(reader, PackedOn):
        hanging = reader.get(Packed, link.body_id)
        if hanging is None or hanging.base_id != link.base_id:
            yield link.base_id, f"it is kept for body {link.body_id.hex()}, which does not need it"
    for orphan in readable(reader, Orphan):
        if not is_base(reader, orphan.body_id):
            yield orphan.body_id, "it is kept for others, and there are none"

"""The contract: what is put is found, as it was put."""

from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from holdfast.engine.kinds import KINDS
from holdfast.engine.port import Engine, Writer
from holdfast.engine.record import Record
from holdfast.engine.records import (
    Bucket,
    Chunk,
    Encryption,
    Item,
    Key,
    KeyMaterial,
    ObjectVersion,
    PartSummary,
    Setting,
)

AT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
SAMPLES: dict[Any, Any] = {str: "text", int: 7, bytes: b"\x00\xff", datetime: AT}
S = TypeVar("S", bound=Struct)


def sample(kind: type[S]) -> S:
    """Return a record of a kind, or a struct inside one, with its required fields only."""
    required = {
        field.name: SAMPLES[field.type] if field.type in SAMPLES else sample(field.type)
        for field in fields(kind)
        if field.required
    }
    return kind(**required)


def key_of(record: Record) -> tuple[Any, ...]:
    """Return the key of a record."""
    return tuple(getattr(record, name) for name in record.key_fields)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_kind_is_kept_and_dropped(engine: Engine, kind: type[Record]) -> None:
    """A record of each kind comes back equal, and is gone after a drop."""
    record = sample(kind)
    engine.update(lambda tx: tx.put(record))
    assert engine.view(lambda tx: tx.get(kind, *key_of(record))) == record
    assert engine.view(lambda tx: list(tx.scan(kind))) == [record]
    engine.update(lambda tx: tx.drop(kind, *key_of(record)))
    assert engine.view(lambda tx: tx.get(kind, *key_of(record))) is None


def test_nested_values_come_back_with_their_types(engine: Engine) -> None:
    """Structs, tuples, maps of anything, times and bytes inside a record survive."""
    version = ObjectVersion(
        bucket="b",
        key="k",
        order=-1,
        version_id="null",
        last_modified=AT,
        parts=(PartSummary(number=1, size=5, checksums={"CRC32": "x"}),),
        encryption=Encryption(algorithm="aws:kms", bucket_key=True),
        metadata={"a": "ü"},
    )
    key = Key(key_id="1", created=AT, materials=(KeyMaterial(sealed=b"\0", created=AT),))
    bucket = Bucket(
        name="b",
        created=AT,
        region="r",
        settings={"Tagging": {"At": AT, "Raw": b"\xff", "List": [1, 2.5, None, True, "x"]}},
    )

    def work(tx: Writer) -> None:
        for record in (version, key, bucket):
            tx.put(record)

    engine.update(work)
    assert engine.view(lambda tx: tx.get(ObjectVersion, "b", "k", -1)) == version
    assert engine.view(lambda tx: tx.get(Key, "1")) == key
    assert engine.view(lambda tx: tx.get(Bucket, "b")) == bucket


def test_put_replaces_the_record_of_its_key(engine: Engine) -> None:
    """The second of two records with one key is the one that is there."""
    engine.update(lambda tx: tx.put(Setting(name="a", value=b"first")))
    engine.update(lambda tx: tx.put(Setting(name="a", value=b"second")))
    assert engine.view(lambda tx: list(tx.scan(Setting))) == [Setting(name="a", value=b"second")]


def test_a_chunk_is_replaced_too(engine: Engine) -> None:
    """The table of chunks is laid out differently and keeps the same promise."""

    def work(tx: Writer) -> None:
        tx.put(Chunk(body_id=b"a", number=0, data=b"first"))
        tx.put(Chunk(body_id=b"a", number=0, data=b"second"))

    engine.update(work)
    chunks = engine.view(lambda tx: list(tx.scan(Chunk, b"a")))
    assert chunks == [Chunk(body_id=b"a", number=0, data=b"second")]


def test_dropping_nothing_is_no_error(engine: Engine) -> None:
    """A drop of a key that is not there does nothing."""
    engine.update(lambda tx: tx.drop(Setting, "absent"))
    assert engine.view(lambda tx: tx.get(Setting, "absent")) is None


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, -(2**63)])
def test_integers_of_64_bits_are_keys(engine: Engine, number: int) -> None:
    """The whole range of signed 64-bit integers can be a key."""
    record = Chunk(body_id=b"", number=number, data=b"")
    engine.update(lambda tx: tx.put(record))
    assert engine.view(lambda tx: tx.get(Chunk, b"", number)) == record


def test_a_megabyte_is_one_record(engine: Engine) -> None:
    """Chunks are about this large."""
    record = Chunk(body_id=b"a", number=0, data=bytes(range(256)) * 4100)
    engine.update(lambda tx: tx.put(record))
    assert engine.view(lambda tx: tx.get(Chunk, b"a", 0)) == record


def test_a_key_that_is_not_whole_is_a_mistake(engine: Engine) -> None:
    """Forgetting a key field raises instead of finding nothing."""
    with pytest.raises(Exception, match="bindings"):
        engine.view(lambda tx: tx.get(Item, b"table", b"hash"))


@given(name=st.text(), value=st.binary())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
def test_any_text_is_a_key(engine: Engine, name: str, value: bytes) -> None:
    """Text with NUL, astral and combining characters finds exactly its own record."""
    record = Setting(name=name, value=value)
    engine.update(lambda tx: tx.put(record))
    assert engine.view(lambda tx: tx.get(Setting, name)) == record
    assert engine.view(lambda tx: tx.get(Setting, name + "\0")) is None
    engine.update(lambda tx: tx.drop(Setting, name))
    assert engine.view(lambda tx: list(tx.scan(Setting))) == []

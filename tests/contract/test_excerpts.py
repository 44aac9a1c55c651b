"""The contract for excerpts: some fields of a record, read in its place."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.engine.excerpts import EXCERPTS, ListedVersion
from holdfast.engine.kinds import KINDS
from holdfast.engine.port import Engine, Writer
from holdfast.engine.readable import Readable
from holdfast.engine.records import ObjectVersion

AT = datetime(2024, 1, 1, tzinfo=UTC)
WHOLE = {kind.kind: kind for kind in KINDS}
TIMES = st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


def version(order: int, **fields: Any) -> ObjectVersion:
    """Return a version that has more than its excerpt does."""
    about = {"version_id": "v", "last_modified": AT, "tags": {"a": "b"}, "bodies": b"sealed"}
    return ObjectVersion(bucket="b", key="k", order=order, **{**about, **fields})


@pytest.mark.parametrize("excerpt", EXCERPTS)
def test_an_excerpt_has_fields_of_its_record(excerpt: type[Readable]) -> None:
    """With the same types and defaults, so that it says what the record does."""
    fields = {field.name: field for field in msgspec.structs.fields(WHOLE[excerpt.kind])}
    for field in msgspec.structs.fields(excerpt):
        assert field == fields[field.name]
    assert excerpt.key_fields == WHOLE[excerpt.kind].key_fields


@given(size=st.integers(0, 2**62), etag=st.text(max_size=5), at=TIMES, sums=st.booleans())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
)
def test_an_excerpt_is_read_in_place_of_its_record(
    engine: Engine, size: int, etag: str, at: datetime, *, sums: bool
) -> None:
    """Each field is the record's; what it leaves out does not matter."""
    checksums = {"SHA256": "abc="} if sums else {}
    whole = version(-7, size=size, etag=etag, last_modified=at, checksums=checksums)
    engine.update(lambda tx: tx.put(whole))
    expected = {name: getattr(whole, name) for name in ListedVersion.__struct_fields__}
    assert engine.view(lambda tx: tx.get(ListedVersion, "b", "k", -7)) == ListedVersion(**expected)


def test_excerpts_are_scanned_in_the_order_of_their_records(engine: Engine) -> None:
    """And within the same bounds."""

    def work(tx: Writer) -> list[int]:
        for order in range(-50, 0):
            tx.put(version(order))
        return [one.order for one in tx.scan(ListedVersion, "b", "k", after=(-40,), limit=30)]

    assert engine.update(work) == list(range(-39, -9))


def test_an_excerpt_cannot_be_written(engine: Engine) -> None:
    """What it leaves out would be lost."""
    excerpt: Any = ListedVersion(bucket="b", key="k", order=-1, version_id="v", last_modified=AT)
    engine.update(lambda tx: tx.put(version(-1)))
    with pytest.raises(TypeError, match="only read"):
        engine.update(lambda tx: tx.put(excerpt))
    assert engine.view(lambda tx: tx.get(ObjectVersion, "b", "k", -1)) == version(-1)

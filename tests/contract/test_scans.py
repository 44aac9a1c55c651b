"""The contract: scans yield in key order, within their bounds, whatever is written meanwhile."""

import itertools
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from contract_store import ENGINES, Store
from holdfast.engine.port import Engine, Reader, Writer
from holdfast.engine.records import Chunk, Expiry, ObjectVersion, Setting

AT = datetime(2024, 1, 1, tzinfo=UTC)
# Characters whose order differs between UTF-8, UTF-16 and locales, and those that end strings in C.
CHARACTERS = ["\0", "/", "A", "a", "b", "\x7f", "é", "e\u0301", "\ud7ff", "\ue000", "\uffff"]
TEXTS = st.one_of(
    st.lists(st.sampled_from([*CHARACTERS, "\U00010000", "\U0010ffff"]), max_size=4).map("".join),
    st.text(max_size=6),
)


def expiry(key: tuple[bytes, int, bytes, bytes]) -> Expiry:
    """Return the record of a key of four fields."""
    return Expiry(table_id=key[0], at=key[1], hash=key[2], range=key[3])


def put_all(engine: Engine, names: list[str]) -> None:
    """Put a setting of each name."""

    def work(tx: Writer) -> None:
        for name in names:
            tx.put(Setting(name=name, value=b""))

    engine.update(work)


@given(names=st.lists(TEXTS, unique=True, max_size=30))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
def test_text_is_ordered_by_its_utf8_bytes(engine: Engine, names: list[str]) -> None:
    """A scan agrees with sorting the encoded names, forwards and backwards."""

    def clear(tx: Writer) -> None:
        for record in tx.scan(Setting):
            tx.drop(Setting, record.name)

    engine.update(clear)
    put_all(engine, names)
    ordered = sorted(names, key=str.encode)
    assert [record.name for record in engine.view(lambda tx: list(tx.scan(Setting)))] == ordered
    backwards = engine.view(lambda tx: list(tx.scan(Setting, reverse=True)))
    assert [record.name for record in backwards] == ordered[::-1]


def test_integers_are_ordered_as_numbers(engine: Engine) -> None:
    """Negative ones come first."""
    numbers = [5, -1, 0, -(2**63), 2**63 - 1, 10, 9]

    def work(tx: Writer) -> list[int]:
        for number in numbers:
            tx.put(
                ObjectVersion(bucket="b", key="k", order=number, version_id="v", last_modified=AT)
            )
        return [record.order for record in tx.scan(ObjectVersion, "b", "k")]

    assert engine.update(work) == sorted(numbers)


def numbers_and_first_bytes(
    tx: Reader, *, limit: int | None, reverse: bool
) -> list[tuple[int, bytes]]:
    """Scan the chunks of body `a`."""
    chunks = tx.scan(Chunk, b"a", limit=limit, reverse=reverse)
    return [(chunk.number, chunk.data[:1]) for chunk in chunks]


def test_many_large_records_are_scanned_whole(engine: Engine) -> None:
    """Pages that end early because of their size lose and repeat nothing."""

    def work(tx: Writer) -> None:
        for number in range(40):
            data = bytes([number]) * (300_000 if number % 2 else 10)
            tx.put(Chunk(body_id=b"a", number=number, data=data))

    engine.update(work)
    for limit, reverse in itertools.product((None, 1, 17, 39, 40, 41), (False, True)):
        chunks = engine.view(partial(numbers_and_first_bytes, limit=limit, reverse=reverse))
        every = [(number, bytes([number])) for number in range(40)]
        assert chunks == (every[::-1] if reverse else every)[:limit]


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 79, 80, 81, 336, 337, 1000])
def test_every_length_around_the_pages_is_whole(engine: Engine, count: int) -> None:
    """No record is lost or repeated where one page ends and the next begins."""
    names = [f"{number:04}" for number in range(count)]
    put_all(engine, names)
    assert [r.name for r in engine.view(lambda tx: list(tx.scan(Setting)))] == names
    assert len(engine.view(lambda tx: list(tx.scan(Setting, limit=count)))) == count


def test_a_limit_of_nothing_yields_nothing(engine: Engine) -> None:
    """Zero is a limit, not the absence of one."""
    put_all(engine, ["a"])
    assert engine.view(lambda tx: list(tx.scan(Setting, limit=0))) == []


def test_a_whole_key_is_a_prefix(engine: Engine) -> None:
    """A scan with every key field yields the one record."""
    put_all(engine, ["a", "b"])
    assert [r.name for r in engine.view(lambda tx: list(tx.scan(Setting, "a")))] == ["a"]
    reverse = engine.view(lambda tx: list(tx.scan(Setting, "a", reverse=True)))
    assert [record.name for record in reverse] == ["a"]


def test_start_and_after_together_are_a_mistake(engine: Engine) -> None:
    """At most one of the bounds may be given; and not more values than key fields."""
    with pytest.raises(ValueError, match="both"):
        engine.view(lambda tx: list(tx.scan(Setting, start=("a",), after=("b",))))
    with pytest.raises(ValueError, match="key fields"):
        engine.view(lambda tx: list(tx.scan(Setting, "a", start=("b",))))


def test_dropping_what_is_scanned_disturbs_nothing(engine: Engine) -> None:
    """Every record is yielded once while each is dropped and others are put behind and before."""
    names = [f"m{number:04}" for number in range(600)]
    put_all(engine, names)

    def work(tx: Writer) -> list[str]:
        seen = []
        for record in tx.scan(Setting, start=("m",)):
            if record.name.startswith("z"):
                break
            seen.append(record.name)
            tx.drop(Setting, record.name)
            tx.put(Setting(name="a" + record.name, value=b""))
            tx.put(Setting(name="z" + record.name, value=b""))
        return seen

    assert engine.update(work) == names
    assert len(engine.view(lambda tx: list(tx.scan(Setting)))) == 1200


def test_two_scans_interleave(engine: Engine) -> None:
    """Scans of one transaction do not disturb each other, nor does one that is given up."""
    put_all(engine, [f"{number:04}" for number in range(300)])

    def work(tx: Reader) -> list[tuple[str, str]]:
        next(tx.scan(Setting))
        upwards, downwards = tx.scan(Setting), tx.scan(Setting, reverse=True)
        return [(a.name, b.name) for a, b in zip(upwards, downwards, strict=True)]

    pairs = engine.view(work)
    assert pairs == [(f"{n:04}", f"{299 - n:04}") for n in range(300)]


def test_a_prefix_is_an_exact_value(engine: Engine) -> None:
    """Longer text that begins with it is not meant."""

    def work(tx: Writer) -> list[tuple[str, int]]:
        for key in ("a", "ab", "a\0", "", "b"):
            for order in (1, 2):
                tx.put(
                    ObjectVersion(bucket="b", key=key, order=order, version_id="", last_modified=AT)
                )
        return [(version.key, version.order) for version in tx.scan(ObjectVersion, "b", "a")]

    assert engine.update(work) == [("a", 1), ("a", 2)]


# Few values, so that keys collide and bounds hit; each field has its smallest and largest.
FIELDS = (
    st.sampled_from([b"", b"\0", b"a", b"\xff"]),
    st.sampled_from([-(2**63), -1, 0, 2**63 - 1]),
    st.sampled_from([b"", b"a", b"a\0", b"\xff\xff"]),
    st.sampled_from([b"", b"b"]),
)
KEYS = st.tuples(*FIELDS)


class AgainstADictionary(RuleBasedStateMachine):
    """Puts, drops, gets and scans of a kind with four key fields, against a dictionary."""

    engine_name = "sqlite"

    @initialize()
    def begin(self) -> None:
        """Open an empty store."""
        self._folder = tempfile.TemporaryDirectory()
        self._store = Store(self.engine_name, Path(self._folder.name))
        self._model: dict[tuple[Any, ...], Expiry] = {}

    @property
    def _engine(self) -> Engine:
        return self._store.engine

    @rule(keys=st.lists(KEYS, max_size=20))
    def put(self, keys: list[tuple[bytes, int, bytes, bytes]]) -> None:
        """Put several records in one update."""

        def work(tx: Writer) -> None:
            for key in keys:
                tx.put(expiry(key))

        self._engine.update(work)
        self._model.update({key: expiry(key) for key in keys})

    @rule(keys=st.lists(KEYS, max_size=5))
    def drop(self, keys: list[tuple[bytes, int, bytes, bytes]]) -> None:
        """Drop several records in one update."""

        def work(tx: Writer) -> None:
            for key in keys:
                tx.drop(Expiry, *key)

        self._engine.update(work)
        for key in keys:
            self._model.pop(key, None)

    @rule(key=KEYS)
    def put_and_fail(self, key: tuple[bytes, int, bytes, bytes]) -> None:
        """An update that raises changes nothing."""

        def work(tx: Writer) -> None:
            tx.put(expiry(key))
            for record in tx.scan(Expiry):
                tx.drop(Expiry, record.table_id, record.at, record.hash, record.range)
            raise LookupError

        with pytest.raises(LookupError):
            self._engine.update(work)

    @rule(key=KEYS)
    def get(self, key: tuple[bytes, int, bytes, bytes]) -> None:
        """A get agrees."""
        assert self._engine.view(lambda tx: tx.get(Expiry, *key)) == self._model.get(key)

    @rule(
        key=KEYS,
        prefix=st.integers(0, 4),
        bound=st.integers(0, 4),
        side=st.sampled_from(["start", "after"]),
        limit=st.none() | st.integers(0, 30),
        reverse=st.booleans(),
    )
    def scan(
        self,
        key: tuple[Any, ...],
        prefix: int,
        bound: int,
        side: str,
        limit: int | None,
        *,
        reverse: bool,
    ) -> None:
        """A scan agrees with filtering the sorted keys."""
        values = key[prefix : prefix + bound]
        found = self._engine.view(
            lambda tx: list(
                tx.scan(Expiry, *key[:prefix], limit=limit, reverse=reverse, **{side: values})
            )
        )
        expected = [
            record
            for k, record in sorted(self._model.items(), reverse=reverse)
            if k[:prefix] == key[:prefix]
            and _within(k[prefix : prefix + len(values)], values, side, reverse=reverse)
        ]
        assert found == expected[:limit]

    @rule()
    def reopen(self) -> None:
        """Nothing is lost by closing."""
        self._store.reopen()

    @invariant()
    def all_agree(self) -> None:
        """The whole content agrees."""
        found = self._engine.view(lambda tx: list(tx.scan(Expiry)))
        assert found == [record for _, record in sorted(self._model.items())]

    def teardown(self) -> None:
        """Close and remove the store."""
        self._engine.close()
        self._folder.cleanup()


def _within(part: tuple[Any, ...], bound: tuple[Any, ...], side: str, *, reverse: bool) -> bool:
    if part == bound:
        return side == "start" or not bound
    return (part < bound) == reverse


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_any_history_agrees_with_a_dictionary(name: str) -> None:
    """See `AgainstADictionary`."""

    class OnThisEngine(AgainstADictionary):
        engine_name = name

    run_state_machine_as_test(
        OnThisEngine, settings=settings(max_examples=30, stateful_step_count=20, deadline=None)
    )

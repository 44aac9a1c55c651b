"""Versions that were stored before there was packing are found once, and packed like the others."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from damaged_data import opened
from holdfast.engine.directory import DATABASE
from holdfast.engine.migrate import MIGRATIONS
from holdfast.engine.packed_links import LONGEST_CHAIN
from holdfast.engine.records import Packed, Setting, ToPack
from holdfast.server.s3.older_versions import ALL, PROGRESS, OlderVersions
from in_process import Aws
from packed_states import (
    BUCKET,
    forget_notes,
    got,
    make_bucket,
    pack_all,
    packed,
    problems,
    put,
    records,
    state,
)

KEYS = ("a", "b", "c")
CUSTOMER: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


@pytest.fixture(autouse=True)
def bucket(aws: Aws) -> None:
    """A versioned bucket."""
    make_bucket(aws)


def history(aws: Aws) -> dict[str, list[str]]:
    """Write three versions of each key that nobody noted, and return their ids, the oldest first."""
    ids: dict[str, list[str]] = {key: [] for key in KEYS}
    for number in range(3):
        for key in KEYS:
            ids[key].append(put(aws, key, state(number)))
    forget_notes(aws)
    return ids


def noted(aws: Aws) -> list[tuple[str, int]]:
    """Return the keys and orders of the versions that are noted."""
    return sorted((note.key, note.order) for note in records(aws, ToPack))


@pytest.mark.parametrize("limit", [1, 2, 3, 64])
def test_all_but_the_newest_are_found_and_packed(aws: Aws, limit: int) -> None:
    """However few are looked at in one step."""
    ids = history(aws)
    older = OlderVersions(aws.engine, aws.site, limit)
    looked = 0
    while found := older(aws.clock()):
        assert found <= limit
        looked += found
    assert looked == 9
    assert len(noted(aws)) == 6
    assert pack_all(aws) == 6
    for key, versions in ids.items():
        assert [packed(aws, key, one) is not None for one in versions] == [True, True, False]
        assert [got(aws, key, one) for one in versions] == [state(n) for n in range(3)]
    assert problems(aws) == []


@pytest.mark.parametrize("limit", [4, 64])
def test_chains_are_as_long_as_those_of_versions_that_were_noted_at_once(
    aws: Aws, limit: int
) -> None:
    """The oldest are packed first, so that hardly any has to stand by itself."""
    for number in range(LONGEST_CHAIN + 5):
        put(aws, "a", state(number, 6_000))
    forget_notes(aws)
    older = OlderVersions(aws.engine, aws.site, limit)
    while older(aws.clock()):
        pack_all(aws)
    forms = records(aws, Packed)
    assert len(forms) == LONGEST_CHAIN + 4
    assert [form.below for form in forms if not form.base_id] == [LONGEST_CHAIN]


def test_the_search_goes_on_where_a_stopped_server_left_it(aws: Aws) -> None:
    """What was looked at is not looked at again, also when all was."""
    history(aws)
    looked = 0
    while found := OlderVersions(aws.engine, aws.site, 2)(aws.clock()):
        looked += found
    assert looked == 9
    assert len(noted(aws)) == 6
    forget_notes(aws)
    assert OlderVersions(aws.engine, aws.site)(aws.clock()) == 0
    assert noted(aws) == []


def test_a_version_that_came_meanwhile_is_noted_by_its_write(aws: Aws) -> None:
    """And one that went is not looked for."""
    ids = history(aws)
    older = OlderVersions(aws.engine, aws.site, 2)
    older(aws.clock())
    put(aws, "a", state(3))
    put(aws, "c", state(3))
    aws.s3.delete_object(Bucket=BUCKET, Key="b", VersionId=ids["b"][0])
    while older(aws.clock()):
        pass
    pack_all(aws)
    forms = {key: [packed(aws, key, one) is not None for one in ids[key]] for key in "ac"}
    assert forms == {"a": [True] * 3, "c": [True] * 3}
    assert packed(aws, "b", ids["b"][1]) is not None
    assert problems(aws) == []


def test_only_what_can_be_packed_and_is_not_is_noted(aws: Aws) -> None:
    """Not what is packed, short, or under a customer's key."""
    for number in range(2):
        put(aws, "packed", state(number))
        put(aws, "short", b"{}")
        put(aws, "customer", state(number), **CUSTOMER)
    pack_all(aws)
    put(aws, "whole", state(0))
    put(aws, "whole", state(1))
    forget_notes(aws)
    while OlderVersions(aws.engine, aws.site)(aws.clock()):
        pass
    assert [key for key, _ in noted(aws)] == ["whole"]


def test_an_empty_store_is_looked_at_once(aws: Aws) -> None:
    """That is kept, so that no later start looks again."""
    assert OlderVersions(aws.engine, aws.site)(aws.clock()) == 0
    setting = aws.engine.view(lambda tx: tx.get(Setting, PROGRESS))
    assert setting is not None
    assert setting.value == ALL


def test_a_damaged_version_ends_the_search_until_the_next_start(aws: Aws) -> None:
    """It is for `holdfast check` to tell; packing goes on."""
    history(aws)
    with closing(sqlite3.connect(aws.directory / DATABASE)) as database, database:
        database.execute("UPDATE object_version SET record = x'00' WHERE key = 'b'")
    older = OlderVersions(aws.engine, aws.site)
    assert [older(aws.clock()), older(aws.clock())] == [0, 0]
    assert aws.engine.view(lambda tx: tx.get(Setting, PROGRESS)) is None


def test_a_directory_of_the_format_before_packing_is_packed(aws: Aws, tmp_path: Path) -> None:
    """It is brought to the current format at the start, and then looked through."""
    ids = history(aws)
    data = tmp_path / "old"
    data.mkdir()
    with closing(sqlite3.connect(aws.directory / DATABASE)) as database:
        database.execute("VACUUM INTO ?", (str(data / DATABASE),))
    with closing(sqlite3.connect(data / DATABASE)) as database:
        first = (MIGRATIONS / "0001_first.sql").read_text()
        tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        later = [name for (name,) in tables if f'CREATE TABLE "{name}"' not in first]
        for table in later:
            database.execute(f"DROP TABLE {table}")
        database.execute("PRAGMA user_version = 1")
    (data / "root.key").write_bytes((aws.directory / "root.key").read_bytes())
    (data / "root.key").chmod(0o600)
    with opened(data) as other:
        while OlderVersions(other.engine, other.site)(other.clock()):
            pass
        assert pack_all(other) == 6
        assert len(records(other, Packed)) == 6
        assert [got(other, "b", one) for one in ids["b"]] == [state(n) for n in range(3)]
        assert problems(other) == []


def test_a_note_of_a_version_that_became_the_newest_changes_nothing(aws: Aws) -> None:
    """As when the newer ones are deleted between the look and the packing."""
    ids = history(aws)
    while OlderVersions(aws.engine, aws.site)(aws.clock()):
        pass
    for one in ids["a"][1:]:
        aws.s3.delete_object(Bucket=BUCKET, Key="a", VersionId=one)
    pack_all(aws)
    assert packed(aws, "a", ids["a"][0]) is None
    assert noted(aws) == []
    assert problems(aws) == []

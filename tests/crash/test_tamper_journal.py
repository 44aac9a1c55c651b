"""A journal that was changed behind the server's back: `holdfast check` names what and where."""

import os
from pathlib import Path

import msgspec
import pytest

from damaged_data import opened, rows
from holdfast.cli.main import run
from holdfast.engine.port import Writer
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from in_process import ACCESS_KEY_ID, SECRET, Aws
from journaled import append
from journals import NOON
from real_clients import start, stop


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a journal of four entries."""
    data = tmp_path / "data"
    with opened(data) as aws:
        aws.engine.update(lambda tx: _administrator(tx, aws))
        for what in ("lock-taken", "state-written", "state-written", "lock-released"):
            append(aws, what, bucket="states", key="a")
    return data


def _administrator(tx: Writer, aws: Aws) -> None:
    create_user(tx, ADMINISTRATOR, NOON, os.urandom)
    key = NewKey(ACCESS_KEY_ID, SECRET)
    create_access_key(tx, aws.vault, ADMINISTRATOR, NOON, os.urandom, key)


def checked(data: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, str]]]:
    """Return the exit code and the problems of `holdfast check`."""
    capsys.readouterr()
    code = run(["check", "--data", str(data), "--json"])
    problems: list[dict[str, str]] = msgspec.json.decode(capsys.readouterr().out)["problems"]
    return code, problems


def test_an_untouched_journal_is_sound(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is reported."""
    assert checked(data, capsys) == (0, [])


def test_a_changed_entry_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its number, with what to do."""
    with rows(data) as at:
        event = at.fields("journal_entry", number=2)["event"].replace(b"alice", b"malet")
        at.edit("journal_entry", lambda fields: fields.update(event=event), number=2)

    code, (problem,) = checked(data, capsys)

    assert code == 6
    assert problem["where"] == "journal, entry 2"
    assert problem["what"] == "not as written, or not in its place"
    assert "exported" in problem["next"]
    assert "holdfast restore-backup FILE --data NEW-DIR" in problem["next"]


def test_a_dropped_entry_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is missing between two others."""
    with rows(data) as at:
        at.delete("journal_entry", number=2)

    code, (problem,) = checked(data, capsys)

    assert (code, problem["where"], problem["what"]) == (6, "journal, entry 2", "missing")


def test_an_unreadable_entry_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a record, and as one that the journal misses; the others are still looked at."""
    with rows(data) as at:
        at.replace("journal_entry", b"\xc1", number=2)

    code, problems = checked(data, capsys)

    assert code == 6
    assert [problem["where"] for problem in problems] == ["the database", "journal, entry 2"]


def test_an_end_that_is_cut_off_after_a_stop_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server that stops writes down how far its journal reached."""
    data = tmp_path / "data"
    process, server = start(data)
    try:
        s3, lock = server.client("s3"), {"Bucket": "journaled", "Key": "a.tflock"}
        s3.create_bucket(Bucket="journaled")
        s3.put_object(**lock, Body=b'{"ID": "1", "Who": "me@here", "Operation": "apply"}')
        s3.delete_object(**lock)
    finally:
        stop(process)
    assert checked(data, capsys) == (0, [])
    with rows(data) as at:
        at.delete("journal_entry", number=2)

    _, (problem,) = checked(data, capsys)

    assert problem["where"] == "journal, entry 2"
    assert problem["what"] == "missing: the end of the journal was cut off"


@pytest.mark.parametrize("number", [1, 2, 4])
def test_an_unreadable_entry_stops_nobody(
    data: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are listed, either way; what happens next is written down and can be verified."""
    with rows(data) as at:
        at.replace("journal_entry", b"\xc1", number=number)
    with opened(data) as aws:
        append(aws, "lock-taken", bucket="states", key="b")
        listed = [entry["Number"] for entry in aws.holdfast.list_journal()["Entries"]]
        back = [entry["Number"] for entry in aws.holdfast.list_journal(Reverse=True)["Entries"]]
        since = aws.holdfast.list_journal(Since=NOON)["Entries"]

    assert listed == [each for each in range(1, 6) if each != number]
    assert back == listed[::-1]
    assert len(since) == 4
    _, problems = checked(data, capsys)
    assert [problem["where"] for problem in problems] == [
        "the database",
        f"journal, entry {number}",
    ]

"""`holdfast unlock`."""

import json

import pytest

from client_site import Site, made_state
from diagnoses import put, put_item
from holdfast.cli.main import run
from holdfast.client.locking import HeldLock

KEY = "app.tfstate"
OLD = '{"ID":"old","Operation":"OperationTypeApply","Who":"ci@x","Created":"2020-01-01T00:00:00Z"}'


def unlock(site: Site, *options: str) -> int:
    """Run the command on a state, for a backend that locks in both places."""
    where = ["--bucket", site.bucket, "--lock-table", site.table, "--use-lockfile"]
    return run(["unlock", KEY, *where, *options])


def left(site: Site, mode: str = "both") -> HeldLock:
    """Leave a lock behind."""
    return site.backend(KEY, mode).lock("OperationTypeApply")


@pytest.mark.parametrize("mode", ["table", "file", "both"])
def test_the_lock_is_shown_and_broken(
    site: Site, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who, what for, since when, and what was written since."""
    held = left(site, mode)
    put(site, KEY, made_state(4))

    assert unlock(site, "--yes") == 0

    said = capsys.readouterr()
    assert said.out == f"Unlocked s3://{site.bucket}/{KEY}.\n"
    for part in (held.info.id, held.info.who, "OperationTypeApply", held.info.created):
        assert part in said.err
    assert "the state was written 1 time, last at" in said.err
    assert "serial 4" in said.err
    site.backend(KEY).lock("next").release()


def test_nothing_written_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A state from before the lock does not count."""
    put_item(site, KEY, {"Info": OLD.replace("2020", "2090")})
    put(site, KEY, made_state(4))

    assert unlock(site, "--yes") == 0

    assert "Nothing was written since." in capsys.readouterr().err


def test_it_asks_first(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal and without --yes nothing happens."""
    held = left(site)

    assert unlock(site) == 8

    assert "--yes" in capsys.readouterr().err
    held.check()


def test_no_lock(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused plainly."""
    assert unlock(site, "--yes") == 10

    assert f"s3://{site.bucket}/{KEY} is not locked" in capsys.readouterr().err


def test_only_the_id_that_was_meant(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Another one stays, and is named."""
    held = left(site)

    assert unlock(site, "--id", "another", "--yes") == 10
    assert held.info.id in capsys.readouterr().err
    held.check()

    assert unlock(site, "--id", held.info.id, "--yes") == 0


def test_one_of_two_different_locks(site: Site) -> None:
    """The other one's holder keeps it."""
    file, table = left(site, "file"), left(site, "table")

    assert unlock(site, "--yes") == 10
    assert unlock(site, "--id", file.info.id, "--yes") == 0

    table.check()
    assert [held.where for held in site.backend(KEY).holder()] == ["table"]


def test_only_if_it_is_older(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A young lock stays; so does one of unknown age."""
    held = left(site)
    assert unlock(site, "--if-older-than", "2h", "--yes") == 8
    assert "not older than 2h" in capsys.readouterr().err
    held.check()
    held.release()

    put_item(site, KEY, {"Info": '{"ID":"x"}'})
    assert unlock(site, "--if-older-than", "2h", "--yes") == 8

    put_item(site, KEY, {"Info": OLD})
    assert unlock(site, "--if-older-than", "2h", "--yes") == 0


def test_a_lock_that_cannot_be_read(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown without what would move a cursor, and broken."""
    put_item(site, KEY, {"Info": "\x1b[2Jnonsense"})

    assert unlock(site, "--yes") == 0

    said = capsys.readouterr().err
    assert "nonsense" in said
    assert "\x1b" not in said
    assert site.backend(KEY).holder() == []


def test_the_result_as_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """What was removed, and where."""
    held = left(site)

    assert unlock(site, "--yes", "--json") == 0

    said = json.loads(capsys.readouterr().out)
    assert [(one["where"], one["id"]) for one in said["removed"]] == [
        ("file", held.info.id),
        ("table", held.info.id),
    ]
    assert said["gone"] == []


def test_a_span_that_is_none(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The value is named, with examples."""
    assert unlock(site, "--if-older-than", "soon") == 2
    assert "'soon' is not a span of time such as" in capsys.readouterr().err

"""Locks in time: `holdfast locks history`, locks that look dead and what is done about them."""

import json
from collections.abc import Iterator

import pytest

from client_site import Site, made_state
from diagnoses import put, put_item
from holdfast.cli.main import run
from holdfast.client.errors import LockHeld
from holdfast.client.locking import HeldLock
from moved_clock import MovedClock, started
from other_server import NOT_OURS, answering
from real_clients import Server
from server_time import sign_at_server_time

KEY = "app.tfstate"
HOUR = 3600.0
OLD = '{"ID":"old","Operation":"OperationTypeApply","Who":"ci@x","Created":"2020-01-01T00:00:00Z"}'


@pytest.fixture(scope="module")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, MovedClock]]:
    with started(tmp_path_factory.mktemp("moved")) as both:
        yield both


@pytest.fixture(scope="module")
def server(_started: tuple[Server, MovedClock]) -> Server:
    """A server whose clock is moved."""
    return _started[0]


@pytest.fixture
def clock(
    _started: tuple[Server, MovedClock], monkeypatch: pytest.MonkeyPatch
) -> Iterator[MovedClock]:
    """Its clock, by which requests are signed."""
    clock = _started[1]
    sign_at_server_time(clock, monkeypatch)
    yield clock
    clock.move(0)


def where(site: Site) -> list[str]:
    """Return the options that lead to a site that locks in both places."""
    return ["--bucket", site.bucket, "--lock-table", site.table, "--use-lockfile"]


def unlock(site: Site, *options: str) -> int:
    """Run the command on the state, if its lock is stale."""
    return run(["unlock", KEY, "--if-stale", "--yes", *where(site), *options])


def left(site: Site, key: str = KEY) -> HeldLock:
    """Leave a lock behind."""
    return site.backend(key).lock("OperationTypeApply")


def refused(site: Site, key: str = KEY) -> None:
    """Ask for a lock that another holds."""
    with pytest.raises(LockHeld):
        site.backend(key).lock("OperationTypePlan")


@pytest.fixture
def _elsewhere(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The endpoint has no service of ours, as AWS has none."""
    assert site.server  # which sets the environment first
    with answering(405, "application/xml", NOT_OURS) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_HOLDFAST", url)
        yield


# ---- holdfast locks ------------------------------------------------------------------------------


def test_who_waits_is_counted(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """In the table, and with all attempts in JSON."""
    left(site)
    refused(site)
    refused(site)

    assert run(["locks", *where(site)]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert line[head.index("WAITING") : head.index("LOOKS")].strip() == "1"

    assert run(["locks", "--json", *where(site)]) == 0
    (lock,) = json.loads(capsys.readouterr().out)["locks"]
    assert [waiter["attempts"] for waiter in lock["waiters"]] == [2]
    assert lock["looks"]["dead"] is False


def test_a_lock_that_looks_dead_says_why(
    site: Site, clock: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what to do about it."""
    left(site)
    clock.move(2.5 * HOUR)

    assert run(["locks", *where(site)]) == 0

    said = capsys.readouterr()
    assert "dead (" in said.out
    assert f"{KEY} looks dead. It is held for OperationTypeApply since 2 h 30 min." in said.err
    assert f"holdfast unlock {KEY} --if-stale" in said.err


@pytest.mark.usefixtures("_elsewhere")
def test_elsewhere_locks_are_listed_as_ever(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said of waiters and looks, and nothing of a server that is not ours."""
    left(site)

    assert run(["locks", *where(site)]) == 0

    said = capsys.readouterr()
    assert said.out.splitlines()[0].split() == ["STATE", "AGE", "WHO", "OPERATION", "IN", "ID"]
    assert said.err == ""


# ---- holdfast unlock --if-stale ------------------------------------------------------------------


def test_a_lock_that_looks_alive_stays(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The reasons are said."""
    held = left(site)

    assert unlock(site) == 8

    said = capsys.readouterr().err
    assert "does not look dead" in said
    assert "Nothing was changed." in said
    held.check()


def test_a_lock_that_looks_dead_is_broken(
    site: Site, clock: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two hours after its holder was last heard of."""
    left(site)
    clock.move(2.1 * HOUR)

    assert unlock(site) == 0

    said = capsys.readouterr()
    assert said.out == f"Unlocked s3://{site.bucket}/{KEY}.\n"
    assert "has not read or written the state since it took the lock" in said.err
    site.backend(KEY).lock("next").release()


def test_a_holder_who_writes_keeps_the_lock(
    site: Site, clock: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """However old it is."""
    left(site)
    clock.move(5 * HOUR)
    put(site, KEY, made_state(4))

    assert unlock(site) == 8
    assert "last written less than a minute ago" in capsys.readouterr().err


def test_without_a_lock_there_is_nothing_to_break(site: Site) -> None:
    """As without the option."""
    assert unlock(site) == 10


def test_a_lock_that_the_server_does_not_know(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """It cannot be read; only its holder's word could tell."""
    put_item(site, KEY, {"Info": "nonsense"})

    assert unlock(site) == 8
    assert "the server does not know this lock" in capsys.readouterr().err


@pytest.mark.usefixtures("_elsewhere")
def test_elsewhere_a_span_has_to_be_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says what is compared then."""
    held = left(site)

    assert unlock(site) == 12
    assert "--if-stale --if-older-than 2h" in capsys.readouterr().err
    held.check()


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.parametrize(("written", "code"), [(False, 0), (True, 8)])
def test_elsewhere_an_old_lock_without_a_late_write_is_broken(
    site: Site, written: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are compared with the span."""
    put_item(site, KEY, {"Info": OLD})
    if written:
        put(site, KEY, made_state(4))

    assert unlock(site, "--if-older-than", "2h") == code
    said = capsys.readouterr().err
    assert ("its holder may be at work" if written else "not a Holdfast server") in said


@pytest.mark.usefixtures("_elsewhere")
def test_elsewhere_a_young_lock_stays(site: Site) -> None:
    """As with --if-older-than alone."""
    held = left(site)
    assert unlock(site, "--if-older-than", "2h") == 8
    held.check()


# ---- holdfast locks history ----------------------------------------------------------------------


def test_past_locks_are_shown_the_latest_first(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """With how they ended."""
    left(site, "a.tfstate").release()
    left(site, "b.tfstate")
    assert run(["unlock", "b.tfstate", "--yes", *where(site)]) == 0
    capsys.readouterr()

    assert run(["locks", "history", *where(site)]) == 0

    head, b, a = capsys.readouterr().out.splitlines()
    assert head.split() == ["ENDED", "STATE", "HELD", "WHO", "OPERATION", "HOW", "BY", "WAITED"]
    assert "b.tfstate" in b
    assert "a.tfstate" in a
    assert "OperationTypeApply" in a
    assert "released" in a


def test_the_past_locks_of_one_state_as_json(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """With everything that is known of each."""
    left(site, "other.tfstate").release()
    held = left(site)
    refused(site)
    held.release()

    assert run(["locks", "history", KEY, "--json", *where(site)]) == 0

    said = json.loads(capsys.readouterr().out)
    (lock,) = said["locks"]
    assert (lock["bucket"], lock["key"], lock["id"]) == (site.bucket, KEY, held.info.id)
    assert (lock["ended"], said["more"]) == ("released", False)
    assert lock["held_seconds"] >= 0
    assert [waiter["attempts"] for waiter in lock["waiters"]] == [1]


def test_since_prefix_and_limit(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """They choose what is shown."""
    for key in ("a/x", "a/y", "b"):
        left(site, key).release()

    def shown(*options: str) -> list[str]:
        assert run(["locks", "history", "--json", *options, *where(site)]) == 0
        return [lock["key"] for lock in json.loads(capsys.readouterr().out)["locks"]]

    assert shown() == ["b", "a/y", "a/x"]
    assert shown("--prefix", "a/") == ["a/y", "a/x"]
    assert shown("--limit", "1") == ["b"]
    assert shown("--since", "0s") == []


def test_no_past_locks(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, but not as a result."""
    assert run(["locks", "history", *where(site)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert f"No lock of {site.bucket} ended since" in said.err


@pytest.mark.usefixtures("_elsewhere")
def test_elsewhere_there_is_no_history(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Only our server keeps it."""
    assert run(["locks", "history", *where(site)]) == 12
    assert "is not a Holdfast server" in capsys.readouterr().err


def test_state_and_prefix_exclude_each_other(site: Site) -> None:
    """It would be unclear what is meant."""
    assert run(["locks", "history", KEY, "--prefix", "a", *where(site)]) == 2


# ---- holdfast locks release-dead -----------------------------------------------------------------


def release_dead(site: Site, *options: str) -> int:
    """Run the command for the bucket."""
    return run(["locks", "release-dead", *where(site), *options])


def test_no_lock_is_released_unless_it_is_asked_for(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said."""
    assert release_dead(site) == 0
    assert capsys.readouterr().err == f"No lock of {site.bucket} is ever released.\n"


def test_the_release_is_asked_for_by_prefix(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Shown as it is set, and as JSON."""
    assert release_dead(site, "--after", "1d") == 0
    assert release_dead(site, "--after", "4h", "--prefix", "ci/") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[-2:]] == [["(all)", "1d"], ["ci/", "4h"]]

    assert release_dead(site, "--never", "--prefix", "ci/", "--json") == 0
    assert json.loads(capsys.readouterr().out)["after_seconds"] == {"": 86400}
    assert release_dead(site, "--never", "--json") == 0
    assert json.loads(capsys.readouterr().out)["after_seconds"] == {}


def test_less_than_two_hours_is_refused(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """By the server, which says why."""
    assert release_dead(site, "--after", "1h") != 0
    assert "no lock looks dead before 7200" in capsys.readouterr().err


@pytest.mark.parametrize("options", [("--after", "4h", "--never"), ("--prefix", "ci/")])
def test_what_makes_no_sense_is_refused(site: Site, options: tuple[str, ...]) -> None:
    """Before anything is sent."""
    assert release_dead(site, *options) == 2

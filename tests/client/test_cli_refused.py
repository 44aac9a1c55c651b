"""The commands refused, override and rules, against a real server."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from client_site import KEY, LINEAGE, Site, made_state
from holdfast.cli.exit_codes import ExitCode
from holdfast.client.backend import Backend
from holdfast.client.errors import RefusedByRule
from holdfast.server.rule_modes import DEFAULTS
from holdfast.terraform.statefile import header
from state_commands import Commands

OTHER = str(uuid.uuid4())


@pytest.fixture
def holdfast(site: Site, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Runs commands; the site has a state with serial 5, and the usual rules."""
    own = site.server.client("holdfast")
    own.put_state_rules(Bucket=site.bucket, Modes=dict(DEFAULTS))
    backend = site.backend()
    with backend.lock("test") as held:
        backend.write(made_state(5, resources={"a": "one"}), held=held)
    return Commands(site, capsys)


def put_refused(site: Site, body: bytes, key: str = KEY) -> dict[str, Any]:
    """Write a state as somebody does who does not lock; return the error of the refusal."""
    with pytest.raises(site.s3.exceptions.ClientError) as caught:
        site.s3.put_object(Bucket=site.bucket, Key=key, Body=body)
    site.body(key)  # so that the session knows the state again
    error: dict[str, Any] = caught.value.response["Error"]
    return error


def kept(site: Site, body: bytes) -> str:
    """Have a write refused; return the id under which it is kept."""
    return str(put_refused(site, body)["KeptAs"].rpartition("/")[2])


def test_the_library_says_which_rule_and_what_was_compared(site: Site, holdfast: Commands) -> None:
    """And what to do, with the command."""
    backend = site.backend()
    with backend.lock("test") as held, pytest.raises(RefusedByRule) as caught:
        backend.write(made_state(6, OTHER), held=held, force=True)

    error = caught.value
    assert error.rule == "fence.lineage"
    assert error.kept.startswith(f"{site.bucket}/{KEY}/")
    assert f"has the lineage {LINEAGE}, serial 5" in error.happened
    assert f"holdfast override s3://{site.bucket}/{KEY} --reason" in error.next_step
    assert f"holdfast refused show {error.kept}" in error.next_step
    assert holdfast("refused", "show", error.kept).code == ExitCode.OK


def test_a_condition_that_fails_is_no_rule(site: Site, holdfast: Commands) -> None:
    """It has the same code and status."""
    with pytest.raises(site.s3.exceptions.ClientError) as caught:
        site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=site.body(), IfNoneMatch="*")

    assert "Reason" not in caught.value.response["Error"]


def test_refused_writes_are_listed(site: Site, holdfast: Commands) -> None:
    """Of one state, or all of the bucket."""
    id_ = kept(site, made_state(5, resources={"b": "two"}))
    listed = holdfast("refused", "list", KEY)

    assert listed.rows[1][:4] == [id_, f"s3://{site.bucket}/{KEY}", "fence.stale", "5"]
    (found,) = holdfast("refused", "--json").document["refused"]
    assert (found["id"], found["key"], found["serial"]) == (id_, KEY, 5)
    assert holdfast("refused", "list", "none", "--json").document == {"refused": []}


def test_a_refused_write_is_shown_with_its_reason(site: Site, holdfast: Commands) -> None:
    """By its id, or a beginning of that."""
    id_ = kept(site, made_state(5, resources={"b": "two"}))
    shown = holdfast("refused", "show", id_)

    assert shown.code == ExitCode.OK
    assert "has the serial 5" in shown.out
    assert f"holdfast refused promote {id_}" in shown.err
    found = holdfast("refused", "show", id_[:-3], "--json").document
    assert found["rule"] == "fence.stale"
    assert found["principal"].startswith("arn:aws:iam::")


def test_an_id_that_is_not_there_is_said(holdfast: Commands) -> None:
    """With what lists those that are."""
    said = holdfast("refused", "show", "19990101T000000.000000Z-NONE")

    assert said.code == ExitCode.NOT_FOUND
    assert "holdfast refused list" in said.err


def test_what_a_refused_write_would_change_is_shown(site: Site, holdfast: Commands) -> None:
    """Compared with the present state."""
    id_ = kept(site, made_state(5, resources={"b": "two"}))
    shown = holdfast("refused", "diff", id_, "--exit-code")

    assert shown.code == ExitCode.FINDINGS
    assert "+ terraform_data.b" in shown.out
    assert "- terraform_data.a" in shown.out


def test_a_refused_body_is_fetched(site: Site, holdfast: Commands, tmp_path: Path) -> None:
    """Byte for byte, readable by nobody else, and no file is overwritten."""
    body = made_state(5, resources={"b": "two"})
    id_ = kept(site, body)
    there = tmp_path / "refused.tfstate"

    assert holdfast("refused", "fetch", id_, "-o", str(there)).code == ExitCode.OK
    assert there.read_bytes() == body
    assert there.stat().st_mode & 0o777 == 0o600
    assert holdfast("refused", "fetch", id_, "-o", str(there)).code == ExitCode.FAILED


def test_a_refused_write_is_promoted(site: Site, holdfast: Commands) -> None:
    """Under the lock, with a newer serial."""
    id_ = kept(site, made_state(5, resources={"b": "two"}))
    done = holdfast("refused", "promote", id_, "--yes", "--json")

    assert done.code == ExitCode.OK
    assert (done.document["serial"], done.document["promoted"]) == (6, id_)
    assert b'"b"' in site.body()
    assert header(site.body()).serial == 6
    assert site.backend().read().digest.value == "matches"


def test_promoting_another_lineage_needs_leave_and_gets_it(site: Site, holdfast: Commands) -> None:
    """It is said before it is asked, and journaled."""
    id_ = kept(site, made_state(9, OTHER, resources={"c": "three"}))
    asked = holdfast("refused", "promote", id_)
    assert asked.code == ExitCode.REFUSED
    assert "Leave for one write is given" in asked.err

    assert holdfast("refused", "promote", id_, "--yes").code == ExitCode.OK
    assert header(site.body()).lineage == OTHER
    assert holdfast("override", "--list", KEY, "--json").document == {"overrides": []}


def test_leave_is_given_listed_and_taken_back(site: Site, holdfast: Commands) -> None:
    """For the state that is named, with its reason."""
    given = holdfast("override", KEY, "--reason", "ticket 4711", "--for", "30m", "--json").document
    listed = holdfast("override", "--list", KEY)

    assert given["state"] == f"s3://{site.bucket}/{KEY}"
    assert listed.rows[1][0] == f"s3://{site.bucket}/{KEY}"
    assert "ticket 4711" in listed.out
    assert holdfast("override", KEY, "--cancel").code == ExitCode.OK
    assert holdfast("override", "--list", KEY).out == ""


def test_leave_lets_the_refused_write_pass(site: Site, holdfast: Commands) -> None:
    """Once."""
    body = made_state(4, resources={"b": "two"})
    put_refused(site, body)
    holdfast("override", KEY, "--reason", "r")
    site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=body)

    assert site.body() == body
    assert put_refused(site, made_state(3))["Condition"] == "fence.stale"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--reason", " "],
        ["--list", "--cancel"],
        ["--list", "--reason", "r"],
        ["--reason", "r", "--for", "2d"],
    ],
)
def test_leave_that_makes_no_sense_is_not_given(holdfast: Commands, words: list[str]) -> None:
    """The reason is part of it."""
    assert holdfast("override", KEY, *words).code == ExitCode.USAGE


def test_leave_for_a_state_that_is_not_there_is_not_given(holdfast: Commands) -> None:
    """A slip in the key is told."""
    said = holdfast("override", "nowhere.tfstate", "--reason", "r")

    assert said.code == ExitCode.NOT_FOUND
    assert "holdfast states" in said.err


def test_rules_are_set_shown_and_reset(site: Site, holdfast: Commands) -> None:
    """By prefix; a state is shown what counts for it."""
    bucket = site.bucket
    done = holdfast("rules", "set", bucket, "fence.unlocked=enforce", "--prefix", "app/", "--json")
    assert done.document["bucket"] == bucket
    assert done.document["given"]["app/"] == {"fence.unlocked": "enforce"}
    shown = holdfast("rules", "show", KEY, "--json").document
    assert shown["rules"]["fence.unlocked"] == "enforce"
    assert (
        holdfast("rules", "show", "lab/x", "--json").document["rules"]["fence.unlocked"] == "warn"
    )
    assert put_refused(site, made_state(6))["Condition"] == "fence.unlocked"

    table = holdfast("rules", "show", KEY)
    assert ["fence.unlocked", "enforce"] in [row[:2] for row in table.rows]
    assert ["app/", "fence.unlocked", "enforce"] in table.rows
    left = holdfast("rules", "reset", bucket, "--prefix", "app/", "--json").document["given"]
    assert list(left) == [""]
    assert holdfast("rules", "reset", bucket, "--json").document["given"] == {}
    site.s3.put_object(Bucket=bucket, Key=KEY, Body=made_state(6))


@pytest.mark.parametrize("word", ["fence.unlocked", "=enforce", "fence.unlocked="])
def test_a_mode_that_is_none_is_told(site: Site, holdfast: Commands, word: str) -> None:
    """By the command."""
    assert holdfast("rules", "set", site.bucket, word).code == ExitCode.USAGE


def test_a_rule_that_is_none_is_told(site: Site, holdfast: Commands) -> None:
    """By the server, with those that there are."""
    said = holdfast("rules", "set", site.bucket, "fence.stail=off")

    assert said.code != ExitCode.OK
    assert "fence.stale" in said.err


def test_aws_keeps_no_refused_write(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket of that name there is somebody else's, and not asked."""
    from holdfast.cli.main import run

    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert run(["refused", "--bucket", "b", "--region", "us-east-1"]) == ExitCode.NOT_CONFIGURED
    assert run(["rules", "--bucket", "b", "--region", "us-east-1"]) == ExitCode.NOT_CONFIGURED


def test_a_refused_write_that_is_no_state_is_listed(site: Site, holdfast: Commands) -> None:
    """It has no serial; to promote it shows no difference."""
    id_ = kept(site, b'{"not": "a state"}')

    assert holdfast("refused", "show", id_, "--json").document["serial"] is None
    assert holdfast("refused", "diff", id_).code == ExitCode.CORRUPT


def test_the_library_promotes_what_it_finds(site: Site, holdfast: Commands) -> None:
    """As the command does."""
    from holdfast.operations import refused

    id_ = kept(site, made_state(5, resources={"b": "two"}))
    backend: Backend = site.backend()
    one = refused.find(backend.connection, id_)
    with backend.lock(refused.OPERATION) as held:
        plan = refused.prepare(backend, one)
        assert not plan.leave
        written = refused.promote(backend, plan, held)

    assert written.serial == 6
    assert json.loads(site.body())["serial"] == 6

"""`holdfast journal`: what happened, filtered, exported and followed."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from client_site import LINEAGE, Site, made_state
from holdfast.cli.main import run
from holdfast.client.errors import Unreachable
from holdfast.operations import journal
from patience import PATIENCE, wait_until
from real_clients import Server, start, stop

KEY = "app.tfstate"
OTHER = "other/app.tfstate"
WHATS = ["lock-taken", "state-written", "lock-released"]
PROGRAM = [sys.executable, "-c", "from holdfast.cli.main import main; main()"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with its rules: they write the journal."""
    process, running = start(tmp_path_factory.mktemp("server") / "data")
    yield running
    stop(process)


def apply(site: Site, key: str = KEY, serial: int = 1) -> None:
    """Lock, write and unlock a state, as Terraform does."""
    backend = site.backend(key, "file")
    with backend.lock("apply") as held:
        backend.write(made_state(serial), held=held)


@pytest.fixture
def told(site: Site) -> Site:
    """A site where two states were written."""
    apply(site)
    apply(site, OTHER)
    return site


def where(site: Site) -> list[str]:
    """Return the options that lead to a site."""
    return ["--bucket", site.bucket, "--use-lockfile"]


def listed(site: Site, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """Return the entries that a command lists."""
    capsys.readouterr()
    assert run(["journal", *arguments, *where(site), "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["entries"]
    return found


def test_what_happened_to_a_state_is_listed(told: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """In its order, with who did it, and with what the state became."""
    taken, written, released = listed(told, capsys, KEY)

    assert [taken["what"], written["what"], released["what"]] == WHATS
    assert {each["state"] for each in (taken, written, released)} == {f"{told.bucket}/{KEY}"}
    assert taken["principal"].endswith(":user/administrator")
    assert taken["tool"].startswith("holdfast ")
    assert taken["operation"] == "apply"
    assert (written["serial"], written["lineage"]) == (1, LINEAGE)
    assert released["lock_id"] == taken["lock_id"]
    assert [taken["number"], taken["number"] + 1] < [written["number"], released["number"]]
    assert len(taken["chain"]) == 64


def test_the_table_says_it_in_a_line(told: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """When, what, to which state, by whom, and more."""
    assert run(["journal", KEY, *where(told)]) == 0
    head, taken, written, _ = capsys.readouterr().out.splitlines()

    assert head.split() == ["NUMBER", "WHEN", "WHAT", "STATE", "BY", "TOOL", "DETAILS"]
    assert f"lock-taken     {told.bucket}/{KEY}  administrator  holdfast " in taken
    assert "operation=apply" in taken
    assert "serial=1" in written
    assert LINEAGE not in written


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--prefix", ""], 6),
        (["--prefix", "other/"], 3),
        (["--prefix", "nothing/"], 0),
        ([KEY, "--what", "lock-taken", "--what", "lock-released"], 2),
        ([KEY, "--principal", "administrator"], 3),
        ([KEY, "--principal", "nobody"], 0),
        ([KEY, "--since", "1h"], 3),
        ([KEY, "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-02 00:00"], 0),
        ([KEY, "--limit", "1"], 1),
        ([KEY, "--limit", "0"], 3),
    ],
)
def test_filters(
    told: Site, options: list[str], count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is listed passes all of them."""
    assert len(listed(told, capsys, *options)) == count


def test_the_newest_are_shown_and_it_is_said(
    told: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order in which they happened."""
    assert run(["journal", KEY, *where(told), "--limit", "2"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[3] for line in out.splitlines()[1:]] == WHATS[1:]
    assert err == "Only the newest 2; --limit 0 shows all.\n"


def test_an_export_is_complete_and_goes_on(told: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each entry; the next export begins behind the last number."""
    export = ["journal", "--prefix", "", *where(told), "--jsonl"]
    assert run(export) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    apply(told, serial=2)

    assert run([*export, "--after", str(lines[-1]["number"])]) == 0
    more = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [line["what"] for line in lines] == WHATS + WHATS
    assert [line["what"] for line in more] == WHATS
    assert list(more[0])[:3] == ["number", "at", "what"]
    assert list(more[0])[-1] == "chain"


@pytest.mark.parametrize("how", ["--jsonl", "--follow"])
def test_a_journal_that_has_become_shorter_is_told(
    told: Site, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An export does not go on as if nothing had happened."""
    assert run(["journal", how, "--after", "1000000", *where(told)]) == 10
    said = capsys.readouterr().err
    assert "and what comes after entry 1000000 was asked for" in said
    assert "holdfast check" in said


def test_no_bucket_is_needed(told: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The environment names the server, whose journal it is."""
    assert run(["journal", "--json", "--limit", "1000"]) == 0
    entries = json.loads(capsys.readouterr().out)["entries"]
    assert f"{told.bucket}/{KEY}" in {entry.get("state") for entry in entries}


def test_without_any_place_it_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As other commands do."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    assert run(["journal", "--chdir", str(tmp_path)]) == 12
    assert "holdfast:" in capsys.readouterr().err


@pytest.mark.usefixtures("site")
def test_aws_has_no_journal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says whom to ask instead."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert run(["journal", "--bucket", "b", "--region", "us-east-1"]) == 12
    said = capsys.readouterr().err
    assert "is not a Holdfast server" in said
    assert "--endpoint URL" in said


@pytest.mark.parametrize("options", [["--follow"], ["--jsonl"]])
def test_json_is_one_document(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of JSON are asked for by another option."""
    assert run(["journal", "--json", *options]) == 2
    assert "--jsonl prints a line for each entry" in capsys.readouterr().out


def test_following_has_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    """So it takes none."""
    assert run(["journal", "--follow", "--until", "1h"]) == 2
    assert "--until" in capsys.readouterr().err


def test_following_prints_what_was_and_what_comes(told: Site, tmp_path: Path) -> None:
    """Ctrl-C ends it without a word."""
    out = tmp_path / "out"
    options = ["--prefix", "", "--limit", "1", "--jsonl", "--follow"]
    with out.open("wb") as file:
        process = subprocess.Popen(
            [*PROGRAM, "journal", *options, *where(told)], stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _wait(out, 1)
        apply(told, serial=2)
        lines = _wait(out, 4)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert [json.loads(line)["what"] for line in lines] == ["lock-released", *WHATS]
    assert len(out.read_text().splitlines()) == 4


def _wait(path: Path, count: int) -> list[str]:
    """Return the lines of a file once it has so many."""
    wait_until(lambda: path.read_text().count("\n") >= count, f"line {count}")
    return path.read_text().splitlines()


def test_following_outlives_a_server_that_is_away(
    told: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so once, and goes on where it was."""
    real, calls = journal.follow, iter(range(100))
    last = journal.newest(told.backend().connection, journal.Wanted(bucket=told.bucket), 1)[0][0]

    def broken(connection: Any, wanted: journal.Wanted) -> Any:
        if next(calls) < 2:
            raise Unreachable("cannot read the journal: no answer")
        assert wanted.after >= last.number
        apply(told, serial=2)
        for entry in real(connection, wanted):
            if entry is None:
                raise KeyboardInterrupt
            yield entry

    monkeypatch.setattr(journal, "follow", broken)
    monkeypatch.setattr(journal, "PAUSE", 0)
    assert run(["journal", "--prefix", "", "--limit", "0", "--follow", *where(told)]) == 0
    out, err = capsys.readouterr()

    assert err.count("waiting for it") == 1
    assert [line.split()[2] for line in out.splitlines()] == WHATS


def test_pages_are_joined(told: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their length, from either end."""
    connection = told.backend().connection
    wanted = journal.Wanted(bucket=told.bucket, since=datetime(2026, 1, 1, tzinfo=UTC))
    whole = list(journal.entries(connection, wanted))
    monkeypatch.setattr(journal, "_PAGE", 1)

    assert list(journal.entries(connection, wanted)) == whole
    assert journal.newest(connection, wanted, 4)[0] == whole[-4:]
    after = journal.Wanted(bucket=told.bucket, after=whole[1].number)
    assert journal.newest(connection, after, 100) == (whole[2:], False)


def test_who_may_see_a_part_is_told_to_ask_for_it(
    told: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole journal is refused; the prefix that is allowed is shown."""
    iam, name = told.server.client("iam"), f"ada-{told.bucket}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    statement = {"Effect": "Allow", "Action": "holdfast:ListJournal"}
    statement["Resource"] = f"arn:aws:s3:::{told.bucket}/other/*"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    assert run(["journal"]) == 13
    assert "Name a state, or --prefix, that you may read." in capsys.readouterr().err
    assert run(["journal", "--prefix", "", *where(told)]) == 13
    assert len(listed(told, capsys, "--prefix", "other/")) == 3
    assert len(listed(told, capsys, OTHER)) == 3

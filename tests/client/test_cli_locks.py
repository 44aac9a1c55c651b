"""`holdfast locks`, `locks watch` and `lock`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from client_site import Site
from diagnoses import put_item
from holdfast.cli.main import run
from patience import PATIENCE, wait_until

KEY = "app.tfstate"
PROGRAM = [sys.executable, "-c", "from holdfast.cli.main import main; main()"]


def target(site: Site, mode: str = "both") -> list[str]:
    """Return the options that lead to a site."""
    options = ["--bucket", site.bucket]
    if mode != "file":
        options += ["--lock-table", site.table]
    return [*options, "--use-lockfile"] if mode != "table" else options


def wait_for(path: Path, text: str) -> str:
    """Wait until a file holds a text, and return what it holds."""
    wait_until(lambda: text in path.read_text(), text)
    return path.read_text()


def test_no_locks(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, but not as a result."""
    assert run(["locks", *target(site)]) == 0

    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"No locks are held in {site.bucket}.\n")


def test_all_locks_are_listed(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with places, holder, purpose and id; unreadable ones too."""
    first = site.backend("a.tfstate").lock("OperationTypeApply")
    site.backend("b.tfstate", "file").lock("upkeep", info="by hand")
    put_item(site, "c.tfstate", {"Info": "nonsense"})

    assert run(["locks", *target(site)]) == 0

    head, a, b, c = capsys.readouterr().out.splitlines()
    assert head.split() == ["STATE", "AGE", "WHO", "OPERATION", "IN", "ID"]
    assert a.startswith("a.tfstate")
    assert first.info.who in a
    assert a.split()[-2:] == ["file+table", first.info.id]
    assert "  upkeep: by hand  " in b
    assert "cannot be read" in c


def test_locks_as_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The shape is stable."""
    held = site.backend(KEY, "table", workspace="dev").lock("OperationTypeApply")

    assert run(["locks", "--json", *target(site)]) == 0

    found = json.loads(capsys.readouterr().out)
    (lock,) = found["locks"]
    assert lock["key"] == f"env:/dev/{KEY}"
    assert lock["workspace"] == "dev"
    assert lock["age_seconds"] >= 0
    (part,) = lock["found"]
    assert (part["where"], part["id"]) == ("table", held.info.id)
    assert found["not_seen"] == []


def test_a_missing_table_is_a_warning(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The lock files are listed, and that this may not be all is said."""
    site.backend(KEY, "file").lock("x")

    assert run(["locks", "--bucket", site.bucket, "--lock-table", "nowhere"]) == 0

    said = capsys.readouterr()
    assert KEY in said.out
    assert "the list is not whole" in said.err


@contextmanager
def watching(site: Site, out: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `locks watch` with its output in a file."""
    command = [*PROGRAM, "locks", "watch", "--interval", "0.2", *target(site), *options]
    with out.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_watch_tells_what_comes_and_goes(site: Site, tmp_path: Path) -> None:
    """When piped: a line for each change. Ctrl-C ends it without a word."""
    out = tmp_path / "out"
    old = site.backend("old.tfstate").lock("x")
    with watching(site, out) as process:
        wait_for(out, f"held      {site.bucket}/old.tfstate")
        new = site.backend("new.tfstate", "table").lock("y")
        wait_for(out, f"taken     {site.bucket}/new.tfstate")
        new.release()
        old.release()
        wait_for(out, f"released  {site.bucket}/new.tfstate")
        wait_for(out, f"released  {site.bucket}/old.tfstate")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    assert len(out.read_text().splitlines()) == 4


def test_watch_as_json(site: Site, tmp_path: Path) -> None:
    """A document a line."""
    out = tmp_path / "out"
    held = site.backend(KEY).lock("x")
    with watching(site, out, "--json"):
        line = json.loads(wait_for(out, "\n"))

    assert (line["event"], line["key"], line["found"][0]["id"]) == ("held", KEY, held.info.id)


def test_lock_keeps_the_lock(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The id is all of the result; the next one is refused and reads why."""
    assert run(["lock", KEY, "--info", "moving house", *target(site)]) == 0
    said = capsys.readouterr()
    lock_id = said.out.strip()
    assert lock_id in said.err
    (held, _) = site.backend(KEY).holder()
    assert (held.info.id, held.info.info) == (lock_id, "moving house")

    assert run(["lock", KEY, *target(site)]) == 9
    assert lock_id in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["table", "file", "both"])
def test_lock_uses_the_places_of_the_backend(
    site: Site, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the flags say."""
    assert run(["lock", KEY, "--json", *target(site, mode)]) == 0

    said = json.loads(capsys.readouterr().out)
    assert set(said["places"]) == ({"table", "file"} if mode == "both" else {mode})


def test_lock_needs_somewhere_to_lock(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A lock nowhere would protect nothing."""
    assert run(["lock", KEY, "--bucket", site.bucket]) == 12
    assert "--lock-table" in capsys.readouterr().err


def test_lock_waits(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """As long as it was told; it says for whom."""
    held = site.backend(KEY).lock("other")

    assert run(["lock", KEY, "--lock-timeout", "1s", *target(site)]) == 9

    assert f"Waiting for {held.info.who} for other" in capsys.readouterr().err


def test_lock_while_a_command_runs(site: Site, tmp_path: Path) -> None:
    """It is held exactly as long, and the exit code is the command's."""
    out = tmp_path / "id"

    code = run(["lock", KEY, *target(site), "--while", f"echo $HOLDFAST_LOCK_ID > {out}; exit 7"])

    assert code == 7
    assert len(out.read_text().strip()) == 36
    assert site.backend(KEY).holder() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_lock_while_gives_the_lock_back_when_it_is_ended(
    site: Site, tmp_path: Path, number: signal.Signals
) -> None:
    """By Ctrl-C, which the command gets too, or by kill, which is passed on."""
    started = tmp_path / "started"
    started.touch()
    command = f"echo yes > {started}; exec sleep 60"
    process = subprocess.Popen(
        [*PROGRAM, "lock", KEY, *target(site), "--while", command], start_new_session=True
    )
    try:
        wait_for(started, "yes")
        assert site.backend(KEY).holder()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert process.wait(PATIENCE) == 128 + number
    finally:
        process.kill()
        process.wait()
    assert site.backend(KEY).holder() == []


def test_lock_while_says_that_the_lock_was_lost(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody broke it while the command ran."""
    table, lock_id = site.table, f"{site.bucket}/{KEY}"
    script = (
        "import boto3; boto3.client('dynamodb').delete_item("
        f"TableName='{table}', Key={{'LockID': {{'S': '{lock_id}'}}}})"
    )

    code = run(["lock", KEY, *target(site, "table"), "--while", f'{sys.executable} -c "{script}"'])

    assert code == 16
    assert "Somebody forced it open" in capsys.readouterr().err

"""Commands that are told to end while they hold a lock: it is released, and the exit code says why."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from client_site import KEY, Site, made_state
from diagnoses import put
from patience import PATIENCE, wait_for
from state_commands import written

# The real program, held up between taking the lock and writing the state.
HELD_UP = """
import pathlib, sys, time
from holdfast.cli.main import main
from holdfast.client import writing

started = pathlib.Path(sys.argv.pop(1))
writing._put = lambda *_arguments, **_options: (started.touch(), time.sleep(600))
main()
"""
CODES = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Send a signal twice, as shells and supervisors do; return the exit code and what was said."""
    try:
        process.send_signal(number)
        if number != signal.SIGINT:
            process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    return process.returncode, out


@pytest.mark.parametrize("number", list(CODES))
@pytest.mark.parametrize("command", ["push", "restore"])
def test_a_command_that_is_ended_leaves_no_lock(
    site: Site, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    """In the middle, with the lock held: the state is as before, and nothing is locked."""
    written(site, KEY, made_state(1))
    written(site, KEY, made_state(2))
    new = tmp_path / "new.tfstate"
    new.write_bytes(made_state(3))
    arguments = {"push": [str(new)], "restore": [KEY, "--serial", "1"]}[command]
    where = ["--bucket", site.bucket, "--lock-table", site.table, "--use-lockfile", "--yes"]
    where += ["--key", KEY] if command == "push" else []
    started = tmp_path / "started"
    process = subprocess.Popen(
        [sys.executable, "-c", HELD_UP, str(started), command, *arguments, *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(started, process)
    assert len(site.backend().holder()) == 2

    code, said = ended(process, number)

    assert code == CODES[number], said
    assert "Traceback" not in said
    assert site.backend().holder() == []
    assert site.backend().read().header.serial == 2


def test_what_runs_under_lock_while_is_ended_with_all_it_started(
    site: Site, tmp_path: Path
) -> None:
    """The lock is released after the last of it: nothing goes on without the lock."""
    begun, over = tmp_path / "begun", tmp_path / "over"
    inner = f"trap 'sleep 0.5; touch {over}; exit' TERM; touch {begun}; while :; do sleep 0.1; done"
    command = f'/bin/sh -c "{inner}"; echo afterwards'
    program = "from holdfast.cli.main import main; main()"
    where = ["--bucket", site.bucket, "--lock-table", site.table]
    process = subprocess.Popen(
        [sys.executable, "-c", program, "lock", KEY, *where, "--while", command],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(begun, process)

    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 143, out
    assert "The command was ended by SIGTERM." in out
    assert over.exists()
    assert site.backend().holder() == []


def test_a_lock_whose_id_cannot_be_told_is_given_back(site: Site) -> None:
    """Whoever was to read it has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    put(site, KEY, made_state(1))
    program = "from holdfast.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "lock", KEY, "--bucket", site.bucket, "--use-lockfile"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert site.backend().holder() == []

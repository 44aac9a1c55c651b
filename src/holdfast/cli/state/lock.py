"""`holdfast lock`: takes the lock of a state and keeps it, or keeps it while a command runs."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from shlex import quote
from typing import TYPE_CHECKING

import click

from holdfast.cli.colours import safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import CommandFailed, note, print_json, say
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options
from holdfast.cli.state.waiting import lock_timeout_option, tell_waiting

if TYPE_CHECKING:
    from datetime import timedelta

    from holdfast.client.locking import HeldLock


@click.command(
    "lock",
    epilog=epilog(
        "holdfast lock --info 'moving the network to another account'",
        "holdfast lock prod/app.tfstate --lock-timeout 10m",
        "holdfast lock prod/app.tfstate --while './maintenance.sh'",
    ),
)
@state_argument
@click.option("--info", metavar="TEXT", default="", help="Why; whoever is refused reads it.")
@lock_timeout_option
@click.option(
    "--while",
    "command",
    metavar="COMMAND",
    help="Run this with the shell, and release the lock when it ends.",
)
@target_options
@json_option
def lock(
    *,
    target: Target,
    state: str | None,
    info: str,
    lock_timeout: "timedelta",
    command: str | None,
    as_json: bool,
) -> int:
    """Take the lock of a state, and keep it after this command has ended.

    Nobody else can change the state then: neither Terraform nor OpenTofu nor we. The lock lies where
    the backend's own locks do: in the table, in a lock file or in both. 'holdfast unlock' releases it.

    With --while the lock is held as long as a command runs; the exit code is that command's.
    """
    if command is not None and as_json:
        raise click.UsageError(
            "--json says what is held, and with --while nothing is held afterwards"
        )
    backend = backend_of(target, state)
    if not backend.places:
        raise CommandFailed(
            f"{backend.address.url} cannot be locked: neither a lock table nor lock files are used",
            "Name the table with --lock-table, or say --use-lockfile.",
            ExitCode.NOT_CONFIGURED,
        )
    held = backend.lock("holdfast lock", lock_timeout.total_seconds(), info, on_wait=tell_waiting)
    if command is not None:
        with held:
            return _run(command, held)
    with ExitStack() as unless_told:
        unless_told.enter_context(held)  # a lock whose id nobody got would only be in the way
        _print(held, as_json=as_json)
        sys.stdout.flush()
        unless_told.pop_all()
    return ExitCode.OK


def _print(held: "HeldLock", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "bucket": held.address.bucket,
                "key": held.address.object_key,
                "id": held.info.id,
                "who": held.info.who,
                "created": held.info.created,
                "places": held.places,
            }
        )
        return
    say(held.info.id)
    note(f"Locked {safe(held.address.url)} in the {' and the '.join(held.places)}.")
    note(
        f"To release it: holdfast unlock {safe(quote(held.address.object_key))} --id {held.info.id}"
    )


def _run(command: str, held: "HeldLock") -> int:
    """Run a command to its end. Whoever ends us ends it; the lock is kept until it has ended."""
    note(f"Locked {safe(held.address.url)} (lock {held.info.id}), running: {safe(command)}")
    ended: list[int] = []
    # Handlers that are functions are not inherited: the command has the usual ones.
    before = {
        number: signal.signal(number, lambda given, _frame: ended.append(given))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    alone = not _has_terminal()
    try:
        child = subprocess.Popen(  # noqa: S603 - to run this is what was asked for
            ["/bin/sh", "-c", command],
            env={**os.environ, "HOLDFAST_LOCK_ID": held.info.id},
            process_group=0 if alone else None,
        )
        code = _wait(child, ended, alone=alone)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if code < 0:
        note(f"The command was ended by {signal.Signals(-code).name}.")
        return 128 - code
    if code:
        note(f"The command ended with exit code {code}.")
    return code


def _has_terminal() -> bool:
    """Say whether a terminal controls us: it sends Ctrl-C to the command, which may read from it."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _wait(child: "subprocess.Popen[bytes]", ended: list[int], *, alone: bool) -> int:
    """Wait for the command, and pass on that we are to end.

    Args:
        child: the command's shell.
        ended: the signals that came, as they come.
        alone: it has a process group of its own, all of which is told: were it only the shell, what
            the shell runs would go on without the lock.
    """
    told = False
    while True:
        try:
            code = child.wait(0.1)
        except subprocess.TimeoutExpired:
            while ended:
                _pass_on(ended.pop(0), child, alone=alone)
                told = True
        else:
            if told and alone:
                _wait_for_group(child.pid, ended)
            return code


def _pass_on(number: int, child: "subprocess.Popen[bytes]", *, alone: bool) -> None:
    if not alone:
        if number != signal.SIGINT:
            child.send_signal(number)
        return
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _wait_for_group(group: int, ended: list[int]) -> None:
    """Wait until everything has ended that the shell had started, or one more signal comes."""
    with suppress(ProcessLookupError, PermissionError):
        while not ended:
            with suppress(ChildProcessError):
                os.waitpid(-group, os.WNOHANG)  # as process 1 of a container we inherit them
            os.killpg(group, 0)
            time.sleep(0.1)

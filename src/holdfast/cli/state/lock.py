"""`holdfast lock`: takes the lock of a state and keeps it, or keeps it while a command runs."""

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import click

from holdfast.cli.colours import safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import CommandFailed, note, print_json, say
from holdfast.cli.state.spans import span
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options

if TYPE_CHECKING:
    from datetime import timedelta

    from holdfast.client.locking import HeldLock, Waiting


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
@click.option(
    "--lock-timeout",
    "timeout",
    callback=span,
    default="0s",
    metavar="SPAN",
    help="How long to wait for another holder, such as 90s or 10m.",
)
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
    timeout: "timedelta",
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
    held = backend.lock("holdfast lock", timeout.total_seconds(), info, on_wait=_tell)
    if command is not None:
        with held:
            return _run(command, held)
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
        return ExitCode.OK
    say(held.info.id)
    note(f"Locked {safe(held.address.url)} in the {' and the '.join(held.places)}.")
    note(f"To release it: holdfast unlock '{safe(held.address.object_key)}' --id {held.info.id}")
    return ExitCode.OK


def _tell(waiting: "Waiting") -> None:
    from holdfast.client.found_locks import describe

    note(safe(f"Waiting for {describe(waiting.holder)}, {waiting.left:.0f} s left"))


def _run(command: str, held: "HeldLock") -> int:
    """Run a command to its end. Ctrl-C reaches it too, and whoever ends us ends it: we wait for it."""
    note(f"Locked {safe(held.address.url)} (lock {held.info.id}), running: {safe(command)}")
    ended: list[int] = []
    # Handlers that are functions are not inherited: the command has the usual ones.
    before = {
        number: signal.signal(number, lambda given, _frame: ended.append(given))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        child = subprocess.Popen(  # noqa: S603 - to run this is what was asked for
            ["/bin/sh", "-c", command],
            env={**os.environ, "HOLDFAST_LOCK_ID": held.info.id},
        )
        code = _wait(child, ended)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if code:
        note(f"The command ended with exit code {code}.")
    return code if code >= 0 else 128 - code


def _wait(child: "subprocess.Popen[bytes]", ended: list[int]) -> int:
    """Wait for the command; pass on that we are to end. A terminal sends it Ctrl-C itself."""
    while True:
        try:
            return child.wait(0.1)
        except subprocess.TimeoutExpired:
            if signal.SIGTERM in ended:
                ended.clear()
                child.terminate()

"""The `holdfast` command: the list of commands, and how each ends."""

import os
import sys

import click

import holdfast
from holdfast.cli import exit_codes
from holdfast.cli.colours import safe
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.groups import LazyCommands, Listed
from holdfast.cli.output import CommandFailed, note, print_failure
from holdfast.cli.signals import interrupted_code, raise_on_signals

_STATE = "holdfast.cli.state"
_ACCESS = "holdfast.cli.state.access"
_SERVER = "holdfast.cli.server"

# A module is imported when its command is used: help is quick. Sections and commands are in the
# order in which help lists them.
SECTIONS: dict[str, dict[str, Listed]] = {
    "State": {
        "states": Listed(f"{_STATE}.states", "List all states of a bucket, with locks and health."),
        "show": Listed(f"{_STATE}.show", "Show a state and its resources, or one resource."),
        "outputs": Listed(f"{_STATE}.outputs", "Show the outputs of a state."),
        "search": Listed(f"{_STATE}.search", "Find resources in all states."),
        "graph": Listed(f"{_STATE}.graph", "Show which state reads which, and what is stale."),
        "pull": Listed(f"{_STATE}.pull", "Write a state to standard output, as it is stored."),
        "push": Listed(f"{_STATE}.push", "Put a state file into the backend."),
        "rm": Listed(f"{_STATE}.rm", "Delete a whole state."),
        "versions": Listed(f"{_STATE}.versions", "List the versions of a state."),
        "diff": Listed(f"{_STATE}.diff", "Show what changed between two states."),
        "blame": Listed(f"{_STATE}.blame", "Show which versions introduced and changed something."),
    },
    "Locks": {
        "locks": Listed(f"{_STATE}.locks", "Show all held locks, or watch them come and go."),
        "lock": Listed(f"{_STATE}.lock", "Take the lock of a state and keep it."),
        "unlock": Listed(f"{_STATE}.unlock", "Break a lock that was left behind."),
    },
    "Who did what": {
        "journal": Listed(f"{_STATE}.journal", "Show what happened, or follow it as it happens."),
    },
    "Recovery": {
        "restore": Listed(f"{_STATE}.restore", "Go back to an older version of a state."),
        "rescue": Listed(f"{_STATE}.rescue", "Bring home the errored.tfstate of a lost apply."),
        "refused": Listed(f"{_STATE}.refused", "Show and promote writes that a rule refused."),
        "override": Listed(f"{_STATE}.override", "Let one write pass although a rule refuses it."),
        "doctor": Listed(f"{_STATE}.doctor", "Look for everything that is wrong, and mend it."),
    },
    "Set-up": {
        "rules": Listed(f"{_STATE}.rules", "Show and set how strictly rules are held."),
        "config": Listed(
            f"{_STATE}.config", "Show which backend is meant and why, or generate backends."
        ),
        "bootstrap": Listed(
            f"{_STATE}.bootstrap", "Make, check, export and remove what a backend needs."
        ),
        "copy": Listed(
            f"{_STATE}.copy", "Copy states, with history, to another bucket or endpoint."
        ),
        "migrate-locks": Listed(
            f"{_STATE}.migrate_locks", "Go from a lock table to lock files, in a whole tree."
        ),
        "completion": Listed("holdfast.cli.completion", "Print the completion script of a shell."),
    },
    "Access": {
        "users": Listed(f"{_ACCESS}.users", "List and make users, and say what they may do."),
        "keys": Listed(f"{_ACCESS}.keys", "Make, rotate, switch off and delete access keys."),
        "roles": Listed(f"{_ACCESS}.roles", "List and make roles, and say what they may do."),
        "policy": Listed(f"{_ACCESS}.policy", "Show policies, and say which statement decides."),
    },
    "Server": {
        "serve": Listed(f"{_SERVER}.serve", "Run the state server."),
        "env": Listed(f"{_SERVER}.env", "Print what a shell needs to reach the server."),
        "credentials": Listed(
            f"{_SERVER}.credential_process",
            "Print fresh credentials, for AWS's credential_process.",
        ),
        "check": Listed(f"{_SERVER}.check", "Verify everything in a data directory."),
        "backup": Listed(
            f"{_SERVER}.backup", "Copy the data directory, also while the server runs."
        ),
        "restore-backup": Listed(
            f"{_SERVER}.restore_backup", "Make a data directory from a backup."
        ),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class _Commands(LazyCommands):
    sections = SECTIONS


@click.group(cls=_Commands, epilog=exit_codes.table())
@click.version_option(holdfast.__version__, prog_name="holdfast")
def cli() -> None:
    """Keep Terraform and OpenTofu state: stored, locked, versioned, encrypted, recoverable.

    In a Terraform directory no command needs to be told where the state is.
    """


def _misused(error: click.ClickException) -> CommandFailed:
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "holdfast"
    return CommandFailed(
        error.format_message().rstrip("."), f"See how it is used: {command} --help", ExitCode.USAGE
    )


def _ended(error: Exception, *, as_json: bool) -> int:
    """Tell an error of the library; others are mistakes of ours, and are raised."""
    if "holdfast.client.errors" not in sys.modules:
        raise error
    from holdfast.cli.state.failures import told

    failed = told(error)
    if failed is None:
        raise error
    return _failed(failed, error, as_json=as_json)


def _failed(failed: CommandFailed, error: Exception, *, as_json: bool) -> int:
    """Tell a failure, with what was noted on its way: above all a lock that could not be released."""
    steps = [failed.next_step, *getattr(error, "__notes__", ())]
    failed.next_step = "\n".join(step for step in steps if step)
    print_failure(failed, as_json=as_json)
    return failed.code


def _interrupted(error: BaseException) -> int:
    cause = error.__cause__ if isinstance(error, click.Abort) else error
    for line in getattr(cause, "__notes__", ()):
        note(safe(line))
    return interrupted_code()


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: without the program's name; those of the process if None.
    """
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        # The flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    return code


def _run(given: list[str]) -> int:
    try:
        answer = cli.main(given, prog_name="holdfast", standalone_mode=False)
        sys.stdout.flush()  # what cannot be printed is not a failure of the exit
    except CommandFailed as failed:
        return _failed(failed, failed, as_json="--json" in given)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message(), err=True)
        return ExitCode.USAGE
    except click.ClickException as failed:
        print_failure(_misused(failed), as_json="--json" in given)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt) as error:
        return _interrupted(error)
    except BrokenPipeError:
        raise
    except Exception as error:
        return _ended(error, as_json="--json" in given)
    return answer if isinstance(answer, int) else ExitCode.OK


def main() -> None:
    """Run the command line and exit."""
    raise_on_signals()
    sys.exit(int(run()))

"""The `holdfast` command: the list of commands, and how each ends."""

import importlib
import os
import sys

import click

import holdfast
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.output import CommandFailed, print_failure

# name -> (module, line of help). A module is imported when its command is used: help is quick.
COMMANDS = {
    "serve": ("holdfast.cli.server.serve", "Run the state server."),
    "env": ("holdfast.cli.server.env", "Print what a shell needs to reach the server."),
    "check": ("holdfast.cli.server.check", "Verify everything in a data directory."),
    "backup": (
        "holdfast.cli.server.backup",
        "Copy the data directory, also while the server runs.",
    ),
    "restore-backup": (
        "holdfast.cli.server.restore_backup",
        "Make a data directory from a backup.",
    ),
}


class _Commands(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        command = getattr(module, name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[name][0]} has no command {name}")
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Commands, epilog=epilog())
@click.version_option(holdfast.__version__, prog_name="holdfast")
def cli() -> None:
    """Keep Terraform and OpenTofu state: stored, locked, versioned, encrypted, recoverable."""


def _misused(error: click.ClickException) -> CommandFailed:
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "holdfast"
    return CommandFailed(
        error.format_message().rstrip("."), f"See how it is used: {command} --help", ExitCode.USAGE
    )


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code. Never raises.

    Args:
        arguments: without the program's name; those of the process if None.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        answer = cli.main(given, prog_name="holdfast", standalone_mode=False)
    except CommandFailed as failed:
        print_failure(failed, as_json="--json" in given)
        return failed.code
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message(), err=True)
        return ExitCode.USAGE
    except click.ClickException as failed:
        print_failure(_misused(failed), as_json="--json" in given)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        # The flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    return answer if isinstance(answer, int) else ExitCode.OK


def main() -> None:
    """Run the command line and exit."""
    sys.exit(int(run()))

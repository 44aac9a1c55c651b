"""What commands print: results on standard output, notes and errors on standard error."""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from holdfast.cli.colours import Style, safe, styled
from holdfast.cli.exit_codes import ExitCode


class CommandFailed(Exception):
    """A command ends here. Says what happened, what to do next, and the exit code.

    Args:
        happened: one sentence without a full stop.
        next_step: what to do, with the exact command where there is one.
        code: the exit code.
    """

    def __init__(
        self, happened: str, next_step: str = "", code: ExitCode = ExitCode.FAILED
    ) -> None:
        super().__init__(happened)
        self.happened = happened
        self.next_step = next_step
        self.code = code


def print_failure(failed: CommandFailed, *, as_json: bool = False) -> None:
    """Print an error: as one or two lines on standard error, or as JSON on standard output."""
    if as_json:
        print_json({"error": failed.happened, "next": failed.next_step, "exit_code": failed.code})
        return
    print(f"{styled('holdfast:', Style.BAD, sys.stderr)} {failed.happened}", file=sys.stderr)
    for line in failed.next_step.splitlines():
        print(f"  {line}", file=sys.stderr)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document: the only way in which a command prints JSON.

    The shape is stable: always an object (a list is a member of it), members in snake_case, times
    in RFC 3339 with `Z`, sizes in bytes, durations in seconds, null for what is not known. Members
    may be added in later versions. Records (dataclasses, structs), enums, tuples and paths are
    understood.
    """
    print(json.dumps(document, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    from dataclasses import fields, is_dataclass  # the server does without it

    if is_dataclass(value) and not isinstance(value, type):
        # Not asdict: it copies deeply, and cannot copy every mapping.
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if names := getattr(value, "__struct_fields__", None):
        return {name: getattr(value, name) for name in names}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def say(text: str = "", style: Style = Style.PLAIN) -> None:
    """Print a line of the result. Text of others goes through `safe` first."""
    print(styled(text, style))


def note(text: str) -> None:
    """Print a line beside the result, on standard error."""
    print(text, file=sys.stderr)


def warn(text: str) -> None:
    """Print a warning, on standard error."""
    print(f"{styled('Warning:', Style.WARNING, sys.stderr)} {text}", file=sys.stderr)


def confirm(will: str | Iterable[str], *, yes: bool, question: str = "Do it?") -> None:
    """Say what will happen and ask, before anything is changed that matters.

    Args:
        will: what will happen: a sentence, or one for each thing, in the order in which they happen.
        yes: the command's `--yes`: do not ask.
        question: what to ask.

    Raises:
        CommandFailed: nobody can be asked, or the answer was no.
    """
    for line in [will] if isinstance(will, str) else will:
        note(safe(line))
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandFailed(
            "this has to be confirmed, and there is no terminal to ask on",
            "Nothing was changed. Add --yes to do it without being asked.",
            ExitCode.REFUSED,
        )
    import click

    if not click.confirm(question, default=False, err=True):
        raise CommandFailed("not confirmed", "Nothing was changed.", ExitCode.INTERRUPTED)

"""`holdfast restore --drill`: proves that states could be restored."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.cli.amounts import counted, timestamp
from holdfast.cli.colours import Style
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed, note, print_json, say
from holdfast.cli.progress import Progress
from holdfast.cli.state.target import Target, backend_of
from holdfast.cli.tables import Cell, Column, print_table

if TYPE_CHECKING:
    from holdfast.operations.drill import Drill, Drilled


def run_drill(target: Target, prefix: str, at: str | None, *, as_json: bool) -> int:
    """Rehearse restoring every state below a prefix; return the exit code."""
    from holdfast.cli.state.restore import moment_of
    from holdfast.operations.drill import drill

    backend = backend_of(target, whole_bucket=True)
    with Progress("reading old versions") as progress:
        found = drill(backend, prefix, moment=moment_of(at), progress=progress)
    if not found.states:
        raise CommandFailed(
            f"there is no state below s3://{backend.settings.bucket}/{prefix}, and never was",
            "'holdfast states' lists the states there are.",
            ExitCode.NOT_FOUND,
        )
    if as_json:
        print_json(_document(found))
    else:
        _print(found)
    return ExitCode.OK if found.passed else ExitCode.FINDINGS


def _print(found: "Drill") -> None:
    columns: list[Column | str] = ["STATE", "BACK TO", Column("SERIAL", right=True), "RESULT"]
    print_table(columns, [_row(each) for each in found.states])
    for problem in found.problems:
        say(f"Problem: {problem}", Style.BAD)
    for each in found.unknown:
        note(f"Not known: {each}.")
    total = counted(len(found.states), "state")
    if found.failed:
        say(f"{len(found.failed)} of {total} cannot be restored. Nothing was changed.", Style.BAD)
    else:
        say(f"{total} can be restored. Nothing was changed.", Style.GOOD)


def _row(each: "Drilled") -> Sequence[Cell | str | int | None]:
    back_to = timestamp(each.chosen.last_modified) if each.chosen else None
    if each.problems:
        result = Cell("; ".join(each.problems), Style.BAD)
    else:
        result = Cell("; ".join(["ok", *each.remarks]), Style.GOOD)
    return each.address.object_key, back_to, each.serial, result


def _document(found: "Drill") -> dict[str, Any]:
    return {
        "passed": found.passed,
        "problems": list(found.problems),
        "unknown": list(found.unknown),
        "states": [
            {
                "state": each.address.url,
                "version": each.chosen.version_id if each.chosen else None,
                "when": each.chosen.last_modified if each.chosen else None,
                "serial": each.serial,
                "versions": each.versions,
                "deleted": each.deleted,
                "problems": list(each.problems),
                "remarks": list(each.remarks),
            }
            for each in found.states
        ],
    }

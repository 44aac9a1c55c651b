"""`holdfast check`: verifies everything in a data directory, also while the server runs."""

import os
from collections.abc import Iterator

import click

from holdfast.cli.amounts import human_size
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.output import print_json
from holdfast.cli.progress import Progress
from holdfast.cli.server.failures import explaining, require_data
from holdfast.cli.server.options import setting_options, settings_from
from holdfast.cli.server.settings import ServerSettings
from holdfast.engine.port import CorruptData
from holdfast.server.problem import Problem, Unopened

_SHOWN = 100  # problems printed for people; JSON has all
_DATABASE = "the database"


@click.command(
    "check", epilog=epilog("holdfast check", "holdfast check --data /srv/holdfast --json")
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(["data", "root_key"])
def check(*, as_json: bool, **flags: str | None) -> int:
    """Verify the structure of the data, the hash and tag of every stored body, and the journal.

    The server may run. Exit code 6 says that something is not what was written; each problem is
    a line on standard output, and what to do about it follows them.
    """
    settings = settings_from(flags)
    require_data(settings.data)
    unopened = Unopened()
    with explaining(settings.data):
        problems = list(_problems(settings, unopened))
    if as_json:
        _print_json(settings, problems, unopened)
    else:
        _print(settings, problems, unopened)
    return ExitCode.CORRUPT if problems else ExitCode.OK


def _problems(settings: ServerSettings, unopened: Unopened) -> Iterator[Problem]:
    from holdfast.cli.server.journal_upkeep import journal_problems
    from holdfast.cli.server.root_key import source
    from holdfast.engine.open import open_directory
    from holdfast.engine.verify import check_database
    from holdfast.server.operation import Site
    from holdfast.server.serving import utc_now
    from holdfast.server.verify import verify

    records = Progress("checking records")
    bodies = Progress("checking bodies", show=human_size)
    try:
        for line in check_database(settings.data, records):
            yield Problem(_DATABASE, line)
        records.finish()
        with open_directory(settings.data, source(settings), read_only=True) as directory:
            site = Site(settings.account, settings.region, directory.vault, os.urandom)
            journal = ("journal", lambda: journal_problems(directory.engine, directory.vault))
            yield from verify(directory.engine, site, utc_now(), bodies, unopened, [journal])
    except CorruptData as error:
        yield Problem(_DATABASE, f"{error}")
    finally:
        records.finish()
        bodies.finish()


def _print_json(settings: ServerSettings, problems: list[Problem], unopened: Unopened) -> None:
    print_json(
        {
            "data": str(settings.data),
            "sound": not problems,
            "problems": [
                {"where": found.where, "what": found.what, "next": found.todo} for found in problems
            ],
            "unopened": dict(unopened),
        }
    )


def _print(settings: ServerSettings, problems: list[Problem], unopened: Unopened) -> None:
    for problem in problems[:_SHOWN]:
        click.echo(f"{problem}.")
    if len(problems) > _SHOWN:
        click.echo(f"... and {len(problems) - _SHOWN} more; --json prints all")
    if problems:
        click.echo("What to do next:")
    for todo in dict.fromkeys(problem.todo for problem in problems[:_SHOWN]):
        click.echo(f"  {todo}")
    for reason, count in unopened.items():
        click.echo(f"Only measured, for the server cannot open it: {count} {reason}.")
    click.echo(f"{settings.data}: {len(problems) or 'no'} problem{'s' * (len(problems) != 1)}")

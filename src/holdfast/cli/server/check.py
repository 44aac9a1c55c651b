"""`holdfast check`: verifies everything in a data directory, also while the server runs."""

import os
from collections.abc import Iterator

import click

from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.output import Progress, human_size, print_json
from holdfast.cli.server.failures import explaining, require_data
from holdfast.cli.server.options import setting_options, settings_from
from holdfast.cli.server.settings import ServerSettings

_SHOWN = 100  # problems printed for people; JSON has all


@click.command("check", epilog=epilog())
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(["data", "root_key"])
def check(*, as_json: bool, **flags: str | None) -> int:
    """Verify the structure of the data, and the hash and tag of every stored body.

    The server may run. Exit code 6 says that something is not what was written; each problem is
    a line on standard output.
    """
    settings = settings_from(flags)
    require_data(settings.data)
    with explaining(settings.data):
        problems = list(_problems(settings))
    if as_json:
        print_json({"data": str(settings.data), "sound": not problems, "problems": problems})
    else:
        for problem in problems[:_SHOWN]:
            click.echo(problem)
        if len(problems) > _SHOWN:
            click.echo(f"... and {len(problems) - _SHOWN} more; --json prints all")
        click.echo(f"{settings.data}: {len(problems) or 'no'} problem{'s' * (len(problems) != 1)}")
    return ExitCode.CORRUPT if problems else ExitCode.OK


def _problems(settings: ServerSettings) -> Iterator[str]:
    from holdfast.cli.server.root_key import source
    from holdfast.engine.open import open_directory
    from holdfast.engine.verify import check_database
    from holdfast.server.operation import Site
    from holdfast.server.pipeline import utc_now
    from holdfast.server.verify import verify

    with open_directory(settings.data, source(settings), read_only=True) as directory:
        records = Progress("checking records")
        yield from check_database(settings.data, records)
        records.finish()
        site = Site(settings.account, settings.region, directory.vault, os.urandom)
        bodies = Progress("checking bodies", show=human_size)
        yield from verify(directory.engine, site, utc_now(), bodies)
        bodies.finish()

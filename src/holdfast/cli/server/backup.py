"""`holdfast backup`: a consistent copy of the data, also while the server runs."""

from pathlib import Path

import click

from holdfast.cli.amounts import human_size
from holdfast.cli.exit_codes import epilog
from holdfast.cli.output import print_json
from holdfast.cli.progress import Progress
from holdfast.cli.server.failures import explaining, require_data
from holdfast.cli.server.options import setting_options, settings_from


@click.command(
    "backup",
    epilog=epilog(
        'holdfast backup "holdfast-$(date +%F).db"',
        "holdfast backup --data /srv/holdfast monday.db --json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(["data"])
def backup(file: Path, *, as_json: bool, **flags: str | None) -> None:
    """Copy the data of a directory to FILE, which must not exist yet.

    The server may run; the copy is as of one moment. The root key is not in it: without the root
    key a backup cannot be read, so keep both, and keep them apart.
    """
    from holdfast.engine import backup as engine_backup

    data = settings_from(flags).data
    require_data(data)
    progress = Progress("copying", show=human_size)
    with explaining(data):
        try:
            engine_backup.backup(data, file, progress)
        finally:
            progress.finish()
        size = file.stat().st_size
    if as_json:
        print_json({"data": str(data), "file": str(file), "bytes": size})
        return
    click.echo(f"Backed {data} up to {file} ({human_size(size)}).")
    click.echo("The root key is not in it; keep a copy of the root key elsewhere.")

"""`holdfast restore-backup`: a data directory from a backup."""

import shlex
from pathlib import Path

import click

from holdfast.cli.amounts import human_size
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.output import CommandFailed, print_json
from holdfast.cli.progress import Progress
from holdfast.cli.server.failures import explaining
from holdfast.cli.server.options import setting_options, settings_from


@click.command(
    "restore-backup",
    epilog=epilog("holdfast restore-backup monday.db --data restored"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(["data"])
def restore_backup(file: Path, *, as_json: bool, **flags: str | None) -> None:
    """Make a data directory of the backup FILE.

    The directory must be new, or hold nothing but the root key and the credentials. The root key
    that belongs to the backup has to be there before a server starts on it.
    """
    from holdfast.engine import backup as engine_backup
    from holdfast.engine.directory import ROOT_KEY
    from holdfast.engine.port import CorruptData

    data = settings_from(flags).data
    progress = Progress("restoring", show=human_size)
    with explaining(data):
        try:
            engine_backup.restore_backup(file, data, progress)
        except CorruptData as error:
            raise CommandFailed(
                f"{file} cannot be restored: {error}", "Restore another backup.", ExitCode.CORRUPT
            ) from error
        finally:
            progress.finish()
    missing = [name for name in (ROOT_KEY,) if not (data / name).exists()]
    if as_json:
        print_json({"data": str(data), "file": str(file), "missing": missing})
        return
    click.echo(f"Restored {file} into {data}.")
    if missing:
        click.echo(f"Copy {missing[0]} there too, from where you keep it.")
    click.echo(f"Then check it with: holdfast check --data {shlex.quote(str(data))}")

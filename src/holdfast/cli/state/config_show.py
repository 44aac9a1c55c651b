"""`holdfast config show`: which backend is meant, and which file, variable or flag says so."""

import os
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import print_json, say
from holdfast.cli.state.target import Target, state_argument, target_options
from holdfast.cli.tables import Cell, print_fields, print_table

if TYPE_CHECKING:
    from holdfast.client.config.discovery import Discovered
    from holdfast.client.config.origin import Origin


@click.command(
    "show",
    epilog=epilog(
        "holdfast config",
        "holdfast config show --chdir environments/prod --workspace blue",
        'holdfast config show --url "s3://states/app?region=eu-west-1&lock_table=locks" --json',
    ),
)
@state_argument
@target_options
@json_option
def show(*, target: Target, state: str | None, as_json: bool) -> int:
    """Show the backend of this directory, and where each of its arguments was found.

    What 'terraform init' stored counts, else the backend block with the files and values of
    -backend-config; flags win over both; the environment and the AWS profile fill what is left.
    Secrets are not shown. Nothing is sent anywhere.
    """
    from holdfast.client.config.discovery import look

    whole_bucket = target.key is None and target.bucket is not None and state is None
    found = look(target.naming(state), os.environ, need_key=not whole_bucket, profile=True)
    if as_json:
        print_json(_document(found))
    else:
        _print(found)
    return ExitCode.NOT_CONFIGURED if found.errors else ExitCode.OK


def _print(found: "Discovered") -> None:
    from holdfast.client.config.masking import rendered
    from holdfast.client.config.origin import Level

    address = found.settings.address(found.workspace)
    print_fields(
        [
            ("State", Cell(address.url, Style.NAME) if found.settings.key else None),
            ("Workspace", f"{found.workspace} ({found.origins['workspace']})"),
            ("Lock", _locks(found) if address.bucket else None),
        ]
    )
    if found.values:
        say()
        print_table(
            ["ARGUMENT", "VALUE", "FROM"],
            [
                (name, rendered(name.rpartition(".")[2], said.value), str(said.origin))
                for name, said in found.values.items()
            ],
        )
    styles = {Level.ERROR: Style.BAD, Level.WARNING: Style.WARNING, Level.NOTE: Style.DIM}
    for remark in found.remarks:
        say()
        say(safe(f"{remark.level.value.capitalize()}: {remark.happened}."), styles[remark.level])
        for line in remark.next_step.splitlines():
            say(f"  {safe(line)}")


def _locks(found: "Discovered") -> str | None:
    address = found.settings.address(found.workspace)
    table = found.settings.dynamodb_table
    said = {
        "file": f"file s3://{address.bucket}/{address.lock_file_key}",
        "table": f"item {address.lock_id} of table {table}",
    }
    if not found.settings.key:
        said = {"file": "a file beside each state", "table": f"table {table}"}
    return " and ".join(said[place] for place in found.settings.lock_places) or "none"


def _document(found: "Discovered") -> dict[str, Any]:
    from holdfast.client.config.masking import masked

    address = found.settings.address(found.workspace)
    return {
        "usable": not found.errors,
        "state": address.url if found.settings.key else None,
        "bucket": address.bucket or None,
        "object_key": address.object_key or None,
        "workspace": {"name": found.workspace, "from": _origin(found.origins["workspace"])},
        "lock": {
            "places": found.settings.lock_places,
            "table": found.settings.dynamodb_table,
            "id": address.lock_id if found.settings.key else None,
            "file_key": address.lock_file_key if found.settings.use_lockfile else None,
        },
        "arguments": {
            name: {
                "value": masked(name.rpartition(".")[2], said.value),
                "from": _origin(said.origin),
            }
            for name, said in found.values.items()
        },
        "remarks": [
            {
                "level": remark.level,
                "text": remark.text,
                "next": remark.next_step,
                "from": _origin(remark.origin),
            }
            for remark in found.remarks
        ],
    }


def _origin(origin: "Origin | None") -> dict[str, Any] | None:
    if origin is None:
        return None
    return {
        "source": origin.source,
        "name": origin.name or None,
        "file": origin.file,
        "line": origin.line,
    }

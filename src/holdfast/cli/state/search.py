"""`holdfast search`: resources in all states of a bucket."""

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import counted
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import note, print_json, warn
from holdfast.cli.progress import Progress
from holdfast.cli.state.target import Target, backend_of, target_options
from holdfast.cli.tables import Column, Value, print_table

if TYPE_CHECKING:
    from holdfast.operations.search import Hit, Matched


@click.command(
    "search",
    epilog=epilog(
        "holdfast search vpc",
        "holdfast search --type 'aws_db_*' --prefix prod/",
        "holdfast search --attribute tags.Owner=data-team",
        "holdfast search --provider hashicorp/random --mode managed --json",
    ),
)
@click.argument("text", required=False, default="")
@target_options
@click.option("--prefix", default="", help="Only states whose key begins with this.")
@click.option("--type", "type_", metavar="PATTERN", default="", help="The type: aws_s3_bucket.")
@click.option("--name", metavar="PATTERN", default="", help="The name in the configuration.")
@click.option("--module", metavar="PATTERN", default="", help="The module: module.net.*")
@click.option("--provider", metavar="PATTERN", default="", help="The provider: hashicorp/aws, aws.")
@click.option("--mode", type=click.Choice(("managed", "data")), help="Resources or data sources.")
@click.option(
    "--attribute",
    "attributes",
    metavar="NAME[=VALUE]",
    multiple=True,
    help="An attribute that is set, or that has a value: tags.Name='web-*'. May be repeated.",
)
@json_option
def search(
    *,
    target: Target,
    text: str,
    prefix: str,
    type_: str,
    name: str,
    module: str,
    provider: str,
    mode: str | None,
    attributes: tuple[str, ...],
    as_json: bool,
) -> int:
    """Find resources in all states of a bucket.

    TEXT is part of an address. Everything that is given must hold; patterns know * and ?. Sensitive
    values can be searched for, and are never printed.

    Exits with 10 if nothing was found.
    """
    from holdfast.operations import search as operation

    wanted = operation.Wanted(
        text=text,
        type=type_,
        name=name,
        module=module,
        provider=provider,
        mode=mode or "",
        attributes=tuple(operation.attribute_wanted(each) for each in attributes),
    )
    connection = backend_of(target, whole_bucket=True).connection
    with Progress("searching states") as progress:
        hits, unsearched = operation.search(connection, wanted, prefix, progress=progress)
    if as_json:
        print_json(
            {
                "resources": [
                    {
                        "state": hit.state.url,
                        "key": hit.state.key,
                        "workspace": hit.state.workspace,
                        "address": hit.address,
                        "type": hit.type,
                        "mode": hit.mode,
                        "provider": hit.provider,
                        "tainted": hit.tainted,
                        "matched": [_matched(each) for each in hit.matched],
                    }
                    for hit in hits
                ],
                "not_searched": [{"state": each.state.url, "why": each.why} for each in unsearched],
            }
        )
    else:
        _print(hits, with_attributes=bool(attributes))
        for each in unsearched:
            warn(f"{each.state.url} was not searched: {each.why}")
    return ExitCode.OK if hits else ExitCode.NOT_FOUND


def _matched(found: "Matched") -> dict[str, Any]:
    value = None if found.sensitive else found.value
    return {"path": found.path, "value": value, "sensitive": found.sensitive}


def _print(hits: "tuple[Hit, ...]", *, with_attributes: bool) -> None:
    columns = [Column("STATE"), Column("RESOURCE"), Column("PROVIDER", optional=True)]
    if with_attributes:
        columns.append(Column("ATTRIBUTE"))
    rows: list[list[Value]] = []
    for hit in hits:
        row: list[Value] = [hit.state.object_key, hit.address, hit.provider]
        if with_attributes:
            row.append(", ".join(f"{each.path} = {each.value}" for each in hit.matched))
        rows.append(row)
    print_table(columns, rows, empty="Nothing was found.")
    if hits:
        states = len({hit.state for hit in hits})
        note(f"{counted(len(hits), 'resource')} in {counted(states, 'state')}")

"""`holdfast locks release-dead`: whether the server releases locks that look dead, and when."""

from collections.abc import Mapping
from datetime import timedelta

import click

from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import print_json
from holdfast.cli.state.spans import span
from holdfast.cli.state.target import Target, backend_of, target_options
from holdfast.cli.tables import print_table


@click.command(
    "release-dead",
    epilog=epilog(
        "holdfast locks release-dead --bucket states",
        "holdfast locks release-dead --bucket states --prefix ci/ --after 4h",
        "holdfast locks release-dead --bucket states --prefix ci/ --never",
    ),
)
@target_options
@click.option("--prefix", metavar="TEXT", help="Only for states whose key begins with this.")
@click.option(
    "--after",
    metavar="SPAN",
    callback=span,
    help="Release locks of whose holder nothing was heard for so long, such as 4h or 1d; 2h at least.",
)
@click.option("--never", is_flag=True, help="Release none, and forget what was set.")
@json_option
def release_dead(
    *, target: Target, prefix: str | None, after: timedelta | None, never: bool, as_json: bool
) -> int:
    """Show or set whether the server releases locks that look dead; by default it never does.

    A lock looks dead as 'holdfast locks' says. The longest prefix of a key counts. With --never and no
    --prefix all that was set for the bucket is forgotten. Changes and releases are journaled.
    """
    from holdfast.operations import lock_release

    if after is not None and never:
        raise click.UsageError("--after and --never exclude each other")
    if prefix is not None and after is None and not never:
        raise click.UsageError("--prefix needs --after or --never")
    backend = backend_of(target, whole_bucket=True)
    connection, bucket = backend.connection, backend.settings.bucket
    if after is not None:
        given = lock_release.ask_for(connection, bucket, prefix or "", after)
    elif never:
        given = lock_release.never(connection, bucket, prefix)
    else:
        given = lock_release.given(connection, bucket)
    if as_json:
        seconds = {prefix: int(after.total_seconds()) for prefix, after in given.items()}
        print_json({"bucket": bucket, "after_seconds": seconds})
    else:
        _print(bucket, given)
    return ExitCode.OK


def _print(bucket: str, given: Mapping[str, timedelta]) -> None:
    from holdfast.operations.durations import in_words

    rows = [(prefix or "(all)", in_words(after)) for prefix, after in given.items()]
    print_table(["PREFIX", "RELEASED AFTER"], rows, empty=f"No lock of {bucket} is ever released.")

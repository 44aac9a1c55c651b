"""`grant` and `revoke`, for users and for roles in one way."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import note, print_json, say, warn
from holdfast.cli.state.access.reaching import refusals
from holdfast.cli.state.target import Target, discovered

if TYPE_CHECKING:
    from holdfast.client.connect import Connection
    from holdfast.operations.identities.inline import Kind
    from holdfast.operations.identities.ready import Right

Function = Callable[..., Any]
RIGHTS = ("outputs", "reader", "writer", "operator", "administrator")

right_argument = click.argument("right", metavar="RIGHT", type=click.Choice(RIGHTS))
prefix_option = click.option(
    "--prefix",
    metavar="FOLDER/",
    required=True,
    help="Where: states whose key begins with this. '' for all states of the bucket.",
)
workspaces_option = click.option(
    "--workspaces",
    is_flag=True,
    help="Also the workspaces of these states below 'env:/'. Then the names of all states that are "
    "in workspaces can be listed.",
)


def grant_right(
    kind: "Kind",
    owner: str,
    right: "Right",
    target: Target,
    place: tuple[str, bool],
    *,
    as_json: bool,
) -> int:
    """Give a user or a role a right, and say so.

    Args:
        kind: user or role.
        owner: the name.
        right: one of RIGHTS.
        target: which backend.
        place: the prefix, and whether workspaces are meant too.
        as_json: print JSON.
    """
    from holdfast.operations.identities.grants import grant
    from holdfast.operations.identities.places import found_place

    connection = _connection(target)
    with refusals():
        where = found_place(connection, place[0], workspaces=place[1])
        made = grant(connection, kind, owner, right, where)
    if as_json:
        print_json(
            {
                kind: owner,
                "right": right,
                "before": made.before,
                "place": where.url,
                "workspaces": where.workspaces,
                "lock_table": where.table,
                "policy": made.policy,
            }
        )
        return ExitCode.OK
    instead = f" instead of {made.before}" if made.before not in (None, right) else ""
    say(f"{safe(owner)} is {right} of {safe(where.url)}{instead}.", Style.GOOD)
    say(f"Policy: {made.policy}")
    if where.table is None:
        note("No lock table was named, so this is for lock files. With a table: --lock-table NAME.")
    return ExitCode.OK


def revoke_right(kind: "Kind", owner: str, target: Target, prefix: str, *, as_json: bool) -> int:
    """Take a right away, and say so. Arguments as `grant_right`."""
    from holdfast.operations.identities.grants import revoke
    from holdfast.operations.identities.places import Place, folder

    connection = _connection(target)
    with refusals():
        where = Place(connection.settings.bucket, folder(prefix))
        gone = revoke(connection, kind, owner, where)
    if as_json:
        print_json({kind: owner, "revoked": gone.right, "place": where.url, "policy": gone.policy})
        return ExitCode.OK
    say(f"{safe(owner)} is no longer {gone.right} of {safe(where.url)}.", Style.GOOD)
    return ExitCode.OK


def _connection(target: Target) -> "Connection":
    from holdfast.client.connect import Connection

    found = discovered(target, whole_bucket=True)
    for remark in found.warnings:
        warn(str(remark))
    return Connection(found.settings)

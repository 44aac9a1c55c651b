"""`holdfast users`: who may use the backend."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from holdfast.cli.amounts import ago, counted, timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.groups import ListGroup
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, print_json, say
from holdfast.cli.state.access.ends import end_after, expires_option
from holdfast.cli.state.access.granting import (
    grant_right,
    prefix_option,
    revoke_right,
    right_argument,
    workspaces_option,
)
from holdfast.cli.state.access.reaching import connection_of, refusals, service_options
from holdfast.cli.state.access.showing import (
    key_document,
    new_key_document,
    policy_fields,
    print_deleted,
    print_keys,
    print_new_key,
)
from holdfast.cli.state.target import Target, target_options
from holdfast.cli.tables import Column, Value, print_fields, print_table

if TYPE_CHECKING:
    from holdfast.operations.identities.ready import Right
    from holdfast.operations.identities.users import User

user_argument = click.argument("user", metavar="USER")


@click.group(
    "users",
    cls=ListGroup,
    epilog=epilog(
        "holdfast users",
        "holdfast users create ada --key",
        "holdfast users grant ada writer --bucket states --prefix staging/",
    ),
)
def users() -> None:
    """List, make and delete users, and say what they may do.

    All of it goes through AWS's IAM API: the same commands work on AWS and on a server of holdfast.
    Without a command it is 'holdfast users list'.
    """


@users.command("list", epilog=epilog("holdfast users list", "holdfast users list --json"))
@service_options
@json_option
def list_(*, target: Target, as_json: bool) -> int:
    """List all users and how many keys of each work."""
    from holdfast.operations.identities.users import list_users

    with refusals():
        found = list_users(connection_of(target))
    if as_json:
        print_json({"users": [_document(user) for user in found]})
        return ExitCode.OK
    now = datetime.now(UTC)
    rows = [
        (
            user.name,
            sum(key.works(now) for key in user.keys),
            len(user.keys),
            ago(user.created, now),
        )
        for user in found
    ]
    columns: list[Column | str] = [
        "USER",
        Column("WORKING KEYS", right=True),
        Column("KEYS", right=True),
        "CREATED",
    ]
    print_table(columns, rows, empty="No users.")
    return ExitCode.OK


@users.command("show", epilog=epilog("holdfast users show ada", "holdfast users show ada --json"))
@user_argument
@service_options
@json_option
def show(*, target: Target, user: str, as_json: bool) -> int:
    """Show a user: keys, granted rights and other policies."""
    from holdfast.operations.identities.ready import right_of
    from holdfast.operations.identities.users import show_user

    with refusals():
        found = show_user(connection_of(target), user)
    rights = {name: right_of(text) for name, text in found.policies.items()}
    if as_json:
        said = {"arn": found.arn, "tags": found.tags, "policies": rights}
        print_json({"user": {**_document(found), **said}})
        return ExitCode.OK
    fields: list[tuple[str, Value]] = [
        ("User", found.name),
        ("ARN", found.arn),
        ("Created", timestamp(found.created)),
    ]
    print_fields(fields + policy_fields(rights))
    if found.keys:
        say()
        print_keys(list(found.keys), empty="")
    return ExitCode.OK


@users.command(
    "create",
    epilog=epilog(
        "holdfast users create ada --key", "holdfast users create ci --key --expires 90d"
    ),
)
@user_argument
@click.option("--key", "with_key", is_flag=True, help="Make an access key too, and print it.")
@expires_option
@service_options
@json_option
def create(
    *, target: Target, user: str, with_key: bool, expires: timedelta | None, as_json: bool
) -> int:
    """Make a user. It may do nothing until something is granted to it."""
    from holdfast.operations.identities.keys import create_key
    from holdfast.operations.identities.users import create_user

    end = end_after(expires)
    if end is not None and not with_key:
        raise click.UsageError("--expires is about the key that --key makes.")
    connection = connection_of(target)
    with refusals():
        made = create_user(connection, user)
        key = create_key(connection, user, end) if with_key else None
    if as_json:
        print_json(
            {
                "user": {**_document(made), "arn": made.arn},
                "access_key": new_key_document(key) if key else None,
            }
        )
        return ExitCode.OK
    say(f"Created: {safe(made.arn)}", Style.GOOD)
    if key is not None:
        print_new_key(key)
    return ExitCode.OK


@users.command(
    "delete", epilog=epilog("holdfast users delete ada", "holdfast users delete ada --yes")
)
@user_argument
@service_options
@yes_option
@json_option
def delete(*, target: Target, user: str, yes: bool, as_json: bool) -> int:
    """Delete a user with its access keys and policies. It is shut out at once."""
    from holdfast.operations.identities.users import delete_user, show_user

    connection = connection_of(target)
    with refusals():
        found = show_user(connection, user)
        if found.arn == connection.identity()["Arn"]:
            raise CommandFailed(
                f"{user} is who asks: it would end before it is done",
                "Do it as another user.",
                ExitCode.REFUSED,
            )
        had = [
            counted(len(found.keys), "access key"),
            counted(len(found.policies), "policy", "policies"),
        ]
        confirm(f"{found.arn} is deleted, with {had[0]} and {had[1]}.", yes=yes)
        delete_user(connection, found)
    print_deleted("user", found.name, found.arn, as_json=as_json)
    return ExitCode.OK


@users.command(
    "grant",
    epilog=epilog(
        "holdfast users grant ada writer --bucket states --prefix staging/ --lock-table locks",
        "holdfast users grant bo reader --prefix staging/ --workspaces",
    ),
)
@user_argument
@right_argument
@prefix_option
@workspaces_option
@target_options
@json_option
def grant(
    *, target: Target, user: str, right: "Right", prefix: str, workspaces: bool, as_json: bool
) -> int:
    """Let a user read, write, operate or administer the states of a folder.

    outputs reads the outputs of states, as terraform_remote_state does, and nothing else of them.
    reader reads states, their versions and locks. writer also locks and writes: what Terraform needs
    to plan and apply. operator also deletes states and versions, and reads the settings of bucket,
    table and key. administrator may do everything with objects and locks there.

    A user has one right to a folder; granting another replaces it. What is outside of the folder
    cannot even be listed.
    """
    place = (prefix, workspaces)
    return grant_right("user", user, right, target, place, as_json=as_json)


@users.command(
    "revoke", epilog=epilog("holdfast users revoke ada --bucket states --prefix staging/")
)
@user_argument
@prefix_option
@target_options
@json_option
def revoke(*, target: Target, user: str, prefix: str, as_json: bool) -> int:
    """Take away the right that a user was granted to a folder."""
    return revoke_right("user", user, target, prefix, as_json=as_json)


def _document(user: "User") -> dict[str, object]:
    return {
        "name": user.name,
        "created": user.created,
        "keys": [key_document(key) for key in user.keys],
    }

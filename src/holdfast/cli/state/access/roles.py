"""`holdfast roles`: what can be assumed, by whom, and what it may do then."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from holdfast.cli.amounts import ago, counted, timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.groups import ListGroup
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import confirm, print_json, say
from holdfast.cli.state.access.granting import (
    grant_right,
    prefix_option,
    revoke_right,
    right_argument,
    workspaces_option,
)
from holdfast.cli.state.access.reaching import connection_of, refusals, service_options
from holdfast.cli.state.access.showing import policy_fields, print_deleted, print_policies
from holdfast.cli.state.spans import span
from holdfast.cli.state.target import Target, target_options
from holdfast.cli.tables import Value, print_fields, print_table

if TYPE_CHECKING:
    from holdfast.operations.identities.ready import Right
    from holdfast.operations.identities.roles import Role

role_argument = click.argument("role", metavar="ROLE")


@click.group(
    "roles",
    cls=ListGroup,
    epilog=epilog(
        "holdfast roles",
        "holdfast roles create deploy --trust-user ada",
        "holdfast roles grant deploy writer --bucket states --prefix staging/",
    ),
)
def roles() -> None:
    """List, make and delete roles, and say what they may do.

    All of it goes through AWS's IAM API: the same commands work on AWS and on a server of holdfast.
    Without a command it is 'holdfast roles list'.
    """


@roles.command("list", epilog=epilog("holdfast roles list", "holdfast roles list --json"))
@service_options
@json_option
def list_(*, target: Target, as_json: bool) -> int:
    """List all roles."""
    from holdfast.operations.identities.roles import list_roles

    with refusals():
        found = list_roles(connection_of(target))
    if as_json:
        print_json({"roles": [_document(role) for role in found]})
        return ExitCode.OK
    rows = [(role.name, role.arn, ago(role.created), role.description or None) for role in found]
    print_table(["ROLE", "ARN", "CREATED", "DESCRIPTION"], rows, empty="No roles.")
    return ExitCode.OK


@roles.command(
    "show", epilog=epilog("holdfast roles show deploy", "holdfast roles show deploy --json")
)
@role_argument
@service_options
@json_option
def show(*, target: Target, role: str, as_json: bool) -> int:
    """Show a role: who may assume it, and what it may do then."""
    from holdfast.operations.identities.ready import right_of
    from holdfast.operations.identities.roles import show_role

    with refusals():
        found = show_role(connection_of(target), role)
    rights = {name: right_of(text) for name, text in found.policies.items()}
    if as_json:
        print_json({"role": {**_document(found), "policies": rights}})
        return ExitCode.OK
    fields: list[tuple[str, Value]] = [
        ("Role", found.name),
        ("ARN", found.arn),
        ("Created", timestamp(found.created)),
        ("Description", found.description or None),
        ("Longest session", f"{found.max_seconds} s"),
    ]
    print_fields(fields + policy_fields(rights))
    say()
    print_policies({"Trust policy": found.trust}, empty="")
    return ExitCode.OK


@roles.command(
    "create",
    epilog=epilog(
        "holdfast roles create deploy --trust-user ada --trust-user bo",
        "holdfast roles create ci --trust-issuer https://gitlab.example.org --audience holdfast "
        "--subject 'project_path:acme/*:ref_type:branch:ref:main'",
    ),
)
@role_argument
@click.option(
    "--trust-user",
    "users",
    metavar="NAME",
    multiple=True,
    help="A user who may assume it; '*' for all users whose own policies allow them to.",
)
@click.option("--external-id", metavar="TEXT", default="", help="What these users have to say.")
@click.option(
    "--trust-issuer", "issuer", metavar="URL", default="", help="An issuer of web identity tokens."
)
@click.option(
    "--audience", "audiences", metavar="NAME", multiple=True, help="For whom its tokens are."
)
@click.option(
    "--subject",
    "subjects",
    metavar="NAME",
    multiple=True,
    help="Whose tokens; a '*' stands for any characters.",
)
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@click.option(
    "--max-session",
    metavar="SPAN",
    callback=span,
    default="1h",
    show_default=True,
    help="The longest session, 1h to 12h.",
)
@service_options
@json_option
def create(
    *,
    target: Target,
    role: str,
    users: tuple[str, ...],
    external_id: str,
    issuer: str,
    audiences: tuple[str, ...],
    subjects: tuple[str, ...],
    description: str,
    max_session: timedelta,
    as_json: bool,
) -> int:
    """Make a role. It may do nothing until something is granted to it."""
    from holdfast.operations.identities.roles import Trust, create_role

    seconds = int(max_session.total_seconds())
    if not 3600 <= seconds <= 43200:
        raise click.BadParameter("it is 1h to 12h", param_hint="--max-session")
    trust = Trust(users, issuer, audiences, subjects, external_id)
    connection = connection_of(target)
    with refusals():
        made = create_role(connection, role, trust, description=description, max_seconds=seconds)
    if as_json:
        print_json({"role": _document(made)})
    else:
        say(f"Created: {safe(made.arn)}", Style.GOOD)
    return ExitCode.OK


@roles.command(
    "delete", epilog=epilog("holdfast roles delete deploy", "holdfast roles delete deploy --yes")
)
@role_argument
@service_options
@yes_option
@json_option
def delete(*, target: Target, role: str, yes: bool, as_json: bool) -> int:
    """Delete a role with its policies. What was assumed may do nothing any more."""
    from holdfast.operations.identities.roles import delete_role, show_role

    connection = connection_of(target)
    with refusals():
        found = show_role(connection, role)
        had = counted(len(found.policies), "policy", "policies")
        confirm(f"{found.arn} is deleted, with {had}.", yes=yes)
        delete_role(connection, found)
    print_deleted("role", found.name, found.arn, as_json=as_json)
    return ExitCode.OK


@roles.command(
    "grant",
    epilog=epilog(
        "holdfast roles grant deploy writer --bucket states --prefix staging/ --lock-table locks",
    ),
)
@role_argument
@right_argument
@prefix_option
@workspaces_option
@target_options
@json_option
def grant(
    *, target: Target, role: str, right: "Right", prefix: str, workspaces: bool, as_json: bool
) -> int:
    """Let a role read, write, operate or administer the states of a folder.

    The rights are those of 'holdfast users grant'.
    """
    place = (prefix, workspaces)
    return grant_right("role", role, right, target, place, as_json=as_json)


@roles.command(
    "revoke", epilog=epilog("holdfast roles revoke deploy --bucket states --prefix staging/")
)
@role_argument
@prefix_option
@target_options
@json_option
def revoke(*, target: Target, role: str, prefix: str, as_json: bool) -> int:
    """Take away the right that a role was granted to a folder."""
    return revoke_right("role", role, target, prefix, as_json=as_json)


def _document(role: "Role") -> dict[str, object]:
    return {
        "name": role.name,
        "arn": role.arn,
        "created": role.created,
        "description": role.description,
        "max_session": role.max_seconds,
        "trust": role.trust,
    }

"""`holdfast keys`: the access keys of users."""

from datetime import timedelta

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.groups import ListGroup
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import confirm, note, print_json, say
from holdfast.cli.state.access.ends import end_after, expires_option
from holdfast.cli.state.access.reaching import connection_of, refusals, service_options
from holdfast.cli.state.access.showing import (
    key_document,
    new_key_document,
    print_keys,
    print_new_key,
)
from holdfast.cli.state.target import Target

key_argument = click.argument("key", metavar="KEY")
user_option = click.option("--user", metavar="NAME", help="Whose it is; saves looking for it.")


@click.group(
    "keys",
    cls=ListGroup,
    epilog=epilog(
        "holdfast keys",
        "holdfast keys create ci --expires 90d",
        "holdfast keys rotate AKIAIOSFODNN7EXAMPLE",
    ),
)
def keys() -> None:
    """List, make, rotate, switch off and delete access keys.

    All of it goes through AWS's IAM API: the same commands work on AWS and on a server of holdfast,
    except that AWS does not let keys expire. Without a command it is 'holdfast keys list'.
    """


@keys.command("list", epilog=epilog("holdfast keys list", "holdfast keys list --user ada --json"))
@click.option("--user", metavar="NAME", help="Only the keys of this user.")
@service_options
@json_option
def list_(*, target: Target, user: str | None, as_json: bool) -> int:
    """List access keys: whose they are, whether they work, when they end. Never a secret."""
    from holdfast.operations.identities.keys import all_keys, keys_of

    connection = connection_of(target)
    with refusals():
        found = keys_of(connection, user) if user else list(all_keys(connection))
    if as_json:
        print_json({"keys": [key_document(key) for key in found]})
    else:
        print_keys(found, empty="No access keys.")
    return ExitCode.OK


@keys.command(
    "create",
    epilog=epilog("holdfast keys create ada", "holdfast keys create ci --expires 90d --json"),
)
@click.argument("user", metavar="USER")
@expires_option
@service_options
@json_option
def create(*, target: Target, user: str, expires: timedelta | None, as_json: bool) -> int:
    """Make an access key for a user, and print it. The secret is never shown again."""
    from holdfast.operations.identities.keys import create_key

    end = end_after(expires)
    with refusals():
        made = create_key(connection_of(target), user, end)
    if as_json:
        print_json({"access_key": new_key_document(made)})
    else:
        print_new_key(made)
    return ExitCode.OK


@keys.command(
    "rotate",
    epilog=epilog(
        "holdfast keys rotate AKIAIOSFODNN7EXAMPLE",
        "holdfast keys rotate AKIAIOSFODNN7EXAMPLE --disable-old --json",
    ),
)
@key_argument
@user_option
@click.option("--disable-old", is_flag=True, help="Switch the old key off as soon as there is one.")
@expires_option
@service_options
@json_option
def rotate(
    *,
    target: Target,
    key: str,
    user: str | None,
    disable_old: bool,
    expires: timedelta | None,
    as_json: bool,
) -> int:
    """Make a new access key for the user of KEY, and print it.

    The old key goes on working until it is switched off. If it ends at some time, the new one lasts
    as long as the old one did, unless --expires says otherwise.
    """
    from holdfast.operations.identities.keys import create_key, find_key, set_active

    connection = connection_of(target)
    with refusals():
        old = find_key(connection, key, user)
        if expires is None and old.expires is not None:
            expires = max(old.expires - old.created, timedelta(seconds=1))
        new = create_key(connection, old.user, end_after(expires))
    shown = new_key_document(new)
    if not as_json:
        print_new_key(new)  # before anything else can go wrong: it is not shown again
    if disable_old:
        try:
            with refusals():
                set_active(connection, old, active=False)
        except BaseException:
            if as_json:
                print_json({"access_key": shown, "old": key_document(old)})
            raise
    next_step = f"holdfast keys {'delete' if disable_old else 'disable'} {old.access_key_id}"
    if as_json:
        before = {**key_document(old), "active": old.active and not disable_old}
        print_json({"access_key": shown, "old": before, "next": next_step})
        return ExitCode.OK
    state = "is switched off" if disable_old else "still works"
    note(f"The old key {old.access_key_id} {state}. Once nothing uses it: {next_step}")
    return ExitCode.OK


@keys.command("disable", epilog=epilog("holdfast keys disable AKIAIOSFODNN7EXAMPLE"))
@key_argument
@user_option
@service_options
@json_option
def disable(*, target: Target, key: str, user: str | None, as_json: bool) -> int:
    """Switch an access key off, from the next request on."""
    return _switch(target, key, user, active=False, as_json=as_json)


@keys.command("enable", epilog=epilog("holdfast keys enable AKIAIOSFODNN7EXAMPLE"))
@key_argument
@user_option
@service_options
@json_option
def enable(*, target: Target, key: str, user: str | None, as_json: bool) -> int:
    """Switch an access key on again."""
    return _switch(target, key, user, active=True, as_json=as_json)


@keys.command("delete", epilog=epilog("holdfast keys delete AKIAIOSFODNN7EXAMPLE --yes"))
@key_argument
@user_option
@service_options
@yes_option
@json_option
def delete(*, target: Target, key: str, user: str | None, yes: bool, as_json: bool) -> int:
    """Delete an access key for good."""
    from holdfast.operations.identities.keys import delete_key, find_key

    connection = connection_of(target)
    with refusals():
        found = find_key(connection, key, user)
        confirm(f"The access key {found.access_key_id} of {found.user} is deleted.", yes=yes)
        delete_key(connection, found)
    if as_json:
        print_json({"access_key_id": found.access_key_id, "deleted": True})
    else:
        say(f"Deleted: {safe(found.access_key_id)} of {safe(found.user)}", Style.GOOD)
    return ExitCode.OK


def _switch(target: Target, key: str, user: str | None, *, active: bool, as_json: bool) -> int:
    from holdfast.operations.identities.keys import find_key, set_active

    connection = connection_of(target)
    with refusals():
        found = find_key(connection, key, user)
        set_active(connection, found, active=active)
    if as_json:
        print_json({"key": {**key_document(found), "active": active}})
    else:
        word = "enabled" if active else "disabled"
        say(f"{safe(found.access_key_id)} of {safe(found.user)} is {word}.", Style.GOOD)
    return ExitCode.OK

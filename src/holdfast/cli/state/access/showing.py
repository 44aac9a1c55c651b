"""How users, roles, keys, grants and policies are printed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from holdfast.cli.amounts import ago, timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.output import note, print_json, say
from holdfast.cli.tables import Cell, Value, print_fields, print_table

if TYPE_CHECKING:
    from holdfast.operations.identities.inline import Kind
    from holdfast.operations.identities.keys import Key, NewKey
    from holdfast.operations.identities.ready import Right


def status_of(key: "Key", now: datetime) -> Cell:
    """Return whether a key works, in a word."""
    if not key.active:
        return Cell("disabled", Style.WARNING)
    if not key.works(now):
        return Cell("expired", Style.WARNING)
    return Cell("active", Style.GOOD)


def print_keys(keys: "list[Key]", *, empty: str) -> None:
    """Print a table of access keys."""
    now = datetime.now(UTC)
    rows = [
        (
            key.access_key_id,
            key.user,
            status_of(key, now),
            ago(key.created, now),
            timestamp(key.expires) if key.expires else None,
        )
        for key in keys
    ]
    print_table(["KEY", "USER", "STATUS", "CREATED", "EXPIRES"], rows, empty=empty)


def key_document(key: "Key") -> dict[str, Any]:
    """Return an access key as JSON shows it."""
    return {
        "access_key_id": key.access_key_id,
        "user": key.user,
        "active": key.active,
        "created": key.created,
        "expires": key.expires,
    }


def new_key_document(key: "NewKey") -> dict[str, Any]:
    """Return a new access key as JSON shows it, with its secret."""
    return {
        "access_key_id": key.access_key_id,
        "secret_access_key": key.secret,
        "user": key.user,
        "expires": key.expires,
    }


def print_new_key(key: "NewKey") -> None:
    """Print an access key that was just made: the only time that its secret is shown."""
    fields: list[tuple[str, Value]] = [
        ("User", key.user),
        ("Access key id", key.access_key_id),
        ("Secret access key", key.secret),
        ("Expires", timestamp(key.expires) if key.expires else None),
    ]
    print_fields(fields)
    note("The secret is shown only now. Whoever has it acts as this user.")


def policy_fields(rights: Mapping[str, "Right | None"]) -> list[tuple[str, Value]]:
    """Return the policies of a user or a role as fields, each with the right that it grants."""
    return [("Policy", f"{name} ({right or 'not a ready one'})") for name, right in rights.items()]


def print_deleted(kind: "Kind", name: str, arn: str, *, as_json: bool) -> None:
    """Say that a user or a role is deleted."""
    if as_json:
        print_json({kind: name, "deleted": True})
    else:
        say(f"Deleted: {safe(arn)}", Style.GOOD)


def print_policies(policies: Mapping[str, str], *, empty: str) -> None:
    """Print policies as they were written, each under its name."""
    if not policies:
        note(empty)
    for number, (name, document) in enumerate(policies.items()):
        if number:
            say()
        say(f"{safe(name)}:", Style.STRONG)
        for line in document.splitlines():
            say(safe(line))

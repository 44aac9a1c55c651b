"""Access keys: made, rotated, switched off and on, deleted; and when they expire.

IAM has no end for an access key. A server of holdfast refuses a key from the time on that a tag of its
user says; on AWS the tag is a reminder only.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.operations.identities.refusals import NoSuchIdentity, asking

EXPIRES_TAG = "holdfast:key-expires/"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, without its secret. `expires` is None for one that does not."""

    access_key_id: str
    user: str
    active: bool
    created: datetime
    expires: datetime | None = None

    def works(self, now: datetime) -> bool:
        """Whether it may be used."""
        return self.active and (self.expires is None or self.expires > now)


@dataclass(frozen=True, slots=True)
class NewKey:
    """An access key that was just made. The secret cannot be had again."""

    access_key_id: str
    user: str
    secret: str = field(repr=False)
    expires: datetime | None = None


def keys_of(connection: Connection, user: str) -> list[Key]:
    """Return the access keys of a user, the oldest first.

    Raises:
        NoSuchIdentity: there is no such user.
        HoldfastError: it cannot be asked.
    """
    with asking(f"list the access keys of {user}", "iam:ListAccessKeys", f"user/{user}"):
        pages = connection.iam.get_paginator("list_access_keys").paginate(UserName=user)
        found = [entry for page in pages for entry in page["AccessKeyMetadata"]]
    ends = _ends(tags_of(connection, user)) if found else {}
    keys = [
        Key(
            entry["AccessKeyId"],
            user,
            entry["Status"] == "Active",
            entry["CreateDate"],
            ends.get(entry["AccessKeyId"]),
        )
        for entry in found
    ]
    return sorted(keys, key=lambda key: (key.created, key.access_key_id))


def tags_of(connection: Connection, user: str) -> dict[str, str]:
    """Return the tags of a user; arguments and errors as `keys_of`."""
    with asking(f"read the tags of {user}", "iam:ListUserTags", f"user/{user}"):
        pages = connection.iam.get_paginator("list_user_tags").paginate(UserName=user)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def all_keys(connection: Connection) -> Iterator[Key]:
    """Yield the access keys of all users.

    Raises:
        HoldfastError: they cannot be asked for.
    """
    with asking("list the users", "iam:ListUsers"):
        pages = connection.iam.get_paginator("list_users").paginate()
        names = [user["UserName"] for page in pages for user in page["Users"]]
    for name in names:
        yield from keys_of(connection, name)


def find_key(connection: Connection, access_key_id: str, user: str | None = None) -> Key:
    """Return an access key.

    Args:
        connection: to IAM.
        access_key_id: its id.
        user: whose it is; all users are looked through if None.

    Raises:
        NoSuchIdentity: nobody has it.
        HoldfastError: it cannot be asked.
    """
    keys = all_keys(connection) if user is None else keys_of(connection, user)
    found = next((key for key in keys if key.access_key_id == access_key_id), None)
    if found is None:
        whose = "nobody has" if user is None else f"{user} does not have"
        raise NoSuchIdentity(
            f"{whose} the access key {access_key_id}", "'holdfast keys' lists all access keys."
        )
    return found


def create_key(connection: Connection, user: str, expires: datetime | None = None) -> NewKey:
    """Make an access key for a user. One whose end cannot be said is taken back.

    Args:
        connection: to IAM.
        user: the user's name.
        expires: when it ends; aware; None for never.

    Raises:
        NoSuchIdentity: there is no such user.
        Refused: the user has as many keys as there may be.
        HoldfastError: it cannot be made.
    """
    iam, whose = connection.iam, f"user/{user}"
    with asking(f"create an access key for {user}", "iam:CreateAccessKey", whose):
        made = iam.create_access_key(UserName=user)["AccessKey"]
    access_key_id = made["AccessKeyId"]
    if expires is None:
        return NewKey(access_key_id, user, made["SecretAccessKey"])
    end = expires.astimezone(UTC).replace(microsecond=0)
    tag = {"Key": EXPIRES_TAG + access_key_id, "Value": end.isoformat().replace("+00:00", "Z")}
    try:
        with asking(f"let {access_key_id} expire", "iam:TagUser", whose):
            iam.tag_user(UserName=user, Tags=[tag])  # type: ignore[list-item]
    except BaseException:
        with suppress(HoldfastError), asking("take it back", "iam:DeleteAccessKey", whose):
            iam.delete_access_key(UserName=user, AccessKeyId=access_key_id)
        raise
    return NewKey(access_key_id, user, made["SecretAccessKey"], end)


def set_active(connection: Connection, key: Key, *, active: bool) -> None:
    """Switch an access key off, or on again.

    Raises:
        Refused: it is the last one of a server's administrator.
        HoldfastError: it cannot be done.
    """
    doing = f"{'enable' if active else 'disable'} the access key {key.access_key_id}"
    with asking(doing, "iam:UpdateAccessKey", f"user/{key.user}"):
        connection.iam.update_access_key(
            UserName=key.user,
            AccessKeyId=key.access_key_id,
            Status="Active" if active else "Inactive",
        )


def delete_key(connection: Connection, key: Key) -> None:
    """Delete an access key, and the tag that says when it expires; errors as `set_active`."""
    whose = f"user/{key.user}"
    with asking(f"delete the access key {key.access_key_id}", "iam:DeleteAccessKey", whose):
        connection.iam.delete_access_key(UserName=key.user, AccessKeyId=key.access_key_id)
    if key.expires is not None:
        with asking(f"untag {key.user}", "iam:UntagUser", whose):
            name = EXPIRES_TAG + key.access_key_id
            connection.iam.untag_user(UserName=key.user, TagKeys=[name])


def _ends(tags: Mapping[str, str]) -> dict[str, datetime]:
    """Return when keys expire, by id, as the tags of their user say."""
    found = {}
    for name, value in tags.items():
        if name.startswith(EXPIRES_TAG):
            with suppress(ValueError, OverflowError):
                end = datetime.fromisoformat(value).astimezone(UTC)
                found[name.removeprefix(EXPIRES_TAG)] = end
    return found

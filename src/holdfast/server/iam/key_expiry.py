"""When access keys expire. IAM has no parameter for it, so a tag of the user says it.

`holdfast:key-expires/AKIA...` = `2027-03-01T00:00:00Z` on a user: from then on that key of the user is
refused, as if it did not exist. Taking the tag away takes the end away. On AWS, where nobody acts on
it, the tag is at least written where everybody sees it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import AccessKey, User
from holdfast.server.iam.administrator import require_left
from holdfast.server.operation import Transaction

PREFIX = "holdfast:key-expires/"


def set_ends(tx: Transaction, user: User, tags: Mapping[str, str]) -> None:
    """Let keys of a user expire as its new tags say.

    Raises:
        ServiceError: InvalidInput, for a time that is none; NoSuchEntity, for a key that is not the
            user's; UnmodifiableEntity, for the last key of the administrator.
    """
    for name, value in tags.items():
        if name.startswith(PREFIX):
            _set(tx, user, name.removeprefix(PREFIX), _time(name, value))


def clear_ends(tx: Transaction, user: User, names: Iterable[str]) -> None:
    """Let keys of a user live on whose tags go away."""
    for name in names:
        key = tx.get(AccessKey, name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
        if key is not None and key.user == user.name:
            tx.put(replace(key, expires=None))


def _set(tx: Transaction, user: User, access_key_id: str, expires: datetime) -> None:
    key = tx.get(AccessKey, access_key_id)
    if key is None or key.user != user.name:
        said = f"The Access Key with id {access_key_id} cannot be found."
        raise ServiceError("NoSuchEntity", said, status=404)
    require_left(tx, key)
    tx.put(replace(key, expires=expires))


def _time(name: str, text: str) -> datetime:
    """Return a time in RFC 3339."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    said = f"The tag {name} holds no time such as 2027-03-01T00:00:00Z."
    raise ServiceError("InvalidInput", said, status=400)

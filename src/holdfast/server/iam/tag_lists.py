"""Lists of tags: what IAM takes, and how it shows them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.iam.paging import after, page
from holdfast.server.operation import Params

_MOST = 50  # per user or role
_CHARACTERS = re.compile(r"[\w\s.:/=+\-@]*")  # \p{L}\p{Z}\p{N}_.:/=+\-@ in AWS's model


def with_tags(tags: Mapping[str, str], given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return tags with those of a request added. Names that differ only in case are the same.

    Raises:
        ServiceError: InvalidInput or LimitExceeded.
    """
    added: dict[str, str] = {}
    for tag in given:
        name, value = tag["Key"], tag["Value"]
        _check(name, value)
        if name.lower() in {known.lower() for known in added}:
            raise _invalid(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        added[name] = value
    kept = without_tags(tags, added)
    if len(kept) + len(added) > _MOST:
        raise ServiceError(
            "LimitExceeded",
            f"The number of tags has reached the maximum limit: {_MOST}.",
            status=409,
        )
    return {**kept, **added}


def without_tags(tags: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return tags without some. Naming one that is not there is no error."""
    gone = {name.lower() for name in names}
    return {name: value for name, value in tags.items() if name.lower() not in gone}


def shown_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as IAM lists them."""
    return [{"Key": name, "Value": tags[name]} for name in sorted(tags)]


def page_of_tags(params: Params, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer of ListUserTags and ListRoleTags."""
    start = after(params)
    left = [tag for tag in shown_tags(tags) if tag["Key"] > start]
    return page(params, "Tags", left, lambda tag: tag["Key"])[1]


def _check(name: str, value: str) -> None:
    if not _CHARACTERS.fullmatch(name + value):
        raise _invalid(
            "Tag keys and values can have letters, numbers, spaces and the characters _.:/=+-@ only."
        )
    if name.lower().startswith("aws:"):
        raise _invalid("Tag keys that begin with aws: are reserved.")


def _invalid(said: str) -> ServiceError:
    return ServiceError("InvalidInput", said, status=400)

"""Tags as DynamoDB takes and gives them."""

from collections.abc import Mapping

from holdfast.server.dynamodb.refusals import invalid, invalid_values

MAX_TAGS = 50


def require_tags(tags: list[Mapping[str, str]]) -> dict[str, str]:
    """Return a list of tags as a mapping.

    Raises:
        ServiceError: ValidationException: a key twice, or with AWS's own prefix.
    """
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        if key.lower().startswith("aws:"):
            raise invalid_values("Tag keys starting with aws: are reserved for system use")
        if key in found:
            raise invalid_values(f"Duplicate tag key: {key}")
        found[key] = value
    return found


def merged(present: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the tags with new ones added.

    Raises:
        ServiceError: ValidationException: more than fifty.
    """
    together = {**present, **new}
    if len(together) > MAX_TAGS:
        raise invalid(f"The number of tags exceeds the limit of {MAX_TAGS}")
    return together

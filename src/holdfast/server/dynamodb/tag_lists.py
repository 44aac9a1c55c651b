"""Tags as DynamoDB takes and gives them."""

from collections.abc import Mapping

from holdfast.server.dynamodb.refusals import constraint, invalid, invalid_values

MAX_TAGS = 50
MAX_KEY = 128
MAX_VALUE = 256


def require_tags(tags: list[Mapping[str, str]]) -> dict[str, str]:
    """Return a list of tags as a mapping.

    Raises:
        ServiceError: ValidationException: a key twice, too long, or with AWS's own prefix.
    """
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        if not 1 <= len(key) <= MAX_KEY:
            rule = f"Member must have length between 1 and {MAX_KEY}"
            raise constraint(key, "tags.1.member.key", rule)
        if len(value) > MAX_VALUE:
            rule = f"Member must have length less than or equal to {MAX_VALUE}"
            raise constraint(value, "tags.1.member.value", rule)
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

"""Names and ARNs of tables."""

import re

from holdfast.server.dynamodb.refusals import constraint, invalid
from holdfast.server.operation import Site

_PATTERN = "[a-zA-Z0-9_.-]+"
_NAME = re.compile(_PATTERN)
_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([^:]*):([^:]*):table/([^/]*)")


def table_arn(site: Site, name: str) -> str:
    """Return the ARN of a table."""
    return f"arn:aws:dynamodb:{site.region}:{site.account}:table/{name}"


def table_name(site: Site, given: str) -> str:
    """Return the name in a `TableName` parameter, which may be an ARN of this site.

    Raises:
        ServiceError: ValidationException: it is neither.
    """
    if _NAME.fullmatch(given):
        return given
    match = _ARN.fullmatch(given)
    if match and match[1] == site.region and match[2] == site.account:
        return match[3]
    if match:
        raise invalid(
            f"Invalid table ARN: the account and region must be {site.account} and {site.region}"
        )
    raise constraint(
        given, "tableName", f"Member must satisfy regular expression pattern: {_PATTERN}"
    )


def require_new_name(name: str) -> None:
    """Check the name of a table that is to be made.

    Raises:
        ServiceError: ValidationException.
    """
    if not 3 <= len(name) <= 255:
        raise invalid(
            "TableName must be at least 3 characters long and at most 255 characters long"
        )
    if not _NAME.fullmatch(name):
        raise constraint(
            name, "tableName", f"Member must satisfy regular expression pattern: {_PATTERN}"
        )

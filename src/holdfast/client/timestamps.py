"""Times in the services' answers, read quickly: a listing of a thousand objects holds a thousand."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


def parse_timestamp(value: Any) -> datetime:
    """Return a time of an answer, aware.

    Args:
        value: RFC 3339 text as in XML bodies, RFC 7231 text as in headers, or anything else that the
            SDK knows.
    """
    if isinstance(value, str):
        try:
            if value[:1].isdigit() and value.endswith("Z"):
                return datetime.fromisoformat(value)
            if value.endswith(" GMT"):
                return parsedate_to_datetime(value).astimezone(UTC)
        except ValueError:
            pass  # the SDK may know it
    from botocore.utils import parse_timestamp as slowly

    return slowly(value)

"""Times in answers are read as the SDK reads them, only quicker."""

from typing import Any

import pytest
from botocore.utils import parse_timestamp as by_the_sdk

from holdfast.client.timestamps import parse_timestamp


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T03:59:37.000Z",
        "2026-11-22T03:59:37.123Z",
        "2026-11-22T03:59:37Z",
        "2026-11-22T03:59:37+02:00",
        "Sun, 22 Nov 2026 03:59:37 GMT",
        "1795319977",
        1795319977.5,
        1795319977,
    ],
)
def test_every_form_is_the_same_moment(text: Any) -> None:
    """Of XML bodies, of headers, of JSON."""
    found = parse_timestamp(text)

    assert found == by_the_sdk(text)
    assert found.utcoffset() is not None


def test_what_is_no_time_is_an_error() -> None:
    """As the SDK says it."""
    with pytest.raises(ValueError, match="soon"):
        parse_timestamp("soon")

"""Keys: their length, and what follows a prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.s3.keys import check_key, successor

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(KEYS, KEYS, KEYS)
def test_successor_separates_what_begins_with_the_prefix(
    prefix: str, rest: str, other: str
) -> None:
    """Everything with the prefix is before it, everything else is before the prefix or not."""
    following = successor(prefix)
    if following is None:
        assert prefix.strip("\U0010ffff") == ""
        return
    assert prefix.encode() < following.encode()
    assert (prefix + rest).encode() < following.encode()
    if not other.startswith(prefix):
        assert other.encode() < prefix.encode() or other.encode() >= following.encode()


def test_successor_leaps_over_surrogates() -> None:
    """No text can hold one."""
    assert successor("a\ud7ff") == "a\ue000"
    assert successor("a\U0010ffff") == "b"


def test_length_is_counted_in_bytes() -> None:
    """1024 of them."""
    check_key("é" * 512)
    with pytest.raises(ServiceError, match="KeyTooLong"):
        check_key("é" * 513)

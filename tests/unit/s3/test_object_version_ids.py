"""Version ids."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.s3.version_ids import new_version_id, order_of
from s3_handlers import attempted


@given(st.integers(-(2**62), 0))
def test_id_says_where_the_version_is(order: int) -> None:
    """In 32 characters that are safe in a URL."""
    version_id = new_version_id(order, os.urandom)
    assert len(version_id) == 32
    assert version_id.replace("-", "").replace("_", "").isalnum()
    assert order_of(version_id) == order


@given(st.text(max_size=40))
def test_any_text_is_an_order_or_invalid(text: str) -> None:
    """No other error comes out."""
    order = attempted(lambda: order_of(text))
    if isinstance(order, ServiceError):
        assert order.message == "Invalid version id specified"
    else:
        assert order <= 0


def test_plus_and_slash_are_not_url_safe() -> None:
    """They belong to another alphabet."""
    with pytest.raises(ServiceError):
        order_of("A" * 30 + "+/")

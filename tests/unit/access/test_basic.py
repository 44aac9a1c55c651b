"""HTTP Basic authentication with an access key."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.server.access.basic import basic
from holdfast.server.access.credentials import Identity

ADA = Identity("arn:aws:iam::123456789012:user/ada", "AIDA", "AKIAADA", "se:cret")


def _lookup(access_key_id: str) -> Identity | None:
    return ADA if access_key_id == ADA.access_key_id else None


def _header(text: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_right_key_and_secret(scheme: str) -> None:
    """The id is the user, the secret the password, colons in it included."""
    assert basic(_header("AKIAADA:se:cret", scheme), _lookup) is ADA


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic /w==",
        _header("AKIAADA:wrong"),
        _header("AKIAADA:"),
        _header("AKIAADA"),
        _header("AKIAEVE:se:cret"),
        _header(f"AKIAEVE:{'0' * 40}"),
        _header("AKIAADA:se:cret", "Bearer"),
        _header("AKIAADA:sé:cret"),
    ],
)
def test_anything_else_is_nobody(header: str) -> None:
    """Whatever is wrong, nobody is known."""
    assert basic(header, _lookup) is None


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    """No header raises."""
    assert basic(text, _lookup) is None
    assert basic(f"Basic {text}", _lookup) is None

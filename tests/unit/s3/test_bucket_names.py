"""Which bucket names are accepted."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.server.s3.bucket_names import is_bucket_name

_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789.-"


@pytest.mark.parametrize(
    "name", ["abc", "terraform-state", "a.b.c", "1-2", "0ab", "a" * 63, "a-.b", "10.0.0.1a"]
)
def test_a_name_within_the_rules_is_accepted(name: str) -> None:
    """Three to 63 lower-case letters, digits, dots and hyphens."""
    assert is_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 64,
        "Abc",
        "a_b",
        "-abc",
        "abc-",
        ".abc",
        "abc.",
        "a..b",
        "192.168.5.4",
        "xn--abc",
        "sthree-abc",
        "amzn-s3-demo-abc",
        "abc-s3alias",
        "abc--ol-s3",
        "abc.mrap",
        "abc--x-s3",
        "abc--table-s3",
        "a b",
        "abc\n",
        "äbc",
        "a/b",
    ],
)
def test_a_name_outside_the_rules_is_refused(name: str) -> None:
    """Every rule of the user guide has an example."""
    assert not is_bucket_name(name)


@given(st.text(max_size=80))
def test_an_accepted_name_keeps_every_rule(name: str) -> None:
    """Nothing that is accepted breaks one of the rules."""
    if is_bucket_name(name):
        assert 3 <= len(name) <= 63
        assert set(name) <= set(_SIGNS)
        assert ".." not in name
        assert name[0] not in ".-"
        assert name[-1] not in ".-"


@given(st.text(_SIGNS, min_size=1, max_size=61))
def test_letters_around_legal_signs_make_a_name(middle: str) -> None:
    """Any run of the legal signs is a name between two letters, but for double dots and suffixes."""
    name = f"b{middle}z"
    assert is_bucket_name(name) == (".." not in name)


@given(st.ip_addresses(v=4))
def test_an_address_is_no_name(address: ipaddress.IPv4Address) -> None:
    """A name must not look like an IPv4 address."""
    assert not is_bucket_name(str(address))

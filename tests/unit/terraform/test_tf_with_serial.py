"""Giving a state another serial and lineage."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.terraform.statefile import UnreadableState, header, with_serial
from state_documents import instance, resource, state, states, written

SERIALS = st.integers(0, 2**64 - 1)


@settings(max_examples=40)
@given(states(), SERIALS)
def test_only_the_serial_changes(document: dict[str, Any], serial: int) -> None:
    """Every byte around it stays."""
    body = written(document)
    before, after = body.split(b'"serial": %d,' % document["serial"], 1)

    assert with_serial(body, serial) == before + b'"serial": %d,' % serial + after


@settings(max_examples=40)
@given(states(), SERIALS, st.text(st.characters(blacklist_categories=["Cs"])))
def test_the_lineage_changes_when_asked(
    document: dict[str, Any], serial: int, lineage: str
) -> None:
    """In a compact rendering too."""
    body = json.dumps(document, separators=(",", ":")).encode()
    changed = json.loads(with_serial(body, serial, lineage))

    assert changed == {**document, "serial": serial, "lineage": lineage}


@settings(max_examples=40)
@given(states(), SERIALS, SERIALS)
def test_the_way_back_restores_the_bytes(document: dict[str, Any], serial: int, other: int) -> None:
    """A change of the serial can be undone."""
    body = with_serial(written(document), serial)

    assert with_serial(with_serial(body, other), serial) == body


def test_serials_elsewhere_stay() -> None:
    """Only the one at the top is the state's, wherever it stands and however it is spaced."""
    inner = instance({"serial": 7, "text": '"serial": 7,'})
    document = {"x": {"serial": 7}, **state(resource("a.b", inner))}
    body = written(document).replace(
        b'"serial": 7,\n  "lineage"', b'"serial" \n:\t 7 ,\n  "lineage"'
    )

    assert json.loads(with_serial(body, 8)) == {**document, "serial": 8}
    assert b'"serial" \n:\t 8 ,' in with_serial(body, 8)


def test_numbers_keep_their_digits() -> None:
    """Large integers and decimals pass through unread."""
    body = b'{"version":4,"serial":1,"outputs":{"n":{"value":[1.10,1e2,98765432109876543210987]}}}'
    changed = json.loads(with_serial(body, 2), parse_float=Decimal)

    assert str(changed["outputs"]["n"]["value"]) == str(
        [Decimal("1.10"), Decimal("1e2"), 98765432109876543210987]
    )
    assert b"[1.10,1e2,98765432109876543210987]" in with_serial(body, 2)


@pytest.mark.parametrize("body", [b'{"version":4}', b' { "version" : 3 , "modules":[] } '])
def test_missing_fields_are_added(body: bytes) -> None:
    """A state may lack both."""
    changed = with_serial(body, 9, "new")

    assert (header(changed).serial, header(changed).lineage) == (9, "new")
    assert header(with_serial(body, 9)).lineage == ""


@pytest.mark.parametrize(
    "body",
    [
        b'{"version":4,"serial":1,"serial":2}',
        b'{"version":4,"serial":1,"Serial":2}',
        b'{"serial":1,"version":4,"serial":1}',
        b'{"version":4,"serial":1,"\\u0073erial":2}',
    ],
)
def test_a_field_that_stands_twice_is_refused(body: bytes) -> None:
    """Which one counts depends on who reads."""
    with pytest.raises(UnreadableState, match="twice"):
        with_serial(body, 3)


def test_names_may_be_written_with_escapes() -> None:
    """They mean the same field."""
    assert with_serial(b'{"version":4,"\\u0073erial":1}', 3) == b'{"version":4,"\\u0073erial":3}'


@pytest.mark.parametrize("serial", [-1, 2**64])
def test_serials_out_of_range_are_refused(serial: int) -> None:
    """Terraform keeps them in 64 bits without a sign."""
    with pytest.raises(ValueError, match="between 0 and"):
        with_serial(b'{"version":4}', serial)


def test_nothing_has_no_serial() -> None:
    """A 0-byte object holds no state."""
    with pytest.raises(UnreadableState, match="no bytes"):
        with_serial(b"", 1)

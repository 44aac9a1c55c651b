"""What the rules know of a body before its write."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.rules import inspecting
from holdfast.rules.inspecting import Facts, StateInspector, facts_of, inspector_of
from holdfast.terraform.lockinfo import LockInfo
from holdfast.terraform.skimming import skim
from holdfast.terraform.statefile import header
from state_documents import instance, resource, state, states, written

LARGE: list[dict[str, Any]] = [instance({"id": "x" * 50_000}) for _ in range(8)]


def read(key: str, body: bytes, piece: int) -> Facts:
    """Return what an inspector finds that is fed so many bytes at a time."""
    inspector = inspector_of(key)
    for at in range(0, len(body), piece):
        inspector.feed(memoryview(body)[at : at + piece])
    return inspector.finish()


def compact(document: dict[str, Any]) -> bytes:
    """Return a document as OpenTofu writes it."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def test_a_state_is_known() -> None:
    """Serial, lineage and the number of instances."""
    body = written(state(resource("aws_x.y", instance(), instance()), serial=9, lineage="abc"))

    assert facts_of("app.tfstate", body) == Facts("state", 9, "abc", 2)


@pytest.mark.parametrize("write", [written, compact])
def test_a_large_state_is_known_by_its_beginning(write: Any) -> None:
    """Whoever wrote it, in whatever pieces it comes: and no byte of the rest is held."""
    document = state(
        resource("data.aws_region.here", instance()),
        resource("aws_x.y", *LARGE),
        outputs={"a": {"value": '"mode": "managed"', "type": "string"}},
        serial=9,
    )
    inspector = StateInspector()
    inspector.feed(write(document)[:100_000])

    assert inspector._pieces == []
    for piece in (1000, 65_536, 1 << 20):
        found = read("k", write(document), piece)
        assert (found.kind, found.serial, found.lineage) == ("state", 9, document["lineage"])
        assert found.resources


def test_a_large_state_that_manages_nothing_is_known() -> None:
    """Data sources alone are none of its own."""
    body = written(state(resource("data.aws_x.y", *LARGE), serial=9))

    assert read("k", body, 65_536) == Facts("state", 9, state()["lineage"], 0)


def test_a_large_state_in_another_order_is_known() -> None:
    """As a tool writes it that sorts."""
    document = state(resource("aws_x.y", *LARGE), serial=9)
    body = json.dumps(document, sort_keys=True).encode()

    assert read("k", body, 65_536) == Facts("state", 9, document["lineage"], 8)


def test_a_part_of_a_large_state_is_none() -> None:
    """Its end is missing."""
    body = written(state(resource("aws_x.y", *LARGE)))

    assert read("k", body[:-1000], 65_536).kind == "other"


def test_an_encrypted_state_shows_its_serial_only() -> None:
    """How many instances it has is not known."""
    envelope = {"serial": 5, "lineage": "abc", "meta": {}, "encrypted_data": "A" * 200_000}
    body = json.dumps({**envelope, "encryption_version": "v0"}).encode()

    assert read("k", body, 65_536) == Facts("state", 5, "abc", None, encrypted=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04 a zip",
        b"  [1]",
        b'{"version":3,"sources":["a.ts"],"mappings":""}',
        b'{"version":"1.0.0","name":"left-pad"}',
        b'{"a":',
        b" " * 300_000,
    ],
)
def test_what_is_no_state_is_left_alone(body: bytes) -> None:
    """Archives, source maps, packages, halves."""
    for piece in (1, 7, 1 << 20) if len(body) < 1000 else (1 << 16,):
        assert read("k", body, piece) == inspecting.OTHER


def test_a_state_of_a_later_format_shows_its_serial() -> None:
    """A Terraform that is yet to come must not be refused; how much it manages is not known."""
    later = {"version": 5, "terraform_version": "3.0.0", "serial": 8, "lineage": "abc", "new": {}}

    assert facts_of("k", written(later)) == Facts("state", 8, "abc")
    for wrong in ({"serial": -1}, {"lineage": ""}, {"version": 2}, {"serial": "8"}):
        assert facts_of("k", written({**later, **wrong})) == inspecting.OTHER
    assert facts_of("k", written(later)[:-3]) == inspecting.OTHER


def test_nothing_is_held_of_what_begins_otherwise() -> None:
    """However long it is."""
    inspector = StateInspector()
    for piece in (b" \n", b" [1,", b"2" * 100_000):
        inspector.feed(piece)

    assert inspector._pieces == []


def test_a_state_too_large_to_hold_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is bounded what a stranger makes the server hold."""
    monkeypatch.setattr(inspecting, "LARGEST_STATE", 100_000)
    body = json.dumps(state(resource("aws_x.y", *LARGE)), sort_keys=True).encode()

    assert read("k", body, 1000) == Facts("other", too_large=True)


def test_a_lock_document_is_kept_whole() -> None:
    """Byte for byte, as another protocol will show it."""
    document = LockInfo(id="abc", who="me@here").document().encode()

    assert read("app.tfstate.tflock", document, 5) == Facts("lock", document=document)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ID":"a"}' + b" " * (1 << 16)])
def test_a_lock_file_of_something_else_is_no_lock(body: bytes) -> None:
    """Nor one beyond any lock's size."""
    assert read("app.tfstate.tflock", body, 10_000) == inspecting.OTHER


@given(states(), st.booleans(), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_any_state_in_any_pieces_is_read_as_a_whole_one(
    document: dict[str, Any], indented: bool, piece: int
) -> None:
    """Pieces change nothing."""
    body = written(document) if indented else compact(document)
    top = header(body)

    assert read("k", body, piece) == Facts("state", top.serial, top.lineage, top.resources)


@given(states(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_glance_says_nothing_that_the_whole_does_not(
    document: dict[str, Any], indented: bool
) -> None:
    """Whatever is seen at the beginning is so, and what manages something is seen."""
    body = written(document) if indented else compact(document)
    top, seen = header(body), skim(body)

    assert (seen is not None) == (top.resources > 0)
    if seen is not None:
        assert (seen.serial, seen.lineage) == (top.serial, top.lineage)
        assert seen.terraform_version == top.terraform_version


def test_all_together_hold_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a body beyond that nothing is known; what is let go makes room again."""
    monkeypatch.setattr("holdfast.rules.inspecting.LARGEST_TOGETHER", 5 << 20)
    long = b'{"a": "' + b"x" * (3 << 20)
    first, second = StateInspector(), StateInspector()
    first.feed(long)
    second.feed(long)
    assert second.finish().too_large
    del first
    third = StateInspector()
    third.feed(long)
    assert not third.finish().too_large

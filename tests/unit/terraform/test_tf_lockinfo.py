"""Lock documents as Go writes them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.terraform.lockinfo import LockInfo, NotALockDocument, parse, rfc3339

# Written by Terraform 1.11.4.
WRITTEN = (
    '{"ID":"6e8dc0ee-7c0e-7f66-0d0b-9a4ad5d7d8c4","Operation":"OperationTypeApply","Info":"",'
    '"Who":"ci@host","Version":"1.11.4","Created":"2025-11-03T10:20:30.1234567Z",'
    '"Path":"b/env:/dev/app.tfstate"}'
)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]))
INFOS = st.builds(
    LockInfo,
    id=TEXTS.filter(bool),
    operation=TEXTS,
    info=TEXTS,
    who=TEXTS,
    version=TEXTS,
    created=TEXTS,
    path=TEXTS,
)


def test_a_document_is_read_and_written_byte_for_byte() -> None:
    """OpenTofu releases a lock only if the bytes are the same."""
    assert parse(WRITTEN).document() == WRITTEN


@given(INFOS)
def test_any_document_survives(info: LockInfo) -> None:
    """Writing and reading change nothing."""
    assert parse(info.document()) == info
    assert parse(info.document().encode()) == info


def test_what_go_escapes_is_escaped() -> None:
    """Signs of HTML and the two line separators, though JSON does not ask for it."""
    document = LockInfo(id="<a>&\u2028\u2029é\x00\b", who='"\\\n').document()

    assert r'"ID":"\u003ca\u003e\u0026\u2028\u2029é\u0000\b"' in document
    assert r'"Who":"\"\\\n"' in document


def test_half_a_surrogate_pair_is_replaced() -> None:
    """Go reads it as U+FFFD, and so the document can always be sent."""
    assert parse('{"ID":"\\ud800"}').document().encode().startswith('{"ID":"\ufffd"'.encode())


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "[]", "null", "{}", '{"ID":""}', '{"ID":3}', "[" * 100_000, b"\xff\xfe{"],
)
def test_what_is_no_lock_document(text: str | bytes) -> None:
    """Every wrong text is the same error."""
    with pytest.raises(NotALockDocument):
        parse(text)


def test_fields_of_another_type_count_as_absent() -> None:
    """Only the ID decides whether it is a lock document."""
    info = parse(json.dumps({"ID": "x", "Who": None, "Operation": 3, "Created": []}))

    assert info == LockInfo(id="x")


def test_the_time_is_read_with_nanoseconds_and_zones() -> None:
    """Python keeps microseconds."""
    info = parse(WRITTEN)

    assert info.since == datetime(2025, 11, 3, 10, 20, 30, 123456, tzinfo=UTC)
    assert replace(info, created="2025-11-03T12:20:30.5+02:00").since == datetime(
        2025, 11, 3, 10, 20, 30, 500000, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "created",
    ["", "yesterday", "0001-01-01T00:00:00Z", "2025-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"],
)
def test_times_that_say_nothing(created: str) -> None:
    """Zero, malformed and impossible times are none."""
    assert LockInfo(id="x", created=created).since is None


@given(st.datetimes(min_value=datetime(2000, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 - zone follows
def test_a_time_survives(time: datetime, hours: int) -> None:
    """What is written as RFC 3339 is the same moment when read."""
    moment = time.replace(tzinfo=timezone(timedelta(hours=hours)))
    text = rfc3339(moment)

    assert LockInfo(id="x", created=text).since == moment
    assert not text.rstrip("Z").endswith((".", ".0"))

"""Conditions on reads, writes and deletes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Object
from holdfast.server.s3.conditions import (
    check_copy_source,
    check_delete,
    check_read,
    check_write,
    etag_matches,
)

NOW = datetime(2025, 6, 1, tzinfo=UTC)
TAGS = st.sampled_from(['"e"', "e", '"x"', "*", '"x", "e"', 'W/"e"'])
DATES = st.sampled_from([NOW - timedelta(1), NOW, NOW + timedelta(1)])


@dataclass(frozen=True)
class Found:
    """Something with a tag and a time."""

    etag: str = "e"
    last_modified: datetime = NOW
    size: int = 5


def status(check: Any, *args: Any) -> int:
    """Return the status a check answers with; 200 if it lets pass."""
    try:
        check(*args)
    except ServiceError as error:
        return error.status
    return 200


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "IfMatch": TAGS,
            "IfNoneMatch": TAGS,
            "IfModifiedSince": DATES,
            "IfUnmodifiedSince": DATES,
        },
    )
)
def test_reads_follow_the_precedence_of_rfc_9110(params: dict[str, Any]) -> None:
    """A date counts only without the tag of its kind; a failed precondition comes first."""
    expected = 200
    if "IfMatch" in params:
        if not etag_matches(params["IfMatch"], "e"):
            expected = 412
    elif "IfUnmodifiedSince" in params and params["IfUnmodifiedSince"] < NOW:
        expected = 412
    if expected == 200:
        if "IfNoneMatch" in params:
            expected = 304 if etag_matches(params["IfNoneMatch"], "e") else 200
        elif "IfModifiedSince" in params and params["IfModifiedSince"] >= NOW:
            expected = 304
    assert status(check_read, Found(), params) == expected
    source = {f"CopySource{name}": value for name, value in params.items()}
    assert status(check_copy_source, Found(), source) == (200 if expected == 200 else 412)


def newest(**fields: Any) -> Object:
    """Return a newest version."""
    return Object(
        bucket="b", key="k", order=-1, version_id="null", etag="e", last_modified=NOW, **fields
    )


@pytest.mark.parametrize(
    ("existing", "params", "expected"),
    [
        (None, {"IfNoneMatch": "*"}, 200),
        (newest(), {"IfNoneMatch": "*"}, 412),
        (newest(delete_marker=True), {"IfNoneMatch": "*"}, 200),
        (None, {"IfNoneMatch": '"e"'}, 501),
        (None, {"IfMatch": '"e"'}, 404),
        (newest(delete_marker=True), {"IfMatch": '"e"'}, 404),
        (newest(), {"IfMatch": '"e"'}, 200),
        (newest(), {"IfMatch": '"x"'}, 412),
        (newest(), {}, 200),
    ],
)
def test_writes(existing: Object | None, params: dict[str, Any], expected: int) -> None:
    """A delete marker counts as no object."""
    assert status(check_write, existing, {"Key": "k", **params}) == expected


def test_deletes() -> None:
    """Every condition must hold; where there is nothing to delete, an entity tag does not."""
    assert status(check_delete, "k", None, '"x"', NOW, 1) == 404
    assert status(check_delete, "k", None, None, NOW, 1) == 200
    assert status(check_delete, "k", Found(), '"e"', NOW, 5) == 200
    assert status(check_delete, "k", Found(), '"x"', None, None) == 412
    assert status(check_delete, "k", Found(), None, NOW + timedelta(1), None) == 412
    assert status(check_delete, "k", Found(), None, None, 4) == 412

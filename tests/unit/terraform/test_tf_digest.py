"""What a digest says of a state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.terraform.digest import Verdict, digest_of, judge


@given(st.binary(min_size=1))
def test_a_body_matches_its_own_digest(body: bytes) -> None:
    """In either case of the hexadecimal digits."""
    assert judge(body, digest_of(body)) is Verdict.MATCHES
    assert judge(body, digest_of(body).upper()) is Verdict.MATCHES


@given(st.binary(), st.binary())
def test_another_body_differs(body: bytes, other: bytes) -> None:
    """Terraform refuses to read it."""
    expected = Verdict.MATCHES if body and body == other else Verdict.DIFFERS

    assert judge(body, digest_of(other)) is expected


@pytest.mark.parametrize(
    ("body", "stored", "verdict"),
    [
        (b"{}", None, Verdict.MISSING),
        (b"{}", "", Verdict.MISSING),
        (b"{}", "zz", Verdict.UNREADABLE),
        (b"{}", digest_of(b"{}") + "\n", Verdict.UNREADABLE),
        (None, None, Verdict.MISSING),
        (None, digest_of(b"{}"), Verdict.ORPHAN),
        (None, digest_of(b""), Verdict.ORPHAN),
        (b"", digest_of(b""), Verdict.DIFFERS),
        (b"", None, Verdict.MISSING),
    ],
)
def test_verdicts(body: bytes | None, stored: str | None, verdict: Verdict) -> None:
    """No digest fits what has no bytes: Terraform then compares the stored one with nothing."""
    assert judge(body, stored) is verdict

"""Requests as plain values."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.http import Headers


def test_names_are_in_lower_case_and_values_without_blanks_around() -> None:
    """However they were sent."""
    headers = Headers.of_bytes([(b"Content-TYPE", b" a b\t"), (b"X-B", b"\xe9")])
    assert dict(headers.items()) == {"content-type": "a b", "x-b": "\xe9"}


def test_a_header_that_comes_twice_is_joined_and_remembered() -> None:
    """Some may come once only."""
    headers = Headers.of_bytes([(b"Host", b"a"), (b"X-A", b"1"), (b"x-a", b"2"), (b"X-a", b"3")])
    assert headers.get("x-a") == "1,2,3"
    assert "x-a" in headers.repeated
    assert "host" not in headers.repeated


def test_text_and_bytes_make_the_same() -> None:
    """Tests and tools make requests of text."""
    pairs = [("Host", " a "), ("x", "1"), ("X", "2")]
    of_text = Headers(pairs)
    of_bytes = Headers.of_bytes([(name.encode(), value.encode()) for name, value in pairs])
    assert dict(of_text.items()) == dict(of_bytes.items())
    assert of_text.repeated == of_bytes.repeated


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3)), max_size=4))
def test_however_odd_they_are(pairs: list[tuple[bytes, bytes]]) -> None:
    """What was read all at once is what comes of reading one after the other."""
    of_bytes = Headers.of_bytes(pairs)
    of_text = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs])
    assert dict(of_bytes.items()) == dict(of_text.items())
    assert of_bytes.repeated == of_text.repeated

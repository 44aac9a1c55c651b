"""How a short answer goes over the wire: in one piece, with nothing in it that is no header."""

import pytest

from holdfast.aws.http import Response
from holdfast.server.short import written

_DATE = (b"date", b"today")


def _sent(response: Response, *, bodiless: bool = False, keep_alive: bool = True) -> bytes:
    return written(response, [_DATE], bodiless=bodiless, keep_alive=keep_alive)


def test_an_answer_has_its_length_and_the_headers_of_all() -> None:
    """Nothing else is added."""
    sent = _sent(Response(200, (("a", "b"),), b"body"))
    assert sent == b"HTTP/1.1 200 OK\r\ndate: today\r\na: b\r\ncontent-length: 4\r\n\r\nbody"


def test_an_answer_to_head_has_the_length_and_no_body() -> None:
    """It says how long the body would be."""
    sent = _sent(Response(200, (("Content-Length", "9"),)), bodiless=True)
    assert sent.endswith(b"Content-Length: 9\r\n\r\n")


def test_no_content_has_no_length() -> None:
    """RFC 9110, 8.6."""
    assert b"length" not in _sent(Response(204))


def test_the_last_answer_says_so() -> None:
    """The client sends no more on this connection."""
    assert b"connection: close\r\n" in _sent(Response(200), keep_alive=False)


def test_metadata_beyond_latin_is_utf_8() -> None:
    """As S3 sends it, header by header."""
    headers = (("x-amz-meta-a", "\xe9"), ("x-amz-meta-b", "\u2603"))
    sent = _sent(Response(200, headers))
    assert b"x-amz-meta-a: \xe9\r\nx-amz-meta-b: \xe2\x98\x83\r\n" in sent


@pytest.mark.parametrize("number", [*range(9), *range(10, 32), 127])
@pytest.mark.parametrize("where", ["name", "value"])
def test_a_control_character_is_never_written(number: int, where: str) -> None:
    """It could end the line, and begin another header."""
    bent = f"a{chr(number)}b"
    header = (bent, "x") if where == "name" else ("x", bent)
    with pytest.raises(ValueError, match="header"):
        _sent(Response(200, (header,)))


def test_a_tab_is_none_of_them() -> None:
    """RFC 9110, 5.5 allows it inside a value."""
    assert b"x: a\tb\r\n" in _sent(Response(200, (("x", "a\tb"),)))

"""Answers are found in the bytes of a connection, however they are cut."""

import pytest
from benchmarks.wire.answers import Answer, AnswerParser, BadAnswer

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN


@pytest.mark.parametrize("wire", [PLAIN, CHUNKED, INTERIM])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_an_answer_is_whole_at_its_last_byte_only(wire: bytes, size: int) -> None:
    """Pieces of any size give one answer, with the last of them."""
    parser = AnswerParser()
    parser.expect(b"GET")
    answers = [parser.feed(wire[at : at + size]) for at in range(0, len(wire), size)]

    assert answers[-1] == Answer(200, b"hello", 5)
    assert answers[:-1] == [None] * (len(answers) - 1)


def test_one_answer_after_another() -> None:
    """Nothing of an answer is left for the next."""
    parser = AnswerParser()

    assert [parser.feed(PLAIN), parser.feed(CHUNKED), parser.feed(PLAIN)] == [
        Answer(200, b"hello", 5)
    ] * 3


def test_an_answer_to_head_has_no_body() -> None:
    """Its length is the object's, and no byte of it comes."""
    parser = AnswerParser()
    parser.expect(b"HEAD")

    assert parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") == Answer(200, b"", 0)


def test_no_content_has_no_body() -> None:
    """A 204 ends with its head."""
    assert AnswerParser().feed(b"HTTP/1.1 204 No Content\r\n\r\n") == Answer(204, b"", 0)


def test_a_server_that_closes_is_noticed() -> None:
    """`Connection: close`, and HTTP/1.0 without keep-alive, end the connection."""
    for head in (b"HTTP/1.1 200 OK\r\nConnection: close", b"HTTP/1.0 200 OK"):
        answer = AnswerParser().feed(head + b"\r\nContent-Length: 0\r\n\r\n")
        assert answer == Answer(200, b"", 0, closes=True)


def test_a_body_of_unknown_length_ends_with_the_connection() -> None:
    """Where no length is said, the end of the connection says it."""
    parser = AnswerParser()

    assert parser.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhel") is None
    assert parser.feed(b"lo") is None
    assert parser.end() == Answer(200, b"hello", 5, closes=True)


def test_a_cut_answer_is_no_answer() -> None:
    """An end within a body of known length gives nothing."""
    parser = AnswerParser()
    parser.feed(PLAIN[:-1])

    assert parser.end() is None


def test_what_is_no_answer_is_refused() -> None:
    """Something else than HTTP is not taken for an answer."""
    with pytest.raises(BadAnswer):
        AnswerParser().feed(b"SSH-2.0-OpenSSH\r\n\r\n")


def test_a_long_body_is_counted() -> None:
    """Its bytes are not kept, and the next answer begins where it ends."""
    parser = AnswerParser()
    length = 9 << 20
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
    for _ in range(8):
        assert parser.feed(bytes(1 << 20)) is None
    answer = parser.feed(bytes(1 << 20))

    assert answer is not None
    assert answer.length == length
    assert len(answer.body) <= 4 << 20
    assert parser.feed(PLAIN) == Answer(200, b"hello", 5)


def test_a_body_is_not_written_out() -> None:
    """Whoever asks for the text of an answer does not wait for that of its body."""
    assert "hello" not in repr(Answer(200, b"hello", 5))

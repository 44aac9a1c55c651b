"""Bytes from a server to the answers they hold (RFC 9112), as far as the compared servers use it."""

from dataclasses import dataclass, field

_HEAD_END = b"\r\n\r\n"
_MOST_HEAD = 1 << 20
_MOST_KEPT = 4 << 20  # keeping more would cost the load more than the server


class BadAnswer(Exception):
    """The server sent something that is no HTTP answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer."""

    status: int
    # Its beginning, if it is longer than 4 MiB. At the end of a loop asyncio asks for the text of what
    # the loop returned, which took milliseconds that were none of the server's.
    body: bytes = field(repr=False)
    length: int  # of the whole body
    closes: bool = False  # the server closes the connection after it


@dataclass(slots=True)
class _Head:
    status: int
    length: int | None  # of the body, in bytes; None where it is not said
    chunked: bool
    closes: bool


@dataclass(slots=True)
class AnswerParser:
    """Takes the bytes of one answer after another; `expect` says what was asked."""

    _buffer: bytearray = field(default_factory=bytearray)
    _body: bytearray = field(default_factory=bytearray)
    _length: int = 0  # of the body so far
    _head: _Head | None = None
    _without_body: bool = False

    def expect(self, method: bytes) -> None:
        """Say the method of the request whose answer comes next: HEAD has answers without a body."""
        self._without_body = method == b"HEAD"

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes; return the answer if it is whole now.

        Raises:
            BadAnswer: The bytes are no answer.
        """
        self._buffer += data
        while self._head is None:
            head = self._take_head()
            if head is None:
                return None
            if head.status >= 200:  # 1xx only announce the answer
                self._head = head
        if self._without_body or self._head.status in {204, 304}:
            return self._answer()
        if self._head.chunked:
            return self._take_chunks()
        length, there = self._head.length, len(self._buffer)
        self._keep(there if length is None else min(there, length - self._length))
        return self._answer() if self._length == length else None

    def end(self) -> Answer | None:
        """Say that the connection ended; return the answer that ends with it, if one does."""
        head = self._head
        if head is None or head.chunked or head.length is not None:
            return None
        return self._answer()

    def _take_head(self) -> _Head | None:
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            if len(self._buffer) > _MOST_HEAD:
                raise BadAnswer("the head of the answer does not end")
            return None
        first, *lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + len(_HEAD_END)]
        fields = dict(_field(line) for line in lines)
        words = first.split(b" ", 2)
        if not words[0].startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():
            raise BadAnswer(f"no HTTP answer: {first[:80]!r}")
        length = fields.get(b"content-length")
        wish = fields.get(b"connection", b"").lower()
        return _Head(
            status=int(words[1]),
            length=None if length is None else int(length),
            chunked=fields.get(b"transfer-encoding", b"").lower() == b"chunked",
            closes=wish == b"close" or (words[0] == b"HTTP/1.0" and wish != b"keep-alive"),
        )

    def _take_chunks(self) -> Answer | None:
        """Take the whole chunks; return the answer once the one of length 0 is there."""
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return None
            size = int(self._buffer[:end].split(b";")[0], 16)
            if len(self._buffer) < end + 2 + size + 2:
                return None
            del self._buffer[: end + 2]
            self._keep(size)
            del self._buffer[:2]
            if size == 0:
                return self._answer()

    def _keep(self, size: int) -> None:
        """Move bytes from the buffer to the body; those of a long body are only counted."""
        self._length += size
        if self._length <= _MOST_KEPT:
            self._body += self._buffer[:size]
        del self._buffer[:size]

    def _answer(self) -> Answer:
        head = self._head
        assert head is not None  # noqa: S101 - every caller has one
        answer = Answer(head.status, bytes(self._body), self._length, head.closes)
        self._head, self._length = None, 0
        self._body.clear()
        return answer


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.strip().lower(), value.strip()

"""A request on a connection that may be answered directly, and how its answer is written."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from holdfast.aws.http import BODILESS, CONTROL, Response

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class Event(Protocol):
    """Something that is told of what happens."""

    def set(self) -> None:
        """It happened."""


class _Unheard:
    """An event that nobody waits for."""

    def set(self) -> None:
        """Nobody waits."""


_UNHEARD = _Unheard()


class ShortCycle:
    """What a connection knows of a request under way, for one that needs no task of its own."""

    __slots__ = (
        "body",
        "disconnected",
        "keep_alive",
        "message_event",
        "more_body",
        "response_complete",
        "response_started",
    )

    def __init__(self, *, keep_alive: bool) -> None:
        """Begin with no body."""
        self.body = b""
        self.disconnected = False
        self.keep_alive = keep_alive
        self.message_event: Event = _UNHEARD
        self.more_body = True
        self.response_complete = False
        self.response_started = False


def written(
    response: Response,
    defaults: Sequence[tuple[bytes, bytes]],
    *,
    bodiless: bool,
    keep_alive: bool,
) -> bytes:
    """Return an answer as it goes over the wire.

    Args:
        response: its body is bytes.
        defaults: headers that every answer has.
        bodiless: whether the request was a HEAD.
        keep_alive: whether another request may follow.

    Raises:
        ValueError: a header would break out of its line, or has a control character.
    """
    body = response.body
    assert isinstance(body, bytes)  # noqa: S101 - what is streamed is not written here
    lines = [f"{name}: {value}\r\n" for name, value in response.headers]
    names = {name.lower() for name, _ in response.headers}
    if response.status not in BODILESS and "content-length" not in names:
        lines.append(f"content-length: {len(body)}\r\n")
    if not keep_alive:
        lines.append("connection: close\r\n")
    text = "".join(lines)
    # User metadata may hold any Unicode; S3 sends it as UTF-8.
    head = text.encode("latin-1") if _is_latin(text) else _each(lines)
    if len(head) - len(head.translate(None, CONTROL)) != len(lines) * len("\r\n"):
        raise ValueError("a header breaks out of its line")
    fixed = b"".join([b"%b: %b\r\n" % header for header in defaults])
    pieces = (_STATUS_LINES[response.status], fixed, head, b"\r\n", b"" if bodiless else body)
    return b"".join(pieces)


def _is_latin(text: str) -> bool:
    return text.isascii() or max(text) <= "\xff"


def _each(lines: Sequence[str]) -> bytes:
    return b"".join(line.encode("latin-1" if _is_latin(line) else "utf-8") for line in lines)

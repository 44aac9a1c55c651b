"""aws-chunked bodies: framing, chunk signatures, trailers. Incremental, in bounded memory.

Source: "Signature calculations: transferring a payload in multiple chunks" (with and without
trailers) in the Amazon S3 API reference. A chunk's bytes are handed on as they arrive, and its
signature is checked at its end: whoever takes them must keep nothing until `finish` has returned.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from enum import Enum

from holdfast.aws.errors import ServiceError
from holdfast.aws.refusals import refusal
from holdfast.aws.sigv4 import SigningContext

LONGEST_LINE = 1024  # bytes of a chunk's header
LONGEST_TRAILER = 8192  # bytes of all trailers
SMALLEST_CHUNK = 8192  # bytes; of any chunk but the last, as AWS demands
SIGNATURE_TRAILER = "x-amz-trailer-signature"

_EMPTY = hashlib.sha256(b"").hexdigest()
_HEADER = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?", re.ASCII)
_TRAILER = re.compile(rb"([!-9;-~]+):[ \t]*([ -~]*?)[ \t]*", re.ASCII)


class _State(Enum):
    HEADER = 1
    DATA = 2
    DATA_END = 3
    TRAILER = 4
    DONE = 5


class ChunkedDecoder:
    """Takes an aws-chunked body in pieces of any size and gives what was encoded."""

    def __init__(self, context: SigningContext | None, *, trailers: bool) -> None:
        """Begin a body.

        Args:
            context: what the chunks are signed with; None if they are not signed.
            trailers: whether trailers follow the last chunk (then signed as well, if chunks are).
        """
        self._context = context
        self._has_trailers = trailers
        self._state = _State.HEADER
        self._line = bytearray()
        self._left = 0  # bytes of the current chunk that are still to come
        self._previous_size: int | None = None
        self._claimed = ""  # signature of the current chunk
        self._previous = context.signature if context else ""
        self._hash = hashlib.sha256()
        self._raw_trailers: list[tuple[str, str]] = []
        self._trailer_bytes = 0

    def feed(self, data: bytes | memoryview) -> Iterator[memoryview]:
        """Yield the decoded bytes of the next piece of the body.

        Raises:
            ServiceError: the framing is broken or a signature is wrong.
        """
        view = memoryview(data)
        at = 0
        while at < len(view):
            if self._state is _State.DATA:
                piece = view[at : at + self._left]
                at += len(piece)
                self._take(piece)
                yield piece
            else:
                at = self._take_line(view, at)

    def finish(self) -> dict[str, str]:
        """Return the trailers by lower-case name, once the whole body was fed.

        Raises:
            ServiceError: the body ended early.
        """
        if self._state is not _State.DONE:
            raise ServiceError(
                "IncompleteBody", "The request body terminated unexpectedly", status=400
            )
        return dict(self._raw_trailers)

    def _take(self, piece: memoryview) -> None:
        if self._context:
            self._hash.update(piece)
        self._left -= len(piece)
        if not self._left:
            self._state = _State.DATA_END

    def _take_line(self, view: memoryview, at: int) -> int:
        """Take up to and including the next line feed; return where to go on."""
        if self._state is _State.DONE:
            raise _broken("there is data after its end")
        limit = LONGEST_TRAILER if self._state is _State.TRAILER else LONGEST_LINE
        ahead = bytes(view[at : at + limit + 1])
        end = ahead.find(b"\n") + 1
        self._line += ahead[:end] if end else ahead
        if len(self._line) > limit:
            raise bad_trailer() if self._state is _State.TRAILER else _broken("a line is too long")
        if end:
            line = bytes(self._line)
            self._line.clear()
            self._line_taken(line)
        return at + (end or len(ahead))

    def _line_taken(self, line: bytes) -> None:
        if self._state is _State.TRAILER:
            self._trailer_line(line)
            return
        if not line.endswith(b"\r\n"):
            raise _broken("a line does not end in CR LF")
        if self._state is _State.HEADER:
            self._chunk_header(line[:-2])
        elif line != b"\r\n":
            raise _broken("a chunk is longer than it says")
        else:
            self._chunk_done()

    def _chunk_header(self, line: bytes) -> None:
        match = _HEADER.fullmatch(line)
        if not match or bool(match[2]) != bool(self._context):
            raise _broken("a chunk's header is malformed")
        size = int(match[1], 16)
        self._claimed = (match[2] or b"").decode()
        if size and self._previous_size is not None and self._previous_size < SMALLEST_CHUNK:
            raise ServiceError(
                "InvalidChunkSizeError",
                f"Only the last chunk is allowed to have a size less than {SMALLEST_CHUNK} bytes",
                status=403,
            )
        self._previous_size = size
        self._left = size
        if size:
            self._state = _State.DATA
        elif self._has_trailers:
            self._check_chunk()
            self._state = _State.TRAILER
        else:
            self._state = _State.DATA_END

    def _chunk_done(self) -> None:
        self._check_chunk()
        self._state = _State.HEADER if self._previous_size else _State.DONE

    def _check_chunk(self) -> None:
        if self._context:
            parts = ("AWS4-HMAC-SHA256-PAYLOAD", _EMPTY, self._hash.hexdigest())
            self._check_signature(parts, self._claimed)
            self._hash = hashlib.sha256()

    def _check_signature(self, parts: tuple[str, ...], claimed: str) -> None:
        context = self._context
        if context is None:
            return
        text = "\n".join((parts[0], context.amz_date, context.scope, self._previous, *parts[1:]))
        expected = hmac.digest(context.key, text.encode("latin-1"), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), claimed.encode()):
            raise refusal("s3", "mismatch")
        self._previous = expected

    def _trailer_line(self, line: bytes) -> None:
        self._trailer_bytes += len(line)
        if self._trailer_bytes > LONGEST_TRAILER:
            raise bad_trailer()
        text = line.rstrip(b"\r\n")
        if text:
            self._trailer(text)
        elif not self._context:
            self._state = _State.DONE
        elif self._raw_trailers and self._raw_trailers[-1][0] == SIGNATURE_TRAILER:
            self._trailers_done()
        # Otherwise: AWS's own example ends a signed trailer's lines with LF CR LF.

    def _trailer(self, text: bytes) -> None:
        match = _TRAILER.fullmatch(text)
        if not match:
            raise bad_trailer()
        name = match[1].decode().lower()
        if any(name == known for known, _ in self._raw_trailers):
            raise bad_trailer()
        self._raw_trailers.append((name, match[2].decode()))

    def _trailers_done(self) -> None:
        _, claimed = self._raw_trailers.pop()
        lines = "".join(f"{name}:{value}\n" for name, value in self._raw_trailers)
        digest = hashlib.sha256(lines.encode()).hexdigest()
        self._check_signature(("AWS4-HMAC-SHA256-TRAILER", digest), claimed)
        self._state = _State.DONE


def _broken(what: str) -> ServiceError:
    return ServiceError("InvalidRequest", f"The aws-chunked body is malformed: {what}.", status=400)


def bad_trailer() -> ServiceError:
    """Return the error for trailers that are missing, not announced, or malformed."""
    return ServiceError(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our "
        "published schema.",
        status=400,
    )

"""JSON of states: numbers exactly as written, bounded depth, one error for everything unreadable."""

from decimal import Decimal, DecimalException
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

# Deeper than any provider's schema nests, and far below Python's own limit of recursion.
MOST_DEPTH = 200

_Shape = TypeVar("_Shape")
_VALUES: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_OUTSIDE_STRINGS = bytes(set(range(256)) - set(b'{}[]"'))


class UnreadableState(ValueError):
    """A body is not a state that can be read. `reason` is a sentence without a full stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def decode_as(decoder: "msgspec.json.Decoder[_Shape]", body: bytes | msgspec.Raw) -> _Shape:
    """Decode JSON with a decoder.

    Raises:
        UnreadableState: it is not JSON, nested too deeply, or not of the decoder's shape.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as wrong:
        if "out of range" in str(wrong):
            raise UnreadableState("it holds a number that is too large") from None
        raise UnreadableState(f"it is not shaped like a state: {wrong}") from None
    except msgspec.DecodeError as wrong:
        raise UnreadableState(f"it is not JSON: {wrong}") from None
    except UnicodeDecodeError as wrong:
        raise UnreadableState(f"it is not UTF-8 at byte {wrong.start}") from None
    except RecursionError:
        raise UnreadableState("its JSON is nested too deeply") from None
    except (DecimalException, ValueError):
        raise UnreadableState("it holds a number that is too large") from None


def decode_value(raw: bytes | msgspec.Raw) -> Any:
    """Decode any JSON value: integers as `int` of any size, other numbers as `Decimal`."""
    check_depth(bytes(raw))
    return decode_as(_VALUES, raw)


def rendered(value: Any) -> str:
    """Return a decoded value as compact JSON, its numbers as they were written."""
    return _ENCODER.encode(value).decode()


def check_encoding(body: bytes) -> None:
    """Check that text is UTF-8, which a partial decode of JSON passes over.

    Raises:
        UnreadableState: it is not.
    """
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as wrong:
            raise UnreadableState(f"it is not UTF-8 at byte {wrong.start}") from None


def check_depth(body: bytes) -> None:
    """Check that JSON is not nested too deeply.

    Raises:
        UnreadableState: it is nested more than `MOST_DEPTH` levels.
    """
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return
    if max(accumulate(_steps_of(body)), default=0) > MOST_DEPTH:
        raise UnreadableState(f"its JSON is nested deeper than {MOST_DEPTH} levels")


_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")  # as signed bytes: one down, one up


def _steps_of(body: bytes) -> "memoryview[int]":
    """Return 1 for each bracket that opens and -1 for each that closes, outside of strings."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(_STEPS, delete=_OUTSIDE_STRINGS)
    return memoryview(b"".join(marks.split(b'"')[::2])).cast("b")

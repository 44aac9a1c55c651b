"""Where the statements of a policy stand in its text, as the policy simulator tells it."""

import json
import re

import msgspec

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_LINE = re.compile(r"\r\n|\r|\n")


class Span(msgspec.Struct, frozen=True):
    """From the first character to the one behind the last: offsets into a text."""

    start: int
    end: int


def statements(text: str) -> list[Span]:
    """Return where each statement of a policy stands, in their order.

    Args:
        text: a policy that was read without complaint, so that it has one `Statement`.
    """
    at = _past(text, _past(text, 0) + 1)  # the brace
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _past(text, _past(text, at) + 1)  # the colon
        if name == "Statement":
            return _elements(text, at) if text[at] == "[" else [_value(text, at)]
        at = _next(text, _value(text, at).end)
    return []


def position(text: str, offset: int) -> dict[str, int]:
    """Return the line and column of a character, both from 1."""
    before = _LINE.split(text[:offset])
    return {"Line": len(before), "Column": len(before[-1]) + 1}


def _elements(text: str, at: int) -> list[Span]:
    found = []
    at = _past(text, at + 1)
    while text[at] != "]":
        found.append(_value(text, at))
        at = _next(text, found[-1].end)
    return found


def _value(text: str, at: int) -> Span:
    return Span(at, _DECODER.raw_decode(text, at)[1])


def _next(text: str, at: int) -> int:
    """Return where the next member begins, or the bracket behind the last."""
    at = _past(text, at)
    return _past(text, at + 1) if text[at] == "," else at


def _past(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at

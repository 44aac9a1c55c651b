"""Texts with wildcards and policy variables, as they stand in Resource and Condition.

A star stands for any characters, a question mark for one. `${key}` stands for a value of the request
and `${key, 'default'}` for the default where it has none; `${*}`, `${?}`, `${$}` are those signs. See
"IAM policy elements: Variables and tags" of the IAM user guide.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from holdfast.server.access.policies.condition_keys import require_known
from holdfast.server.access.policies.refused import PolicyRefused

Values = Mapping[str, tuple[str, ...]]  # what is known of a request, by lower-case condition key

# Lone surrogates are in no text that was ever UTF-8, so these are no characters of anybody's.
ANY = "\ud800"
ONE = "\ud801"

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_NAMED = re.compile(r"\s*([^\s,']+)\s*(?:,\s*'([^']*)'\s*)?")
_SIGNS = ("*", "?", "$")


class Variable(msgspec.Struct, frozen=True):
    """A place in a text that a value of the request fills."""

    key: str  # lower case
    default: str | None = None


class Pattern(msgspec.Struct, frozen=True):
    """A text, ready to be compared. Wildcards are `ANY` and `ONE` in it."""

    parts: tuple[str | Variable, ...]
    text: str  # the whole of it if no part is a variable
    fixed: bool
    fields: list[str] = []  # of an ARN, if no part is a variable

    def stands_for(self, arn: str, values: Values) -> bool | None:
        """Tell whether a resource is what the pattern of one stands for.

        None if that cannot be told, since the request has no value for a variable.
        """
        if self.fixed:
            return self.text == ANY or _same_fields(self.fields, arn.split(":", 5))
        filled = self.filled(values)
        return None if filled is None else filled == ANY or matches_arn(filled, arn)

    def filled(self, values: Values) -> str | None:
        """Return the text with the request's values, or None if the request has not got one.

        What fills a variable stands for itself: a star in it is a star.
        """
        if self.fixed:
            return self.text
        pieces = [part if isinstance(part, str) else _value(part, values) for part in self.parts]
        return None if None in pieces else "".join(piece for piece in pieces if piece is not None)


def compiled(text: str, *, wildcards: bool = True, variables: bool = True) -> Pattern:
    """Read a text of a policy.

    Args:
        text: as it stands there.
        wildcards: whether stars and question marks stand for other characters.
        variables: whether there are variables; the language has them since 2012-10-17.

    Raises:
        PolicyRefused: a variable is malformed, or not known here.
    """
    pieces = _VARIABLE.split(text) if variables else [text]
    parts: list[str | Variable] = []
    for number, piece in enumerate(pieces):
        if number % 2:
            parts.append(_variable(piece))
        elif variables and "${" in piece:
            raise PolicyRefused(f"Invalid policy variable in {text}")
        else:
            parts.append(_wild(piece) if wildcards else piece)
    fixed = all(isinstance(part, str) for part in parts)
    whole = "".join(part for part in parts if isinstance(part, str)) if fixed else ""
    return Pattern(tuple(parts), whole, fixed, whole.split(":", 5))


def _wild(text: str) -> str:
    return text.replace("*", ANY).replace("?", ONE)


def _variable(inside: str) -> str | Variable:
    if inside in _SIGNS:
        return inside
    found = _NAMED.fullmatch(inside)
    if found is None:
        raise PolicyRefused(f"Invalid policy variable ${{{inside}}}")
    key = found[1].lower()
    require_known(key)
    return Variable(key, found[2])


def _value(variable: Variable, values: Values) -> str | None:
    """Return what fills a variable: one value, since of several none is meant more than others."""
    found = values.get(variable.key, ())
    return found[0] if len(found) == 1 else variable.default


def matches(pattern: str, value: str) -> bool:
    """Tell whether a value is what a filled pattern stands for. Never goes back over it."""
    if ANY not in pattern:
        return len(pattern) == len(value) and _fits(pattern, value, 0)
    if pattern.find(ANY) == len(pattern) - 1 and ONE not in pattern:  # as most have it
        return value.startswith(pattern[:-1])
    first, *middle, last = pattern.split(ANY)
    end = len(value) - len(last)
    at = len(first)
    if end < at or not _fits(first, value, 0) or not _fits(last, value, end):
        return False
    for piece in middle:
        at = _after(piece, value, at, end)
        if at < 0:
            return False
    return True


def _fits(piece: str, value: str, at: int) -> bool:
    if ONE not in piece:
        return value.startswith(piece, at)
    return _expression(piece).match(value, at) is not None


def _after(piece: str, value: str, start: int, end: int) -> int:
    """Return where the first place ends at which a piece fits, or -1."""
    if ONE not in piece:
        at = value.find(piece, start, end)
        return -1 if at < 0 else at + len(piece)
    found = _expression(piece).search(value, start, end)
    return -1 if found is None else found.end()


@lru_cache(maxsize=1024)
def _expression(piece: str) -> re.Pattern[str]:
    """Return a regular expression of fixed length: it never has to go back."""
    return re.compile(re.escape(piece).replace(ONE, "."), re.DOTALL)


def matches_arn(pattern: str, value: str) -> bool:
    """Tell whether an ARN is what a filled pattern stands for, field by field.

    A wildcard does not reach beyond the field it stands in; the sixth may have colons itself.
    """
    return _same_fields(pattern.split(":", 5), value.split(":", 5))


def _same_fields(fields: Sequence[str], given: Sequence[str]) -> bool:
    if not len(fields) == len(given) == 6:
        return False
    if fields[:5] != given[:5]:  # nearly always they are the same
        for field, one in zip(fields[:5], given, strict=False):
            if field not in (one, ANY) and not matches(field, one):
                return False
    return matches(fields[5], given[5])


def is_arn(text: str) -> bool:
    """Tell whether a text, maybe with wildcards, has the six fields of an ARN."""
    return text.startswith("arn:") and text.count(":") >= 5

"""Comparing two JSON values part by part."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import msgspec

from holdfast.terraform.changes import ABSENT, SENSITIVE, AttributeChange
from holdfast.terraform.masking import Marks, Secret, publish, unwrap
from holdfast.terraform.records import Path

_NESTED = (dict, list)
_CANONICAL = msgspec.json.Encoder(decimal_format="number", order="sorted")


def compare_mappings(
    path: Path, before: Mapping[str, Any], after: Mapping[str, Any], marks: Marks | None = None
) -> Iterator[AttributeChange]:
    """Yield what differs between two objects, by name. No entry and null count as the same.

    Args:
        path: where the objects stand.
        before: an object, with its secrets wrapped unless `marks` are given.
        after: the other one.
        marks: what is sensitive in the two, if they are attributes as decoded.
    """
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if (old is None and new is None) or (type(old) is str and old == new):
            continue  # most attributes, so nothing more is done for them
        if marks is not None:
            if type(old) in _NESTED and canonical(old) == canonical(new):
                continue
            old, new = marks.wrap(name, old), marks.wrap(name, new)
        if old is None or new is None:
            shown_old = publish(old) if name in before else ABSENT
            shown_new = publish(new) if name in after else ABSENT
            yield AttributeChange((*path, name), shown_old, shown_new)
        else:
            yield from compare((*path, name), old, new)


def compare(path: Path, before: Any, after: Any) -> Iterator[AttributeChange]:
    """Yield what differs between two values, in which secrets are wrapped."""
    if isinstance(before, Secret) or isinstance(after, Secret):
        if not same(unwrap(before), unwrap(after)):
            yield AttributeChange(path, SENSITIVE, SENSITIVE)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from compare_mappings(path, before, after)
    elif _are_objects(before) and _are_objects(after) and (before or after):
        yield from _compare_objects(path, before, after)
    elif not same(unwrap(before), unwrap(after)):
        yield _change(path, before, after)


def same(before: Any, after: Any) -> bool:
    """Whether two values without secrets are equal: numbers by value, `true` never equals 1."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(
            same(value, after[name]) for name, value in before.items()
        )
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    if _is_number(before) and _is_number(after):
        return bool(before == after)
    return type(before) is type(after) and bool(before == after)


def canonical(value: Any) -> bytes:
    """Return equal bytes for equal values without secrets."""
    return _CANONICAL.encode(value)


def _compare_objects(path: Path, before: list[Any], after: list[Any]) -> Iterator[AttributeChange]:
    """Compare lists of objects as sets: a provider's sets of blocks have no order to speak of."""
    old_texts = [canonical(unwrap(each)) for each in before]
    new_texts = [canonical(unwrap(each)) for each in after]
    left = _left_over(old_texts, new_texts)
    right = _left_over(new_texts, old_texts)
    for old, new in zip_longest(left, right):
        if new is None:
            yield _change((*path, old), before[old], ABSENT)
        elif old is None:
            yield _change((*path, new), ABSENT, after[new])
        else:
            yield from compare((*path, new), before[old], after[new])


def _left_over(texts: list[bytes], others: list[bytes]) -> list[int]:
    """Return the places of texts that have no equal among the others."""
    available = Counter(others)
    left = []
    for place, text in enumerate(texts):
        if available[text]:
            available[text] -= 1
        else:
            left.append(place)
    return left


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _change(path: Path, before: Any, after: Any) -> AttributeChange:
    return AttributeChange(path, publish(before), publish(after))

"""The Condition element: read strictly, and compared with what is known of a request.

Sources: "Condition operators" and "Multivalued context keys" of the IAM user guide.
"""

from collections.abc import Callable

import msgspec

from holdfast.server.access.policies.comparisons import COMPARISONS, Comparison, truth
from holdfast.server.access.policies.condition_keys import require_known
from holdfast.server.access.policies.patterns import Pattern, Values, compiled
from holdfast.server.access.policies.refused import PolicyRefused

_NULL = "null"
_IF_EXISTS = "ifexists"
_SETS = ("forallvalues", "foranyvalue")


class Condition(msgspec.Struct, frozen=True):
    """One operator on one key. All conditions of a statement must hold."""

    operator: str  # in lower case, without prefix and suffix; a name in COMPARISONS, or `null`
    key: str  # in lower case
    values: tuple[Pattern, ...]
    over: str = ""  # forallvalues, foranyvalue, or nothing
    if_exists: bool = False

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for a request.

        Args:
            values: what is known of it, by condition key in lower case. A key that it has not got
                is absent.
        """
        given = values.get(self.key)
        if self.operator == _NULL:
            return any(truth(wanted.text) is (given is None) for wanted in self.values)
        comparison = COMPARISONS[self.operator]
        if given is None:
            return self._holds_of_nothing(comparison)
        wanted = [filled for one in self.values if (filled := one.filled(values)) is not None]
        found = [
            any(comparison.holds(one, value) for one in wanted) is not comparison.negated
            for value in given
        ]
        if self.over:
            return all(found) if self.over == "forallvalues" else any(found)
        # A key with several values has no order in them: one is enough, and none may be excluded.
        return all(found) if comparison.negated else any(found)

    def _holds_of_nothing(self, comparison: Comparison) -> bool:
        if self.over:
            return self.over == "forallvalues"
        return comparison.negated or self.if_exists


def parse_conditions(
    element: object, *, variables: bool, claims: bool = False
) -> tuple[Condition, ...]:
    """Read a Condition element.

    Args:
        element: as JSON has it.
        variables: whether the language's version has variables.
        claims: whether the claims of a web identity token are known here.

    Raises:
        PolicyRefused: it has the wrong form, or an operator, a key or a value that cannot be
            evaluated.
    """
    if not isinstance(element, dict):
        raise PolicyRefused("Condition must be an object")
    found: list[Condition] = []
    for name, tests in element.items():
        if not isinstance(tests, dict) or not tests:
            raise PolicyRefused(f"The condition operator {name} needs keys and values")
        for key, value in tests.items():
            require_known(key.lower(), claims=claims)
            found.append(_condition(name, key, _texts(key, value), variables=variables))
    return tuple(found)


def _condition(name: str, key: str, texts: list[str], *, variables: bool) -> Condition:
    over, operator, if_exists = _taken_apart(name)
    if operator == _NULL:
        if over or if_exists:
            raise PolicyRefused(f"Invalid condition operator {name}")
        _require_valid(truth, name, texts)
        values = [compiled(text, wildcards=False, variables=False) for text in texts]
        return Condition(operator, key.lower(), tuple(values))
    comparison = COMPARISONS.get(operator)
    if comparison is None:
        raise PolicyRefused(f"Invalid condition operator {name}")
    _require_valid(comparison.valid, name, texts)
    wildcards, variables = comparison.wildcards, variables and comparison.variables
    values = [compiled(text, wildcards=wildcards, variables=variables) for text in texts]
    return Condition(operator, key.lower(), tuple(values), over, if_exists)


def _taken_apart(name: str) -> tuple[str, str, bool]:
    """Return the prefix, the operator and whether it has the suffix, in lower case."""
    prefix, colon, rest = name.lower().rpartition(":")
    if colon and prefix not in _SETS:
        raise PolicyRefused(f"Invalid condition operator {name}")
    return prefix, rest.removesuffix(_IF_EXISTS), rest.endswith(_IF_EXISTS)


def _require_valid(valid: Callable[[str], object], name: str, texts: list[str]) -> None:
    for text in texts:
        try:
            valid(text)
        except ValueError:
            raise PolicyRefused(f"Invalid value {text} for {name}") from None


def _texts(key: str, value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise PolicyRefused(f"The condition key {key} has no value")
    return [_text(key, one) for one in listed]


def _text(key: str, value: object) -> str:
    """Return a condition's value as text; JSON may have it as a truth value or a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise PolicyRefused(f"The condition key {key} has a value that is no text")

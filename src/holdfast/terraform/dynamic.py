"""Values of dynamic type, which states keep as `{"value": ..., "type": ...}`.

Source: marshalDynamic in go-cty's `cty/json/marshal.go`; the type is written as in its `type.go`. What
is inside is of that type, and has no further types beside its values.
"""

from typing import Any

_PRIMITIVE = frozenset(("string", "number", "bool", "dynamic"))
_COMPOUND = frozenset(("object", "map", "list", "set", "tuple"))


def is_dynamic(value: Any) -> bool:
    """Whether a value has its type beside it.

    An object of a configuration may have just these two attributes too: it counts as one only if its
    `type` reads like a type.
    """
    if not isinstance(value, dict) or value.keys() != {"value", "type"}:
        return False
    kind = value["type"]
    if isinstance(kind, str):
        return kind in _PRIMITIVE and not isinstance(value["value"], dict | list)
    return isinstance(kind, list) and len(kind) > 1 and kind[0] in _COMPOUND

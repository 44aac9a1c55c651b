"""Hypothesis strategies for DynamoDB: numbers, values, items, conditions; and trees as text."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.expressions.nodes import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Condition,
    In,
    Literal,
    Not,
    Operand,
    Or,
    Parameter,
    Path,
)


def _decimal(negative: bool, digits: int, exponent: int) -> Decimal:
    return Decimal((int(negative), tuple(map(int, str(digits))), exponent))


# Every number that DynamoDB can hold: the exponent keeps all digits within its range.
decimals = st.one_of(
    st.builds(
        _decimal,
        st.booleans(),
        st.integers(1, 10**38 - 1),
        st.integers(-130, 125 - 37),
    ),
    st.integers(-1000, 1000).map(Decimal),
    st.just(Decimal(0)),
)

texts = st.text(max_size=8)
_scalars: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda text: {"S": text}, texts),
    st.builds(lambda number: {"N": str(number)}, st.integers(-9, 9)),
    st.builds(lambda data: {"B": data}, st.binary(max_size=4)),
    st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
    st.just({"NULL": True}),
)
_sets: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda m: {"SS": m}, st.lists(texts, min_size=1, max_size=3, unique=True)),
    st.builds(
        lambda m: {"NS": [str(n) for n in m]},
        st.lists(st.integers(-9, 9), min_size=1, max_size=3, unique=True),
    ),
    st.builds(
        lambda m: {"BS": m}, st.lists(st.binary(max_size=3), min_size=1, max_size=3, unique=True)
    ),
)
values: st.SearchStrategy[dict[str, Any]] = st.recursive(
    _scalars | _sets,
    lambda inner: st.one_of(
        st.builds(lambda e: {"L": e}, st.lists(inner, max_size=3)),
        st.builds(lambda m: {"M": m}, st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    ),
    max_leaves=6,
)
items = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), values, max_size=4)

paths = st.builds(
    lambda head, tail: Path((head, *tail)),
    st.sampled_from(["a", "b", "c", "d", "#x"]),
    st.lists(st.one_of(st.sampled_from(["a", "b", "#y"]), st.integers(0, 3)), max_size=3),
)
parameters = st.sampled_from([":v", ":w", ":long_1"]).map(Parameter)
_simple_operands: st.SearchStrategy[Operand] = paths | parameters
operands: st.SearchStrategy[Operand] = _simple_operands | st.builds(
    lambda operand: Call("size", (operand,)), _simple_operands
)
_functions: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        lambda name, path: Call(name, (path,)),
        st.sampled_from(["attribute_exists", "attribute_not_exists"]),
        paths,
    ),
    st.builds(
        lambda name, path, operand: Call(name, (path, operand)),
        st.sampled_from(["begins_with", "contains", "attribute_type"]),
        paths,
        _simple_operands,
    ),
)
_simple: st.SearchStrategy[Condition] = st.one_of(
    _functions,
    st.builds(Compare, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), operands, operands),
    st.builds(Between, operands, operands, operands),
    st.builds(In, operands, st.lists(operands, min_size=1, max_size=4).map(tuple)),
)


def _several(kind: type[And] | type[Or], parts: list[Condition]) -> Condition:
    return kind(tuple(parts))


conditions: st.SearchStrategy[Condition] = st.recursive(
    _simple,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(_several, st.sampled_from([And, Or]), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)


def written(node: Condition | Operand) -> str:
    """Return a tree as an expression, with parentheses where precedence needs them."""
    if isinstance(node, Path):
        return _path(node)
    if isinstance(node, Parameter):
        return node.name
    if isinstance(node, Call):
        return f"{node.name}({', '.join(map(written, node.arguments))})"
    if isinstance(node, Compare):
        return f"{written(node.left)} {node.operator} {written(node.right)}"
    if isinstance(node, Between):
        low, high = written(node.low), written(node.high)
        return f"{written(node.operand)} BETWEEN {low} AND {high}"
    if isinstance(node, In):
        return f"{written(node.operand)} IN ({', '.join(map(written, node.choices))})"
    if isinstance(node, Not):
        return f"NOT {_grouped(node.condition, And, Or)}"
    if isinstance(node, And):
        return " AND ".join(_grouped(part, And, Or) for part in node.conditions)
    if isinstance(node, Or):
        return " OR ".join(_grouped(part, Or) for part in node.conditions)
    assert not isinstance(node, Arithmetic | Literal)
    raise AssertionError(node)


def _grouped(node: Condition, *kinds: type[Condition]) -> str:
    text = written(node)
    return f"({text})" if isinstance(node, kinds) else text


def _path(path: Path) -> str:
    head, *tail = path.parts
    return str(head) + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in tail
    )


def outcome(call: Callable[[], object]) -> str:
    """Return "" when the call succeeds, else the code of the ServiceError it raises."""
    try:
        call()
    except ServiceError as error:
        return error.code
    return ""

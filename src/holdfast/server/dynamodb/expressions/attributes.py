"""Which attributes a bound condition is about."""

from holdfast.server.dynamodb.expressions.nodes import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Condition,
    In,
    Not,
    Operand,
    Or,
    Path,
)


def mentioned(node: Condition | Operand) -> set[str]:
    """Return the names of the top-level attributes that a bound condition mentions."""
    if isinstance(node, Path):
        return {str(node.parts[0])}
    found: set[str] = set()
    for inner in _inside(node):
        found |= mentioned(inner)
    return found


def _inside(node: Condition | Operand) -> tuple[Condition | Operand, ...]:
    if isinstance(node, And | Or):
        return node.conditions
    if isinstance(node, Not):
        return (node.condition,)
    if isinstance(node, Compare | Arithmetic):
        return node.left, node.right
    if isinstance(node, Between):
        return node.operand, node.low, node.high
    if isinstance(node, In):
        return node.operand, *node.choices
    return node.arguments if isinstance(node, Call) else ()

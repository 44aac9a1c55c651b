"""Operands of expressions: bound to names and values, their types checked before any item is read."""

from holdfast.server.dynamodb.expressions.bindings import Bindings
from holdfast.server.dynamodb.expressions.nodes import (
    Arithmetic,
    Call,
    Literal,
    Operand,
    Parameter,
    Path,
)
from holdfast.server.dynamodb.expressions.tokens import refusal
from holdfast.server.dynamodb.values import type_of

_ARGUMENTS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
    "if_not_exists": 2,
    "list_append": 2,
}
_TYPES = frozenset({"S", "N", "B", "NULL", "SS", "BOOL", "L", "BS", "NS", "M"})


def bind(kind: str, operand: Operand, bindings: Bindings) -> Operand:
    """Return an operand with names and values in place.

    Args:
        kind: the parameter that it is in, for messages.
        operand: as parsed.
        bindings: the names and values of the request.

    Raises:
        ServiceError: a name or value is not defined.
    """
    if isinstance(operand, Path):
        return bindings.path(kind, operand)
    if isinstance(operand, Parameter):
        return bindings.value(kind, operand)
    if isinstance(operand, Call):
        arguments = tuple(bind(kind, argument, bindings) for argument in operand.arguments)
        return Call(operand.name, arguments)
    if isinstance(operand, Arithmetic):
        left = bind(kind, operand.left, bindings)
        return Arithmetic(operand.operator, left, bind(kind, operand.right, bindings))
    return operand


def known_type(operand: Operand) -> str:
    """Return the type of a bound operand as far as it shows without an item, else ""."""
    if isinstance(operand, Literal):
        return type_of(operand.value)
    if isinstance(operand, Arithmetic):
        return "N"
    if isinstance(operand, Call):
        if operand.name == "if_not_exists":
            return ""
        return {"size": "N", "list_append": "L"}.get(operand.name, "BOOL")
    return ""


def require_type(kind: str, operator: str, operand: Operand, allowed: str) -> None:
    """Check what is known of an operand's type.

    Args:
        kind: the parameter that it is in.
        operator: operator or function, for the message.
        operand: a bound operand.
        allowed: the types it may have, separated by spaces.

    Raises:
        ServiceError: it can only be of another type.
    """
    found = known_type(operand)
    if found and found not in allowed.split():
        raise refusal(
            kind,
            "Incorrect operand type for operator or function; "
            f"operator or function: {operator}, operand type: {found}",
        )


def check(kind: str, operand: Operand) -> None:
    """Check a bound operand and everything inside: argument counts and types.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    if isinstance(operand, Arithmetic):
        check(kind, operand.left)
        check(kind, operand.right)
        require_type(kind, operand.operator, operand.left, "N")
        require_type(kind, operand.operator, operand.right, "N")
    elif isinstance(operand, Call):
        for argument in operand.arguments:
            check(kind, argument)
        _check_call(kind, operand)


def _check_call(kind: str, call: Call) -> None:
    name, arguments = call.name, call.arguments
    if len(arguments) != _ARGUMENTS[name]:
        raise refusal(
            kind,
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(arguments)}",
        )
    if name not in ("if_not_exists", "list_append"):
        require_distinct(kind, name, arguments[0], arguments[1:])
    if name in ("attribute_exists", "attribute_not_exists", "if_not_exists"):
        if not isinstance(arguments[0], Path):
            raise refusal(
                kind,
                f"Operator or function requires a document path; operator or function: {name}",
            )
    elif name == "attribute_type":
        _check_type_name(kind, arguments[1])
    else:
        allowed = {
            "begins_with": "S B",
            "size": "S B SS NS BS L M",
            "list_append": "L",
            "contains": " ".join(_TYPES),
        }[name]
        for argument in arguments:
            require_type(kind, name, argument, allowed)


def _check_type_name(kind: str, operand: Operand) -> None:
    if not isinstance(operand, Literal) or "S" not in operand.value:
        found = known_type(operand) or "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
        raise refusal(
            kind,
            "Incorrect operand type for operator or function; "
            f"operator or function: attribute_type, operand type: {found}",
        )
    named = operand.value["S"]
    if named not in _TYPES:
        raise refusal(
            kind,
            f"Invalid attribute type name found; type: {named}, "
            "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        )


def require_distinct(kind: str, operator: str, first: Operand, others: tuple[Operand, ...]) -> None:
    """Check that a path is not compared with itself.

    Raises:
        ServiceError: it is.
    """
    if isinstance(first, Path) and first in others:
        raise refusal(
            kind,
            "The first operand must be distinct from the remaining operands for this operator or "
            f"function; operator: {operator}, first operand: {first}",
        )

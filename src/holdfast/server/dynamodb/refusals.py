"""The errors that many DynamoDB operations share, in DynamoDB's words."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.judging import Refusal

_CONDITION_FAILED = "The conditional request failed"

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
_LEGACY = {
    "AttributesToGet": "ProjectionExpression",
    "AttributeUpdates": "UpdateExpression",
    "ConditionalOperator": "AND and OR in an expression",
    "Expected": "ConditionExpression",
    "KeyConditions": "KeyConditionExpression",
    "QueryFilter": "FilterExpression",
    "ScanFilter": "FilterExpression",
}


def invalid(message: str) -> ServiceError:
    """Return a ValidationException."""
    return ServiceError("ValidationException", message)


def invalid_values(message: str) -> ServiceError:
    """Return a ValidationException about parameter values, with AWS's usual beginning."""
    return invalid(f"One or more parameter values were invalid: {message}")


def constraint(value: object, member: str, rule: str) -> ServiceError:
    """Return the ValidationException for a member that breaks a rule of the service model.

    Args:
        value: what was given.
        member: the member, in lower camel case, with its path.
        rule: what it must satisfy: "Member must ...".
    """
    return invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: {rule}"
    )


def condition_failed(item: Mapping[str, Any] | None = None) -> ServiceError:
    """Return a ConditionalCheckFailedException, with the item if the request asked for it."""
    if item is None:
        return ServiceError("ConditionalCheckFailedException", _CONDITION_FAILED)
    return ServiceError("ConditionalCheckFailedException", _CONDITION_FAILED, Item=item)


def rule_refused(refusal: Refusal) -> ServiceError:
    """Return the error for a write that a rule refuses: one that clients do not try again."""
    return ServiceError("ConditionalCheckFailedException", refusal.message)


def refuse_legacy(params: Mapping[str, Any], members: tuple[str, ...]) -> None:
    """Refuse the parameters that expressions replaced.

    Args:
        params: the request.
        members: the parameters of this operation that hold an expression.

    Raises:
        ServiceError: ValidationException naming the parameters.
    """
    if params.keys().isdisjoint(_LEGACY):
        return
    legacy = [name for name in _LEGACY if name in params]
    present = [name for name in members if name in params]
    if present:
        raise invalid(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(legacy)}}} "
            f"Expression parameters: {{{', '.join(present)}}}"
        )
    raise invalid(
        f"The legacy parameter {legacy[0]} is not supported here; use {_LEGACY[legacy[0]]} instead"
    )

"""The expressions of one request: parsed, bound, and nothing left over."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from holdfast.server.dynamodb.expressions import conditions, updates
from holdfast.server.dynamodb.expressions.bindings import Bindings
from holdfast.server.dynamodb.expressions.condition_parser import parse_condition
from holdfast.server.dynamodb.expressions.nodes import Condition, Update
from holdfast.server.dynamodb.expressions.paths import PathTree, arrange
from holdfast.server.dynamodb.expressions.update_parser import parse_projection, parse_update
from holdfast.server.dynamodb.refusals import refuse_legacy


class Expressions:
    """The expressions of a request. Call `finish` when all of them were asked for."""

    __slots__ = ("_bindings", "_params")

    def __init__(self, params: Mapping[str, Any], *members: str) -> None:
        """Check the names and values, and refuse the legacy parameters.

        Args:
            params: the request.
            members: the parameters of this operation that hold an expression.
        """
        refuse_legacy(params, members)
        self._params = params
        self._bindings = Bindings(params, members)

    def condition(self, member: str = "ConditionExpression") -> Condition | None:
        """Return a condition, filter or key condition, bound; None if it is not given."""
        text = self._params.get(member)
        if text is None:
            return None
        if "#" not in text and ":" not in text:
            return _constant_condition(member, text)
        return conditions.bind(member, parse_condition(member, text), self._bindings)

    def projection(self) -> PathTree | None:
        """Return the projection as a tree; None if it is not given."""
        text = self._params.get("ProjectionExpression")
        if text is None:
            return None
        if "#" not in text:
            return _constant_projection(text)
        return _projection(text, self._bindings)

    def update(self) -> tuple[Update, PathTree] | None:
        """Return the update, bound, and the tree of its paths; None if it is not given."""
        text = self._params.get("UpdateExpression")
        return None if text is None else updates.bind(parse_update(text), self._bindings)

    def finish(self) -> None:
        """Check that every name and value was used.

        Raises:
            ServiceError: one was not.
        """
        self._bindings.finish()


@lru_cache(maxsize=256)
def _constant_condition(member: str, text: str) -> Condition:
    return conditions.bind(member, parse_condition(member, text), Bindings({}))


@lru_cache(maxsize=256)
def _constant_projection(text: str) -> PathTree:
    return _projection(text, Bindings({}))


def _projection(text: str, bindings: Bindings) -> PathTree:
    kind = "ProjectionExpression"
    paths = parse_projection(text).paths
    return arrange(kind, [bindings.path(kind, path) for path in paths])

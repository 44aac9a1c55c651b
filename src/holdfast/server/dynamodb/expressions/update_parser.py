"""Update and projection expressions: text to tree."""

from collections.abc import Callable
from functools import lru_cache

from holdfast.server.dynamodb.expressions.nodes import (
    Action,
    Arithmetic,
    Operand,
    Parameter,
    Path,
    Projection,
    Update,
)
from holdfast.server.dynamodb.expressions.parser import UPDATE_FUNCTIONS, Parser

_SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")


class _UpdateParser(Parser):
    functions = UPDATE_FUNCTIONS
    keywords = frozenset(_SECTIONS)
    precedence = ("parentheses", "reserved", "function", "place", "section")

    def parse(self) -> Update:
        actions: list[Action] = []
        seen: set[str] = set()
        while self.word(*_SECTIONS):
            section = self.take().text.upper()
            if section in seen:
                self.note(
                    "section",
                    f'The "{section}" section can only be used once in an update expression;',
                )
            seen.add(section)
            actions += self._section(section)
        if not seen:
            raise self.syntax_error()
        self.finish()
        return Update(tuple(actions))

    def _section(self, section: str) -> list[Action]:
        parse: Callable[[], Action] = {
            "SET": self._set,
            "REMOVE": lambda: Action("REMOVE", self.path()),
            "ADD": lambda: self._with_value("ADD"),
            "DELETE": lambda: self._with_value("DELETE"),
        }[section]
        actions = [parse()]
        while self.sign(","):
            self.at += 1
            actions.append(parse())
        return actions

    def _set(self) -> Action:
        path = self.path()
        self.expect("=")
        self.operators += 1
        return Action("SET", path, self._set_value())

    def _set_value(self) -> Operand:
        # `(a + :b)` and `(a) + :b` begin alike. There is one operator at most.
        left = self._group() if self.sign("(") else self.plain_operand()
        if not self.sign("+", "-") or isinstance(left, Arithmetic):
            return left
        operator = self.take().text
        self.operators += 1
        right = self.operand()
        self.judge_nested(left)
        self.judge_nested(right)
        return Arithmetic(operator, left, right)

    def _group(self) -> Operand:
        start = self.open_group()
        inner = self._set_value()
        self.close_group(start)
        return inner

    def _with_value(self, section: str) -> Action:
        path = self.path()
        if self.token.kind != "value":
            raise self.syntax_error()
        self.operators += 1
        return Action(section, path, Parameter(self.take().text))


class _ProjectionParser(Parser):
    def parse(self) -> Projection:
        paths: list[Path] = [self.path()]
        while self.sign(","):
            self.at += 1
            paths.append(self.path())
        self.finish()
        return Projection(tuple(paths))


@lru_cache(maxsize=512)
def parse_update(text: str) -> Update:
    """Parse an update expression, or return the tree that the same text gave before.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    return _UpdateParser("UpdateExpression", text).parse()


@lru_cache(maxsize=512)
def parse_projection(text: str) -> Projection:
    """Parse a projection expression, or return the tree that the same text gave before.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    return _ProjectionParser("ProjectionExpression", text).parse()

"""Condition, filter and key condition expressions: text to tree."""

from functools import lru_cache

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
from holdfast.server.dynamodb.expressions.parser import Parser

MAX_CHOICES = 100
_COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")

# A group in parentheses may turn out to be an operand: `(a) = :b`.
_Term = Condition | Operand


class _ConditionParser(Parser):
    keywords = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})

    def parse(self) -> Condition:
        found = self._condition(self._disjunction())
        self.finish()
        return found

    def _condition(self, term: _Term) -> Condition:
        if isinstance(term, Path | Parameter | Literal | Arithmetic):
            raise self.syntax_error()
        if isinstance(term, Call) and term.name == "size":
            self.misplaced(term)
        return term

    def _disjunction(self) -> _Term:
        first = self._conjunction()
        if not self.word("OR"):
            return first
        terms = [self._condition(first)]
        while self.word("OR"):
            self.at += 1
            self.operators += 1
            terms.append(self._condition(self._conjunction()))
        return Or(tuple(terms))

    def _conjunction(self) -> _Term:
        first = self._negation()
        if not self.word("AND"):
            return first
        terms = [self._condition(first)]
        while self.word("AND"):
            self.at += 1
            self.operators += 1
            terms.append(self._condition(self._negation()))
        return And(tuple(terms))

    def _negation(self) -> _Term:
        if not self.word("NOT"):
            return self._comparison()
        self.at += 1
        self.operators += 1
        self.descend()
        negated = Not(self._condition(self._negation()))
        self.ascend()
        return negated

    def _comparison(self) -> _Term:
        left = self._group() if self.sign("(") else self.plain_operand()
        if isinstance(left, And | Or | Not | Compare | Between | In):
            return left
        if self.sign(*_COMPARATORS):
            operator = self.take().text
            self.operators += 1
            compared = Compare(operator, left, self.operand())
            self._judge_operands(left, compared.right)
            return compared
        if self.word("BETWEEN"):
            return self._between(left)
        if self.word("IN"):
            return self._in(left)
        return left  # a function, or an operand that the group around it is for

    def _group(self) -> _Term:
        start = self.open_group()
        inner = self._disjunction()
        self.close_group(start)
        return inner

    def _between(self, operand: Operand) -> Between:
        self.at += 1
        self.operators += 1
        low = self.operand()
        if not self.word("AND"):
            raise self.syntax_error()
        self.at += 1
        high = self.operand()
        self._judge_operands(operand, low, high)
        return Between(operand, low, high)

    def _in(self, operand: Operand) -> In:
        self.at += 1
        self.operators += 1
        self.expect("(")
        choices = [self.operand()]
        while self.sign(","):
            self.at += 1
            choices.append(self.operand())
        self.expect(")")
        if len(choices) > MAX_CHOICES:
            self.note(
                "other",
                "The IN operator is provided with too many operands; "
                f"number of operands: {len(choices)}",
            )
        self._judge_operands(operand, *choices)
        return In(operand, tuple(choices))

    def _judge_operands(self, *operands: Operand) -> None:
        for operand in operands:
            self.judge_nested(operand)


@lru_cache(maxsize=512)
def parse_condition(kind: str, text: str) -> Condition:
    """Parse an expression, or return the tree that the same text gave before.

    Args:
        kind: the parameter: ConditionExpression, FilterExpression or KeyConditionExpression.
        text: the expression.

    Raises:
        ServiceError: ValidationException, in DynamoDB's words.
    """
    return _ConditionParser(kind, text).parse()

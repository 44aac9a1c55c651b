"""What the parsers of all four kinds of expression share: tokens, paths, operands, limits.

Recursive descent with a cap on depth and operators. A syntax error is raised where it stands; what
else is wrong is noted, and the first note in DynamoDB's order of precedence is raised at the end.
"""

from collections.abc import Callable

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.expressions.nodes import Call, Operand, Parameter, Path
from holdfast.server.dynamodb.expressions.reserved import is_reserved
from holdfast.server.dynamodb.expressions.tokens import Token, refusal, syntax_error, tokenize

MAX_OPERATORS = 300
MAX_PATH_PARTS = 32
MAX_DEPTH = 64  # of parentheses and functions; ours, so that the stack is bounded
MAX_INDEX = 2**31 - 1

CONDITION_FUNCTIONS = frozenset(
    {
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "size",
    }
)
UPDATE_FUNCTIONS = frozenset({"if_not_exists", "list_append"})
# What stands alone: no operand of an operator or of another function.
_OUTERMOST = CONDITION_FUNCTIONS - {"size"} | {"list_append"}


class Parser:
    """A position in the tokens of one expression."""

    functions = CONDITION_FUNCTIONS
    keywords: frozenset[str] = frozenset()  # words that are no attribute names here
    precedence: tuple[str, ...] = ("parentheses", "function", "place", "reserved", "other")

    def __init__(self, kind: str, text: str) -> None:
        """Take the name of the parameter and its text."""
        self.kind = kind
        self.text = text
        self.tokens = tokenize(kind, text)
        self.at = 0
        self.depth = 0
        self.operators = 0
        self.closed: dict[int, int] = {}  # where a group begins -> where it ends
        self.notes: dict[str, str] = {}

    # ---- Tokens --------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        """The token at hand."""
        return self.tokens[self.at]

    def sign(self, *texts: str) -> bool:
        """Tell whether one of these signs is at hand."""
        token = self.token
        return token.kind == "sign" and token.text in texts

    def word(self, *words: str) -> bool:
        """Tell whether one of these words, in any case, is at hand."""
        token = self.token
        return token.kind == "word" and token.text.upper() in words

    def take(self) -> Token:
        """Step over the token at hand and return it."""
        token = self.token
        self.at += 1
        return token

    def expect(self, text: str) -> None:
        """Step over a sign that must be here."""
        if not self.sign(text):
            raise self.syntax_error()
        self.at += 1

    def syntax_error(self) -> ServiceError:
        """Return the error for the token at hand."""
        return syntax_error(self.kind, self.text, self.tokens, self.at)

    def refuse(self, reason: str) -> ServiceError:
        """Return an error for this expression."""
        return refusal(self.kind, reason)

    def note(self, what: str, reason: str) -> None:
        """Remember the first thing wrong of its sort."""
        self.notes.setdefault(what, reason)

    def finish(self) -> None:
        """Check that the text is used up, and raise the gravest note."""
        if self.token.kind != "end":
            raise self.syntax_error()
        for what in self.precedence:
            if what in self.notes:
                raise self.refuse(self.notes[what])
        if self.operators > MAX_OPERATORS:
            raise self.refuse(
                "The expression contains too many operators; "
                f"operator count: {MAX_OPERATORS + 1}"  # where DynamoDB stops counting
            )

    # ---- Limits --------------------------------------------------------------------------

    def descend(self) -> None:
        """Enter a parenthesis or function."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refuse(f"The expression is nested too deeply; maximum depth: {MAX_DEPTH}")

    def ascend(self) -> None:
        """Leave a parenthesis or function."""
        self.depth -= 1

    def open_group(self) -> int:
        """Step over an opening parenthesis, and return where it is."""
        self.at += 1
        self.descend()
        return self.at - 1

    def close_group(self, start: int) -> None:
        """Step over the closing parenthesis; note a group that is nothing but another group."""
        self.expect(")")
        self.ascend()
        if self.closed.get(start + 1) == self.at - 2:
            self.note("parentheses", "The expression has redundant parentheses;")
        self.closed[start] = self.at - 1

    # ---- Paths and operands --------------------------------------------------------------

    def path(self) -> Path:
        """Parse a document path."""
        parts: list[str | int] = [self._path_name()]
        while True:
            if self.sign("."):
                self.at += 1
                parts.append(self._path_name())
            elif self.sign("["):
                self.at += 1
                parts.append(self._index())
                self.expect("]")
            else:
                break
        if len(parts) > MAX_PATH_PARTS:
            levels = len(parts)
            raise self.refuse(
                f"The document path has too many nesting levels; nesting levels: {levels}"
            )
        return Path(tuple(parts))

    def _path_name(self) -> str:
        token = self.token
        if token.kind == "word" and token.text.upper() not in self.keywords:
            if is_reserved(token.text):
                self.note(
                    "reserved",
                    f"Attribute name is a reserved keyword; reserved keyword: {token.text}",
                )
        elif token.kind != "name":
            raise self.syntax_error()
        self.at += 1
        return token.text

    def _index(self) -> int:
        if self.token.kind != "index":
            raise self.syntax_error()
        digits = self.take().text
        if len(digits) > 10 or int(digits) > MAX_INDEX:
            raise self.refuse(f"List index is not within the allowable range; index: [{digits}]")
        return int(digits)

    def plain_operand(self) -> Operand:
        """Parse a value, function or path; no parentheses around it."""
        token = self.token
        if token.kind == "value":
            self.at += 1
            return Parameter(token.text)
        after = self.tokens[self.at + 1] if token.kind == "word" else None
        if after is not None and after.kind == "sign" and after.text == "(":
            return self._call()
        return self.path()

    def operand(self) -> Operand:
        """Parse an operand, perhaps in parentheses."""
        return self.parenthesized(self.plain_operand)

    def parenthesized(self, parse: Callable[[], Operand]) -> Operand:
        """Parse what `parse` does, with any parentheses around it; two pairs are one too many."""
        opened = 0
        while self.sign("("):
            self.at += 1
            opened += 1
        if opened > 1:
            self.note("parentheses", "The expression has redundant parentheses;")
        operand = parse()
        for _ in range(opened):
            self.expect(")")
        return operand

    def _call(self) -> Call:
        token = self.token
        if token.text.upper() in self.keywords:
            raise self.syntax_error()
        self.at += 2
        self.operators += 1
        self.descend()
        arguments = [self.operand()]
        while self.sign(","):
            self.at += 1
            arguments.append(self.operand())
        self.expect(")")
        self.ascend()
        self._judge_function(token.text)
        for argument in arguments:
            self.judge_nested(argument)
        return Call(token.text, tuple(arguments))

    def _judge_function(self, name: str) -> None:
        if name in self.functions:
            return
        if name in CONDITION_FUNCTIONS:
            reason = "The function is not allowed in an update expression"
        elif name in UPDATE_FUNCTIONS:
            reason = "The function is not allowed in a condition expression"
        else:
            reason = "Invalid function name"
        self.note("function", f"{reason}; function: {name}")

    def judge_nested(self, operand: Operand) -> None:
        """Note a function that cannot be an operand of something else."""
        if isinstance(operand, Call) and operand.name in _OUTERMOST:
            self.misplaced(operand)

    def misplaced(self, call: Call) -> None:
        """Note a function where its result is of no use."""
        self.note(
            "place",
            "The function is not allowed to be used this way in an expression; "
            f"function: {call.name}",
        )

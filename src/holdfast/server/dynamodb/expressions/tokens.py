"""An expression's text as tokens, and the errors that point at one of them."""

import re

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.refusals import invalid

MAX_EXPRESSION_BYTES = 4096

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<word>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<name>\#[A-Za-z0-9_]+)"
    r"|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<index>[0-9]+)"
    r"|(?P<sign><=|>=|<>|[=<>()\[\].,+\-])"
    r"|(?P<unknown>.)",
    re.DOTALL,
)


class Token(msgspec.Struct, frozen=True):
    """A piece of an expression. `kind` is word, name, value, index, sign, unknown or end."""

    kind: str
    text: str
    start: int
    stop: int


def refusal(kind: str, reason: str) -> ServiceError:
    """Return the ValidationException for an expression.

    Args:
        kind: the parameter, such as `ConditionExpression`.
        reason: what is wrong, in DynamoDB's words.
    """
    return invalid(f"Invalid {kind}: {reason}")


def tokenize(kind: str, text: str) -> tuple[Token, ...]:
    """Split an expression; the last token is the end.

    Raises:
        ServiceError: the expression is empty or longer than 4 KB.
    """
    if not text:
        raise refusal(kind, "The expression can not be empty;")
    size = len(text.encode())
    if size > MAX_EXPRESSION_BYTES:
        raise refusal(
            kind,
            f"Expression size has exceeded the maximum allowed size; expression size: {size}",
        )
    found = [
        Token(str(match.lastgroup), match[0], match.start(), match.end())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    found.append(Token("end", "<EOF>", len(text), len(text)))
    return tuple(found)


def syntax_error(kind: str, text: str, tokens: tuple[Token, ...], at: int) -> ServiceError:
    """Return the error for a token out of place, with the text from its left to its right one."""
    token = tokens[at]
    start = tokens[at - 1].start if at else 0
    near = text[start : tokens[min(at + 1, len(tokens) - 1)].stop]
    return refusal(kind, f'Syntax error; token: "{token.text}", near: "{near}"')

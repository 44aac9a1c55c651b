"""Update expressions: syntax, messages, effects."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamodb_strategies import items, outcome
from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.expressions.update_parser import parse_projection, parse_update
from holdfast.server.dynamodb.expressions.updates import apply
from holdfast.server.dynamodb.values import checked_attributes

ITEM: dict[str, Any] = {
    "k": {"S": "key"},
    "n": {"N": "5"},
    "s": {"SS": ["a", "b"]},
    "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
    "m": {"M": {"x": {"N": "1"}}},
}


def updated(text: str, item: dict[str, Any] = ITEM, **values: Any) -> dict[str, Any]:
    """Apply an update; values are given without colon. The item itself stays as it is."""
    params: dict[str, Any] = {"UpdateExpression": text}
    if values:
        params["ExpressionAttributeValues"] = {f":{name}": v for name, v in values.items()}
    expressions = Expressions(params, "UpdateExpression")
    bound = expressions.update()
    expressions.finish()
    assert bound is not None
    before = copy.deepcopy(item)
    after = apply(bound[0], item)
    assert item == before
    return after


@pytest.mark.parametrize(
    ("text", "values", "changed"),
    [
        ("SET n = :v", {"v": {"S": "x"}}, {"n": {"S": "x"}}),
        ("SET n = n + :v", {"v": {"N": "1.50"}}, {"n": {"N": "6.5"}}),
        ("SET n = :v - n", {"v": {"N": "1"}}, {"n": {"N": "-4"}}),
        ("SET n = (n + :v)", {"v": {"N": "1"}}, {"n": {"N": "6"}}),
        ("SET q = if_not_exists(q, :v)", {"v": {"N": "1"}}, {"q": {"N": "1"}}),
        ("SET n = if_not_exists(n, :v) + :v", {"v": {"N": "1"}}, {"n": {"N": "6"}}),
        (
            "SET l = list_append(l, :v)",
            {"v": {"L": [{"S": "z"}]}},
            {"l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}, {"S": "z"}]}},
        ),
        ("SET l[1] = :v", {"v": {"S": "z"}}, {"l": {"L": [{"N": "0"}, {"S": "z"}, {"N": "2"}]}}),
        (
            "SET l[9] = :v, l[7] = :w",
            {"v": {"S": "9"}, "w": {"S": "7"}},
            {"l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}, {"S": "7"}, {"S": "9"}]}},
        ),
        ("SET m.y = m.x", {}, {"m": {"M": {"x": {"N": "1"}, "y": {"N": "1"}}}}),
        ("SET a = n, n = :v", {"v": {"N": "0"}}, {"a": {"N": "5"}, "n": {"N": "0"}}),
        ("REMOVE l[0], l[1]", {}, {"l": {"L": [{"N": "2"}]}}),
        ("REMOVE l[9]", {}, {}),
        ("REMOVE m.x", {}, {"m": {"M": {}}}),
        ("REMOVE absent", {}, {}),
        ("ADD n :v", {"v": {"N": "-5"}}, {"n": {"N": "0"}}),
        ("ADD q :v", {"v": {"N": "7"}}, {"q": {"N": "7"}}),
        ("ADD s :v", {"v": {"SS": ["b", "c"]}}, {"s": {"SS": ["a", "b", "c"]}}),
        ("ADD m.q :v", {"v": {"N": "2"}}, {"m": {"M": {"x": {"N": "1"}, "q": {"N": "2"}}}}),
        ("DELETE s :v", {"v": {"SS": ["a", "z"]}}, {"s": {"SS": ["b"]}}),
        ("DELETE q :v", {"v": {"SS": ["a"]}}, {}),
        ("set n = :v remove m", {"v": {"N": "1"}}, {"n": {"N": "1"}, "m": None}),
        ("DELETE s :v", {"v": {"SS": ["a", "b"]}}, {"s": None}),
    ],
)
def test_updates(text: str, values: dict[str, Any], changed: dict[str, Any]) -> None:
    """Only what is said changes; None stands for an attribute that is gone."""
    expected = {name: value for name, value in {**ITEM, **changed}.items() if value is not None}
    assert updated(text, **values) == expected


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("SET n = absent", {}, "The provided expression refers to an attribute that does not"),
        ("SET n = k + n", {}, "An operand in the update expression has an incorrect data type"),
        ("SET n = list_append(n, n)", {}, "An operand in the update expression has an incorrect"),
        ("SET n.x = :v", {"v": {"N": "1"}}, "The document path provided in the update expression"),
        ("SET q.x = :v", {"v": {"N": "1"}}, "The document path provided in the update expression"),
        ("SET m[0] = :v", {"v": {"N": "1"}}, "The document path provided in the update"),
        ("REMOVE q.x", {}, "The document path provided in the update expression is invalid"),
        ("ADD k :v", {"v": {"N": "1"}}, "An operand in the update expression has an incorrect"),
        ("DELETE s :v", {"v": {"NS": ["1"]}}, "An operand in the update expression has an"),
        ("SET n = n + :v", {"v": {"N": "1E-40"}}, "Number overflow. Attempting to store"),
        (
            "SET n = if_not_exists(q, :v) + n",
            {"v": {"S": "x"}},
            "An operand in the update expression has an incorrect data type",
        ),
    ],
)
def test_updates_that_do_not_fit_the_item_are_refused(
    text: str, values: dict[str, Any], message: str
) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with pytest.raises(ServiceError) as caught:
        updated(text, **values)
    assert caught.value.code == "ValidationException"
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("", {}, "The expression can not be empty;"),
        (" ", {}, 'Syntax error; token: "<EOF>", near: " "'),
        ("SET", {}, 'Syntax error; token: "<EOF>", near: "SET"'),
        ("SET a", {}, 'Syntax error; token: "<EOF>", near: "a"'),
        ("a = b", {}, 'Syntax error; token: "a", near: "a ="'),
        ("SET a = b + c + d", {}, 'Syntax error; token: "+", near: "c + d"'),
        ("SET a = ((b + c))", {}, "The expression has redundant parentheses;"),
        ("SET a = ((b))", {}, "The expression has redundant parentheses;"),
        (
            "SET a = list_append(b, c) + d",
            {},
            (
                "The function is not allowed to be used this way in an expression; "
                "function: list_append"
            ),
        ),
        (
            "SET a = list_append(list_append(b, c), d)",
            {},
            (
                "The function is not allowed to be used this way in an expression; "
                "function: list_append"
            ),
        ),
        ("SET a = (b + c) + d", {}, 'Syntax error; token: "+", near: ") + d"'),
        ("ADD a b", {}, 'Syntax error; token: "b", near: "a b"'),
        (
            "SET a = b SET c = d",
            {},
            'The "SET" section can only be used once in an update expression;',
        ),
        (
            "REMOVE a, a.b",
            {},
            (
                "Two document paths overlap with each other; must remove or rewrite one of these "
                "paths; path one: [a], path two: [a, b]"
            ),
        ),
        (
            "SET a.b = x REMOVE a",
            {},
            (
                "Two document paths overlap with each other; must remove or rewrite one of these "
                "paths; path one: [a, b], path two: [a]"
            ),
        ),
        (
            "REMOVE a.b, a[1]",
            {},
            (
                "Two document paths conflict with each other; must remove or rewrite one of these "
                "paths; path one: [a, b], path two: [a, [1]]"
            ),
        ),
        (
            "ADD a :v",
            {"v": {"S": "x"}},
            (
                "Incorrect operand type for operator or function; operator: ADD, "
                "operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"
            ),
        ),
        (
            "DELETE a :v",
            {"v": {"N": "1"}},
            (
                "Incorrect operand type for operator or function; operator: DELETE, "
                "operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"
            ),
        ),
        (
            "SET a = b + :v",
            {"v": {"S": "x"}},
            (
                "Incorrect operand type for operator or function; "
                "operator or function: +, operand type: S"
            ),
        ),
        (
            "SET a = list_append(b, :v)",
            {"v": {"S": "x"}},
            (
                "Incorrect operand type for operator or function; "
                "operator or function: list_append, operand type: S"
            ),
        ),
        (
            "SET a = if_not_exists(:v, b)",
            {"v": {"S": "x"}},
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "SET a = if_not_exists(b)",
            {},
            (
                "Incorrect number of operands for operator or function; "
                "operator or function: if_not_exists, number of operands: 1"
            ),
        ),
        (
            "SET a = size(b)",
            {},
            "The function is not allowed in an update expression; function: size",
        ),
        ("SET name = b", {}, "Attribute name is a reserved keyword; reserved keyword: name"),
    ],
)
def test_improper_expressions_are_refused(text: str, values: dict[str, Any], message: str) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with pytest.raises(ServiceError) as caught:
        updated(text, **values)
    assert caught.value.message == f"Invalid UpdateExpression: {message}"


@given(
    st.lists(
        st.sampled_from(
            [
                "SET",
                "REMOVE",
                "ADD",
                "DELETE",
                "a",
                "b.c",
                "[",
                "]",
                "0",
                "=",
                "+",
                "-",
                ",",
                "(",
                ")",
                ":v",
                "#n",
                "list_append",
            ]
        ),
        max_size=25,
    ).map(" ".join)
)
def test_no_text_crashes_the_parsers(text: str) -> None:
    """Whatever comes, the answer is a tree or a ValidationException."""
    assert outcome(lambda: parse_update(text)) in ("", "ValidationException")
    assert outcome(lambda: parse_projection(text)) in ("", "ValidationException")


def test_an_update_cannot_nest_beyond_the_limit() -> None:
    """A value put inside a deep document counts from the item."""
    deep: dict[str, Any] = {"M": {}}
    for _ in range(31):
        deep = {"M": {"x": deep}}
    with pytest.raises(ServiceError, match="Nesting Levels"):
        updated("SET m.y = :v", v=deep)


_targets = st.sampled_from(["a", "b", "c.a", "d[0]", "d[2]", "c.b[1]", "k"])
_sources = st.sampled_from(
    ["a", ":v", ":n", "d[1]", "a + :n", ":n - b", "if_not_exists(c.a, :v)", "list_append(d, :l)"]
)
_actions = st.one_of(
    st.builds(lambda target, source: ("SET", f"{target} = {source}"), _targets, _sources),
    st.builds(lambda target: ("REMOVE", target), _targets),
    st.builds(lambda target, value: ("ADD", f"{target} {value}"), _targets, st.just(":n")),
    st.builds(lambda target, value: ("DELETE", f"{target} {value}"), _targets, st.just(":s")),
)


@given(st.lists(_actions, min_size=1, max_size=4), items)
def test_an_update_gives_a_proper_item_or_a_refusal(
    actions: list[tuple[str, str]], item: dict[str, Any]
) -> None:
    """Whatever is done to whatever item, the result is valid and the original untouched."""
    text = " ".join(
        f"{section} {', '.join(what for name, what in actions if name == section)}"
        for section in dict.fromkeys(name for name, _ in actions)
    )
    given_values = {
        "v": {"M": {"a": {"S": "x"}}},
        "n": {"N": "3"},
        "l": {"L": [{"N": "1"}]},
        "s": {"NS": ["1", "3"]},
    }
    used = {name: value for name, value in given_values.items() if f":{name}" in text}
    results: list[dict[str, Any]] = []
    assert outcome(lambda: results.append(updated(text, item, **used))) in (
        "",
        "ValidationException",
    )
    for result in results:
        assert checked_attributes(result) == result

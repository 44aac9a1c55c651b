"""Condition expressions: syntax, messages, limits."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dynamodb_strategies import conditions, outcome, written
from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.expressions.condition_parser import parse_condition
from holdfast.server.dynamodb.expressions.nodes import And, Call, Compare, Condition, Not, Or, Path
from holdfast.server.dynamodb.expressions.request import Expressions

KIND = "ConditionExpression"


def refusal(text: str, names: dict[str, str] | None = None, **values: Any) -> str:
    """Return the message that an expression is refused with; values are given without colon."""
    params: dict[str, Any] = {KIND: text}
    if names:
        params["ExpressionAttributeNames"] = names
    if values:
        params["ExpressionAttributeValues"] = {f":{name}": v for name, v in values.items()}
    with pytest.raises(ServiceError) as caught:
        bind(params)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def bind(params: dict[str, Any]) -> Condition | None:
    """Return the bound condition of a request."""
    expressions = Expressions(params, KIND)
    condition = expressions.condition()
    expressions.finish()
    return condition


@given(conditions)
def test_what_is_written_parses_to_the_same_tree(condition: Condition) -> None:
    """Printing a tree and parsing the text gives the tree back."""
    assert parse_condition(KIND, written(condition)) == condition


@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                [
                    "(",
                    ")",
                    "a",
                    "b.c",
                    "d[0]",
                    "=",
                    "<>",
                    "<",
                    "<=",
                    ">",
                    ">=",
                    ",",
                    ":v",
                    "#n",
                    "AND",
                    "OR",
                    "NOT",
                    "BETWEEN",
                    "IN",
                    "size",
                    "contains",
                    "attribute_exists",
                    "[",
                    "]",
                    ".",
                    "7",
                    "+",
                    "-",
                ]
            ),
            max_size=20,
        ).map(" ".join),
    )
)
@example("((((((((((")
@example("a.b[99999999999999999999]")
def test_no_text_crashes_the_parser(text: str) -> None:
    """Whatever comes, the answer is a tree or a ValidationException."""
    assert outcome(lambda: parse_condition(KIND, text)) in ("", "ValidationException")


def test_and_binds_stronger_than_or_and_not_strongest() -> None:
    """NOT, then AND, then OR."""
    one, two, three = (Call("attribute_exists", (Path((name,)),)) for name in "xyz")
    text = "NOT attribute_exists(x) AND attribute_exists(y) OR attribute_exists(z)"
    assert parse_condition(KIND, text) == Or((And((Not(one), two)), three))


def test_keywords_have_any_case_and_functions_one() -> None:
    """`and` is AND, but `SIZE` is no function."""
    assert isinstance(parse_condition(KIND, "x = :v and y = :v"), And)
    assert "Invalid function name; function: SIZE" in refusal("SIZE(a) = :v", v={"N": "1"})


def test_operands_may_be_in_parentheses() -> None:
    """One pair, on either side."""
    assert parse_condition(KIND, "(x) = (:v)") == parse_condition(KIND, "x = :v")
    assert isinstance(parse_condition(KIND, "((x) = :v AND y = :v)"), And)
    assert isinstance(parse_condition(KIND, "(x) = :v"), Compare)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The expression can not be empty;"),
        ("  ", 'Syntax error; token: "<EOF>", near: "  "'),
        (" ,a", 'Syntax error; token: ",", near: " ,a"'),
        ("_a = :v", 'Syntax error; token: "_", near: "_a"'),
        (
            "a BETWEEN b AND a",
            (
                "The first operand must be distinct from the remaining operands for this operator or "
                "function; operator: BETWEEN, first operand: [a]"
            ),
        ),
        (
            " OR ".join(["a = :v"] * 200),
            "The expression contains too many operators; operator count: 301",
        ),
        ("a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("a =", 'Syntax error; token: "<EOF>", near: "="'),
        ("a = b c", 'Syntax error; token: "c", near: "b c"'),
        ("a % b", 'Syntax error; token: "%", near: "a % b"'),
        ("a = = b", 'Syntax error; token: "=", near: "= = b"'),
        ("a AND b = c", 'Syntax error; token: "AND", near: "a AND b"'),
        ("(a = b", 'Syntax error; token: "<EOF>", near: "b"'),
        ("a[b] = c", 'Syntax error; token: "b", near: "[b]"'),
        ("a IN ()", 'Syntax error; token: ")", near: "()"'),
        ("((a = b))", "The expression has redundant parentheses;"),
        ("a = ((b))", "The expression has redundant parentheses;"),
        ("((a)) = b", "The expression has redundant parentheses;"),
        ("foo(a)", "Invalid function name; function: foo"),
        (
            "if_not_exists(a, b)",
            "The function is not allowed in a condition expression; function: if_not_exists",
        ),
        (
            "size(a)",
            "The function is not allowed to be used this way in an expression; function: size",
        ),
        (
            "attribute_exists(a) = b",
            (
                "The function is not allowed to be used this way in an expression; "
                "function: attribute_exists"
            ),
        ),
        ("Abort = b", "Attribute name is a reserved keyword; reserved keyword: Abort"),
        ("x.status = b", "Attribute name is a reserved keyword; reserved keyword: status"),
        (
            "a = :nope",
            (
                "An expression attribute value used in expression is not defined; "
                "attribute value: :nope"
            ),
        ),
        (
            "#nope = a",
            (
                "An expression attribute name used in the document path is not defined; "
                "attribute name: #nope"
            ),
        ),
        (
            "size(a, b) = c",
            (
                "Incorrect number of operands for operator or function; "
                "operator or function: size, number of operands: 2"
            ),
        ),
        (
            "a.b[0] = a.b[0]",
            (
                "The first operand must be distinct from the remaining operands for this operator or "
                "function; operator: =, first operand: [a, b, [0]]"
            ),
        ),
        (
            "attribute_exists(size(a))",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "a.b.c" + ".d" * 30 + " = x",
            "The document path has too many nesting levels; nesting levels: 33",
        ),
        ("a = " + "b" * 4096, "Expression size has exceeded the maximum allowed size; "),
        (
            "a IN (" + ", ".join(f"b{n}" for n in range(101)) + ")",
            "The IN operator is provided with too many operands; number of operands: 101",
        ),
        (
            " AND ".join(["a=b"] * 151),
            "The expression contains too many operators; operator count: 301",
        ),
        ("NOT " * 100 + "a = b", "The expression is nested too deeply"),
    ],
)
def test_improper_expressions_are_refused(text: str, message: str) -> None:
    """Each way to be wrong has DynamoDB's message."""
    assert refusal(text).startswith(f"Invalid {KIND}: {message}")


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        (
            "begins_with(a, :v)",
            {"N": "1"},
            (
                "Incorrect operand type for operator or function; "
                "operator or function: begins_with, operand type: N"
            ),
        ),
        (
            "a < :v",
            {"BOOL": True},
            (
                "Incorrect operand type for operator or function; "
                "operator or function: <, operand type: BOOL"
            ),
        ),
        (
            "size(:v) = b",
            {"N": "1"},
            (
                "Incorrect operand type for operator or function; "
                "operator or function: size, operand type: N"
            ),
        ),
        (
            "attribute_type(a, :v)",
            {"S": "X"},
            (
                "Invalid attribute type name found; type: X, "
                "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
            ),
        ),
        (
            "attribute_type(a, :v)",
            {"N": "1"},
            (
                "Incorrect operand type for operator or function; "
                "operator or function: attribute_type, operand type: N"
            ),
        ),
        (
            "attribute_exists(:v)",
            {"S": "a"},
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
    ],
)
def test_operands_of_a_wrong_type_are_refused(
    text: str, value: dict[str, Any], message: str
) -> None:
    """What can be known without an item is checked without one."""
    assert refusal(text, v=value) == f"Invalid {KIND}: {message}"


def test_bounds_must_be_in_order_and_of_one_type() -> None:
    """BETWEEN is refused when it can never hold."""
    assert refusal("a BETWEEN :lo AND :hi", lo={"N": "2"}, hi={"N": "10"}.copy() | {"N": "1"}) == (
        f"Invalid {KIND}: The BETWEEN operator requires upper bound to be greater than or equal "
        "to lower bound; lower bound operand: AttributeValue: {N:2}, "
        "upper bound operand: AttributeValue: {N:1}"
    )
    assert "requires same data type for lower and upper bounds" in refusal(
        "a BETWEEN :lo AND :hi", lo={"N": "2"}, hi={"S": "x"}
    )


def test_unused_names_and_values_are_refused() -> None:
    """Each must serve some expression."""
    assert refusal("a = b", {"#x": "x", "#y": "y"}) == (
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x, #y}"
    )
    assert refusal("a = b", v={"S": "x"}) == (
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            {"ExpressionAttributeValues": {":a": {"S": "a"}}},
            (
                "ExpressionAttributeValues can only be specified when using expressions: "
                "ConditionExpression is null"
            ),
        ),
        (
            {KIND: "a = b", "ExpressionAttributeNames": {}},
            "ExpressionAttributeNames must not be empty",
        ),
        (
            {KIND: "a = b", "ExpressionAttributeNames": {"x": "a"}},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "x"',
        ),
        (
            {KIND: "a = :a", "ExpressionAttributeValues": {":a": {}}},
            (
                "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, "
                "must contain exactly one of the supported datatypes for key :a"
            ),
        ),
        (
            {"Expected": {}},
            "The legacy parameter Expected is not supported here; use ConditionExpression instead",
        ),
    ],
)
def test_improper_names_and_values_are_refused(params: dict[str, Any], message: str) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with pytest.raises(ServiceError) as caught:
        bind(params)
    assert caught.value.message == message


def test_names_stand_for_any_attribute() -> None:
    """Reserved words, dots and `#` included."""
    params = {
        KIND: "attribute_exists(#s) AND attribute_exists(#d.#h)",
        "ExpressionAttributeNames": {"#s": "status", "#d": "a.b", "#h": "#x"},
    }
    bound = bind(params)
    assert bound == And(
        (
            Call("attribute_exists", (Path(("status",)),)),
            Call("attribute_exists", (Path(("a.b", "#x")),)),
        )
    )


def test_values_of_more_than_two_megabytes_are_refused() -> None:
    """All values of a request count together."""
    given: dict[str, Any] = {f":v{at}": {"S": "x" * 300_000} for at in range(8)}
    text = " OR ".join(f"a = {name}" for name in given)
    with pytest.raises(ServiceError, match="ExpressionAttributeValues exceeds max size"):
        Expressions({KIND: text, "ExpressionAttributeValues": given}, KIND)


def test_binary_bounds_are_shown_without_their_content() -> None:
    """As Java shows a buffer."""
    given = {":b": {"B": b"abc"}, ":n": {"N": "1"}}
    params = {KIND: "a BETWEEN :b AND :n", "ExpressionAttributeValues": given}
    with pytest.raises(ServiceError) as caught:
        Expressions(params, KIND).condition()
    shown = "{B:java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]}"
    assert f"lower bound operand: AttributeValue: {shown}, upper" in caught.value.message

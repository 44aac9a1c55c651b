"""Attribute values: checked, sized, compared."""

from typing import Any

import pytest
from hypothesis import given

from dynamodb_strategies import items, values
from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb.values import checked, checked_attributes, equal, item_size, size


def nested(depth: int) -> dict[str, Any]:
    """Return a text inside so many lists."""
    value: dict[str, Any] = {"S": "x"}
    for _ in range(depth):
        value = {"L": [value]}
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {},
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
        ({"S": "a", "N": "1"}, "Supplied AttributeValue has more than one datatypes set"),
        ({"NULL": False}, "Null attribute value types must have the value of true"),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        ({"NS": []}, "One or more parameter values were invalid: An number set  may not be empty"),
        ({"BS": []}, "One or more parameter values were invalid: Binary sets should not be empty"),
        ({"SS": ["a", "a"]}, "Input collection [a, a] contains duplicates."),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        ({"BS": [b"a", b"a"]}, "Input collection [a, a]of type BS contains duplicates."),
        ({"L": [{"N": "x"}]}, "The parameter cannot be converted to a numeric value: x"),
        (nested(33), "Nesting Levels have exceeded supported limits"),
    ],
)
def test_an_improper_value_is_refused(value: dict[str, Any], message: str) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with pytest.raises(ServiceError) as caught:
        checked(value)
    assert message in caught.value.message


def test_thirty_two_levels_are_allowed() -> None:
    """What is inside of 31 lists is on the last level."""
    assert checked(nested(31)) == nested(31)
    with pytest.raises(ServiceError, match="Nesting Levels have exceeded"):
        checked(nested(32))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Empty attribute name"),
        ("é" * 32768, "Attribute name is too large, must be less than 65536 bytes"),
    ],
)
def test_names_have_limits_at_every_depth(name: str, message: str) -> None:
    """An attribute has a name, of fewer than 65,536 bytes, also inside of a map."""
    for item in ({name: {"S": "x"}}, {"a": {"M": {name: {"S": "x"}}}}):
        with pytest.raises(ServiceError) as caught:
            checked_attributes(item)
        assert caught.value.message == message


def test_empty_text_and_binary_are_values() -> None:
    """Only keys must not be empty; an empty member of a set is accepted as well."""
    item: dict[str, Any] = {
        "a": {"S": ""},
        "b": {"B": b""},
        "c": {"L": []},
        "d": {"M": {}},
        "e": {"SS": [""]},
    }
    assert checked_attributes(item) == item


def test_numbers_become_canonical_everywhere() -> None:
    """Also in sets, lists and maps."""
    value = {"M": {"a": {"L": [{"N": "1.0"}]}, "b": {"NS": ["1E1", "2.50"]}}}
    assert checked(value) == {"M": {"a": {"L": [{"N": "1"}]}, "b": {"NS": ["10", "2.5"]}}}


@pytest.mark.parametrize(
    ("value", "bytes_counted"),
    [
        ({"S": "né"}, 3),
        ({"B": b"abc"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"k": {"S": "ab"}}}, 7),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["1", "2"]}, 4),
        ({"BS": [b"ab"]}, 2),
    ],
)
def test_sizes_follow_the_documentation(value: dict[str, Any], bytes_counted: int) -> None:
    """Containers cost three bytes and one for each element."""
    assert size(value) == bytes_counted
    assert item_size({"name": value}) == 4 + bytes_counted


@given(items)
def test_checking_twice_changes_nothing(item: dict[str, Any]) -> None:
    """A checked item is its own checked form."""
    once = checked_attributes(item)
    assert checked_attributes(once) == once


@given(values, values)
def test_equality_is_symmetric_and_reflexive(left: dict[str, Any], right: dict[str, Any]) -> None:
    """As equality must be."""
    assert equal(left, left)
    assert equal(left, right) == equal(right, left)


def test_sets_have_no_order() -> None:
    """Two sets with the same members are equal, two lists are not."""
    assert equal({"SS": ["a", "b"]}, {"SS": ["b", "a"]})
    assert not equal({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]})

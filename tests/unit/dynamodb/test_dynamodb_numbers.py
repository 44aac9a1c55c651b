"""Numbers: canonical form, limits, exact arithmetic, order-preserving bytes."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamodb_strategies import decimals
from holdfast.aws.errors import ServiceError
from holdfast.server.dynamodb import numbers


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0.000", "0"),
        ("0E+999999999999999999999", "0"),
        ("1E+2", "100"),
        ("1e2", "100"),
        ("+5", "5"),
        ("007", "7"),
        ("1.50", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-12.340", "-12.34"),
        ("123e-5", "0.00123"),
        ("1E-130", "0." + "0" * 129 + "1"),
        ("9.9999999999999999999999999999999999999E+125", "9" * 38 + "0" * 88),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    ],
)
def test_a_number_has_one_form(given_text: str, kept: str) -> None:
    """However a number is written, it comes back in plain notation without needless zeros."""
    assert numbers.canonical(given_text) == kept


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The parameter cannot be converted to a numeric value"),
        ("abc", "The parameter cannot be converted to a numeric value: abc"),
        ("1 ", "The parameter cannot be converted to a numeric value: 1 "),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
        ("Infinity", "The parameter cannot be converted to a numeric value: Infinity"),
        (".", "The parameter cannot be converted to a numeric value: ."),
        ("\u0661", "The parameter cannot be converted to a numeric value: \u0661"),
        ("1E+126", "Number overflow."),
        ("1E+99999999999999999999", "Number overflow."),
        ("1E-131", "Number underflow."),
        ("1E-99999999999999999999", "Number underflow."),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ],
)
def test_what_is_no_number_is_refused(text: str, message: str) -> None:
    """Each way to be wrong has DynamoDB's message."""
    with pytest.raises(ServiceError) as caught:
        numbers.canonical(text)
    assert caught.value.message.startswith(message)


@given(decimals)
def test_the_canonical_form_keeps_the_value(number: Decimal) -> None:
    """Nothing is rounded, and the form is stable."""
    text = numbers.canonical(str(number))
    assert Decimal(text) == number
    assert numbers.canonical(text) == text
    assert "E" not in text


@given(decimals, decimals)
def test_encoded_numbers_sort_by_value(left: Decimal, right: Decimal) -> None:
    """The bytes compare as the numbers do."""
    first = numbers.encode(numbers.canonical(str(left)))
    second = numbers.encode(numbers.canonical(str(right)))
    assert (first < second) == (left < right)
    assert (first == second) == (left == right)


@given(st.integers(-(10**37), 10**37), st.integers(-(10**37), 10**37), st.integers(-60, 60))
def test_sums_are_exact(left: int, right: int, exponent: int) -> None:
    """A sum and a difference are what arithmetic says."""
    first, second = (numbers.canonical(f"{value}E{exponent}") for value in (left, right))
    scale = Fraction(10) ** exponent
    assert Fraction(numbers.add(first, second)) == (left + right) * scale
    assert Fraction(numbers.add(first, second, negate=True)) == (left - right) * scale


def test_a_difference_of_long_numbers_is_exact() -> None:
    """Nothing is rounded on the way, to however many digits Python rounds by itself."""
    left, right = "60", "2635915107281537639710321152591975289"
    assert numbers.add(left, right, negate=True) == "-2635915107281537639710321152591975229"
    assert numbers.add("3", "258505870660015615256661937580.3243223", negate=True) == (
        "-258505870660015615256661937577.3243223"
    )


def test_a_sum_with_too_many_digits_is_refused() -> None:
    """A result that cannot be held exactly is no result."""
    with pytest.raises(ServiceError, match="Number overflow"):
        numbers.add("1", numbers.canonical("1E-38"))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 1),
        ("-0", 1),
        ("1", 2),
        ("12", 2),
        ("123", 3),
        ("12345678901234567890123456789012345678", 20),
        ("100", 2),
        ("1010", 3),
        ("0.0000001", 2),
        ("1E125", 2),
        ("1.5", 3),
        ("1.234", 4),
        ("3.14159", 5),
        ("123456", 4),
        ("100.5", 4),
        ("0.15", 2),
        ("-42", 3),
    ],
)
def test_a_number_counts_half_a_byte_for_each_digit(text: str, size: int) -> None:
    """Each side of the point is rounded up; outer zeros are free, a minus sign is a byte."""
    assert numbers.size(numbers.canonical(text)) == size

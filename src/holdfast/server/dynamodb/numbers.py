"""DynamoDB numbers: up to 38 significant digits between 1E-130 and 9.99...E+125, exact.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

import decimal
import re
from decimal import Decimal

from holdfast.server.dynamodb.refusals import invalid

MAX_DIGITS = 38
MAX_EXPONENT = 125  # of the first significant digit
MIN_EXPONENT = -130

_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?)(\d+))?", re.ASCII)
_OVERFLOW = (
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
)
_UNDERFLOW = (
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)
_TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"
# Wide enough to add the largest to the smallest number without rounding.
_EXACT = decimal.Context(prec=300, Emax=999, Emin=-999)


def canonical(text: str) -> str:
    """Return a number as DynamoDB gives it back: plain notation, no needless zeros.

    Raises:
        ServiceError: ValidationException when it is no number, too large, too small or too precise.
    """
    if len(text) <= MAX_DIGITS and text.isascii() and text.isdigit() and text[0] != "0":
        return text
    negative, digits, exponent = split(text)
    return _written(negative, digits, exponent)


def split(text: str) -> tuple[bool, str, int]:
    """Return sign, significant digits and the exponent of the first digit: 0.05 is "5" and -2.

    Zero is `(False, "", 0)`.

    Raises:
        ServiceError: as `canonical`.
    """
    negative, digits, exponent = _parsed(text)
    if digits:
        _require_range(digits, exponent)
    return negative, digits, exponent


def _parsed(text: str) -> tuple[bool, str, int]:
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise invalid(
            f"The parameter cannot be converted to a numeric value: {text}"
            if text
            else "The parameter cannot be converted to a numeric value"
        )
    whole, fraction = match[2].lstrip("0"), match[3] or ""
    digits = whole + fraction
    exponent = len(whole) - 1
    significant = digits.lstrip("0")
    exponent -= len(digits) - len(significant)
    significant = significant.rstrip("0")
    if not significant:
        return False, "", 0
    exponent += _power(match[4] == "-", match[5] or "0")
    return match[1] == "-", significant, exponent


def _power(negative: bool, digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    if len(digits) > 9:  # far outside whatever the mantissa is, and costly to convert
        digits = "999999999"
    return -int(digits) if negative else int(digits)


def _require_range(significant: str, exponent: int) -> None:
    if exponent > MAX_EXPONENT:
        raise invalid(_OVERFLOW)
    if exponent < MIN_EXPONENT:
        raise invalid(_UNDERFLOW)
    if len(significant) > MAX_DIGITS:
        raise invalid(_TOO_PRECISE)


def _written(negative: bool, digits: str, exponent: int) -> str:
    if not digits:
        return "0"
    sign = "-" if negative else ""
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = exponent + 1
    if len(digits) <= whole:
        return f"{sign}{digits}{'0' * (whole - len(digits))}"
    return f"{sign}{digits[:whole]}.{digits[whole:]}"


def add(left: str, right: str, *, negate: bool = False) -> str:
    """Return the exact sum (or difference) of two canonical numbers.

    Raises:
        ServiceError: the result is out of range or needs more than 38 digits.
    """
    combine = _EXACT.subtract if negate else _EXACT.add  # Python's own minus would round
    result = combine(_EXACT.create_decimal(left), _EXACT.create_decimal(right))
    negative, digits, exponent = _parsed(format(result, "f"))
    if len(digits) > MAX_DIGITS:
        raise invalid(_OVERFLOW)  # in DynamoDB's words for a sum, though it is not too large
    if digits:
        _require_range(digits, exponent)
    return _written(negative, digits, exponent)


def value(text: str) -> Decimal:
    """Return a canonical number for comparing."""
    return Decimal(text)


def size(text: str) -> int:
    """Return how many bytes DynamoDB counts for a canonical number.

    One, one for two significant digits on either side of the point, and one for a minus sign.
    """
    whole, _, fraction = text.lstrip("-").partition(".")
    whole = whole.lstrip("0")
    if not fraction:
        whole = whole.rstrip("0")
    elif not whole:
        fraction = fraction.lstrip("0")
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + (text[0] == "-")


def encode(text: str) -> bytes:
    """Return bytes that sort as the canonical numbers do, and differ when they differ.

    A class byte (negative, zero, positive), the exponent, then two digits to a byte; of a negative
    number everything behind the class is inverted and closed with 0xFF, so that -1.25 sorts
    before -1.2.
    """
    negative, digits, exponent = split(text)
    if not digits:
        return b"\x01"
    if len(digits) % 2:
        digits += "0"
    pairs = (int(digits[at : at + 2]) + 1 for at in range(0, len(digits), 2))
    body = bytes([exponent - MIN_EXPONENT, *pairs])
    if negative:
        return b"\x00" + bytes(255 - byte for byte in body) + b"\xff"
    return b"\x02" + body

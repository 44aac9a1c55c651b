"""How a value of the request is compared with a value of a policy, for each condition operator.

Source: "IAM JSON policy elements: Condition operators" of the IAM user guide.
"""

import base64
import binascii
import ipaddress
import math
import operator
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from holdfast.aws.timestamps import from_epoch, from_iso
from holdfast.server.access.policies.patterns import matches, matches_arn

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Compare = Callable[[str, str], bool]  # of the policy, of the request


class Comparison(msgspec.Struct, frozen=True):
    """What an operator does without its prefix and suffix."""

    holds: Compare
    valid: Callable[[str], object]  # raises ValueError for what no policy may say
    negated: bool = False
    wildcards: bool = False  # whether values of a policy may have them
    variables: bool = False  # and variables


def number(text: str) -> Decimal:
    """Return the number that a text is.

    Raises:
        ValueError: it is none.
    """
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise ValueError("Invalid number")
    return found


@lru_cache(maxsize=256)
def moment(text: str) -> datetime:
    """Return the moment that a text is: ISO 8601, or seconds since 1970.

    Raises:
        ValueError: it is none.
    """
    try:
        seconds = float(text)
    except ValueError:
        return from_iso(text)
    if not math.isfinite(seconds):
        raise ValueError("Invalid date")
    return from_epoch(seconds)


@lru_cache(maxsize=256)
def network(text: str) -> Network:
    """Return the addresses that a text means, one or a range in CIDR notation (RFC 4632).

    Raises:
        ValueError: it is neither.
    """
    return ipaddress.ip_network(text.strip(), strict=False)


def truth(text: str) -> bool:
    """Return what `true` or `false` is, in any case.

    Raises:
        ValueError: it is neither.
    """
    lower = text.lower()
    if lower not in ("true", "false"):
        raise ValueError("Invalid boolean")
    return lower == "true"


def binary(text: str) -> bytes:
    """Return the bytes that a text is in base64.

    Raises:
        ValueError: it is not in base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("Invalid base64") from None


def _arn(text: str) -> None:
    if not (text.startswith(("arn:", "${")) and (text.count(":") >= 5 or "${" in text)):
        raise ValueError("Invalid ARN")


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Compare:
    """Return a comparison of what texts mean: of the request's with the policy's, in this order."""

    def holds(wanted: str, given: str) -> bool:
        try:
            return compare(read(given), read(wanted))
        except ValueError:
            return False

    return holds


def _same_letters(wanted: str, given: str) -> bool:
    return wanted.casefold() == given.casefold()


def _inside(wanted: str, given: str) -> bool:
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address in network(wanted)


def _bytes_equal(wanted: str, given: str) -> bool:
    return binary(wanted) == given.encode()


def _family(name: str, read: Callable[[str], Any]) -> dict[str, Comparison]:
    """Return the six operators that put things in order."""
    equal = _compared(read, operator.eq)
    return {
        f"{name}equals": Comparison(equal, read),
        f"{name}notequals": Comparison(equal, read, negated=True),
        f"{name}lessthan": Comparison(_compared(read, operator.lt), read),
        f"{name}lessthanequals": Comparison(_compared(read, operator.le), read),
        f"{name}greaterthan": Comparison(_compared(read, operator.gt), read),
        f"{name}greaterthanequals": Comparison(_compared(read, operator.ge), read),
    }


def _texts(holds: Compare, valid: Callable[[str], object], *, negated: bool) -> Comparison:
    wildcards = holds in (matches, matches_arn)
    return Comparison(holds, valid, negated, wildcards=wildcards, variables=True)


COMPARISONS: dict[str, Comparison] = {
    "stringequals": _texts(operator.eq, str, negated=False),
    "stringnotequals": _texts(operator.eq, str, negated=True),
    "stringequalsignorecase": _texts(_same_letters, str, negated=False),
    "stringnotequalsignorecase": _texts(_same_letters, str, negated=True),
    "stringlike": _texts(matches, str, negated=False),
    "stringnotlike": _texts(matches, str, negated=True),
    "arnequals": _texts(matches_arn, _arn, negated=False),
    "arnlike": _texts(matches_arn, _arn, negated=False),
    "arnnotequals": _texts(matches_arn, _arn, negated=True),
    "arnnotlike": _texts(matches_arn, _arn, negated=True),
    **_family("numeric", number),
    **_family("date", moment),
    "bool": Comparison(_compared(truth, operator.eq), truth),
    "binaryequals": Comparison(_bytes_equal, binary),
    "ipaddress": Comparison(_inside, network),
    "notipaddress": Comparison(_inside, network, negated=True),
}
"""By the operator's name in lower case."""

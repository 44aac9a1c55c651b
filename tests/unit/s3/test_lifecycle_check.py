"""Which lifecycle configurations are refused, and how."""

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.aws.errors import ServiceError
from holdfast.server.s3.lifecycle_check import checked_rules


def _rule(**changes: Any) -> dict[str, Any]:
    whole = {"ID": "r", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}
    merged = {**whole, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _refusal(*rules: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        checked_rules(rules, os.urandom)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    "rule",
    [
        _rule(),
        _rule(Filter=None, Prefix="logs/"),
        _rule(Filter={"Prefix": "logs/"}),
        _rule(Filter={"And": {"Prefix": "a", "ObjectSizeGreaterThan": 0}}),
        _rule(Expiration={"Date": datetime(2030, 1, 1, tzinfo=UTC)}),
        _rule(Expiration={"ExpiredObjectDeleteMarker": True}),
        _rule(Expiration=None, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}),
        _rule(Expiration=None, NoncurrentVersionExpiration={"NoncurrentDays": 90}),
        _rule(Transitions=[{"Days": 0, "StorageClass": "GLACIER"}]),
        _rule(
            Expiration=None,
            NoncurrentVersionTransitions=[{"NoncurrentDays": 30, "StorageClass": "STANDARD_IA"}],
        ),
    ],
)
def test_a_rule_that_s3_takes_is_kept_as_it_is(rule: dict[str, Any]) -> None:
    """Nothing is added to a rule that has an id."""
    assert checked_rules([rule], os.urandom) == [rule]


def test_a_rule_without_an_id_gets_one() -> None:
    """48 characters, different for each."""
    first, second = checked_rules([_rule(ID=None), _rule(ID=None)], os.urandom)
    assert len(first["ID"]) == 48
    assert first["ID"] != second["ID"]


@pytest.mark.parametrize(
    "rule",
    [
        _rule(Status="On"),
        _rule(Filter=None),
        _rule(Prefix="a"),
        _rule(Filter={"Prefix": "a", "Tag": {"Key": "k", "Value": "v"}}),
        _rule(Filter={"And": {"Prefix": "a"}}),
        _rule(Expiration={}),
        _rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}),
        _rule(NoncurrentVersionExpiration={"NewerNoncurrentVersions": 3}),
        _rule(Transitions=[{"Days": 5, "StorageClass": "ATTIC"}]),
        _rule(Transitions=[{"StorageClass": "GLACIER"}]),
    ],
)
def test_a_rule_of_the_wrong_shape_is_malformed(rule: dict[str, Any]) -> None:
    """S3 answers MalformedXML for whatever its schema does not allow."""
    assert _refusal(rule)[0] == "MalformedXML"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (_rule(ID="x" * 256), "ID length should not exceed allowed limit of 255"),
        (
            _rule(Expiration={"Days": 0}),
            "'Days' for Expiration action must be a positive integer",
        ),
        (
            _rule(Expiration={"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}),
            "'Date' must be at midnight GMT",
        ),
        (
            _rule(NoncurrentVersionExpiration={"NoncurrentDays": 0}),
            "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
        ),
        (
            _rule(
                Expiration=None,
                AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0},
            ),
            (
                "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive "
                "integer"
            ),
        ),
        (
            _rule(Transitions=[{"Days": 7, "StorageClass": "STANDARD_IA"}], Expiration=None),
            (
                "'Days' in Transition action must be greater than or equal to 30 for storageClass "
                "'STANDARD_IA'"
            ),
        ),
    ],
)
def test_a_wrong_number_is_an_invalid_argument(rule: dict[str, Any], message: str) -> None:
    """With the message of S3."""
    assert _refusal(rule) == ("InvalidArgument", message)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (_rule(Expiration=None), "At least one action needs to be specified in a rule"),
        (
            _rule(
                Filter={"Tag": {"Key": "k", "Value": "v"}},
                AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1},
            ),
            "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        ),
        (
            _rule(
                Filter={"ObjectSizeLessThan": 5},
                Expiration={"ExpiredObjectDeleteMarker": True},
            ),
            "ExpiredObjectDeleteMarker cannot be specified with Object Size.",
        ),
        (
            _rule(Filter={"And": {"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 5}}),
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'",
        ),
        (
            _rule(
                Filter={"And": {"Tags": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]}}
            ),
            "Duplicate Tag Keys are not allowed.",
        ),
    ],
)
def test_a_contradiction_is_an_invalid_request(rule: dict[str, Any], message: str) -> None:
    """With the message of S3."""
    assert _refusal(rule) == ("InvalidRequest", message)


def test_two_rules_with_one_id_are_refused() -> None:
    """Ids are unique."""
    assert _refusal(_rule(), _rule()) == (
        "InvalidArgument",
        "Rule ID must be unique. Found same ID for more than one rule",
    )


@pytest.mark.parametrize("count", [0, 1001])
def test_there_are_one_to_a_thousand_rules(count: int) -> None:
    """Neither none nor more."""
    assert _refusal(*(_rule(ID=str(n)) for n in range(count)))[0] == "MalformedXML"

"""What PutBucketLifecycleConfiguration accepts, with AWS's codes and messages for the rest.

Source: "Lifecycle configuration elements" in the S3 user guide and the PutBucketLifecycleConfiguration
page of the API reference.
"""

import base64
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from holdfast.aws.errors import ServiceError

MOST_RULES = 1000
_LONGEST_ID = 255
_MOST_NEWER_VERSIONS = 100
_STORAGE_CLASSES = (
    "GLACIER",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
)
_NOT_BEFORE_DAY = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
)
_PREDICATES = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")

Rule = Mapping[str, Any]


def checked_rules(rules: Iterable[Rule], random: Callable[[int], bytes]) -> list[Rule]:
    """Return the rules to keep, each with an id.

    Args:
        rules: the `Rules` of a lifecycle configuration, as parsed.
        random: for the ids of rules that have none.

    Raises:
        ServiceError: MalformedXML, InvalidArgument or InvalidRequest.
    """
    checked = [_with_id(rule, random) for rule in rules]
    if not 1 <= len(checked) <= MOST_RULES:
        raise ServiceError("MalformedXML")
    if len({rule["ID"] for rule in checked}) < len(checked):
        raise _argument("Rule ID must be unique. Found same ID for more than one rule")
    for rule in checked:
        _check_rule(rule)
    return checked


def _with_id(rule: Rule, random: Callable[[int], bytes]) -> Rule:
    given = rule.get("ID", "")
    if len(given) > _LONGEST_ID:
        raise _argument(f"ID length should not exceed allowed limit of {_LONGEST_ID}")
    if given:
        return rule
    # S3 gives a rule without an id the base64 of a UUID.
    made = str(uuid.UUID(bytes=random(16), version=4))
    return {**rule, "ID": base64.b64encode(made.encode()).decode()}


def _check_rule(rule: Rule) -> None:
    if rule.get("Status") not in ("Enabled", "Disabled"):
        raise ServiceError("MalformedXML")
    if ("Filter" in rule) == ("Prefix" in rule):
        raise ServiceError("MalformedXML")
    if not any(action in rule for action in _ACTIONS):
        raise _request("At least one action needs to be specified in a rule")
    predicates = _predicates(rule)
    if "Expiration" in rule:
        _check_expiration(rule["Expiration"], predicates)
    if "NoncurrentVersionExpiration" in rule:
        _check_noncurrent(rule["NoncurrentVersionExpiration"], "Expiration", rule)
    if "AbortIncompleteMultipartUpload" in rule:
        _check_abort(rule["AbortIncompleteMultipartUpload"], predicates)
    _check_transitions(rule, predicates)


def _predicates(rule: Rule) -> Mapping[str, Any]:
    """Return Prefix, Tags, ObjectSizeGreaterThan and ObjectSizeLessThan of a rule, flat."""
    if "Prefix" in rule:
        return {"Prefix": rule["Prefix"]}
    given = rule["Filter"]
    if sum(name in given for name in _PREDICATES) > 1:
        raise ServiceError("MalformedXML")
    if "And" in given:
        flat = given["And"]
        if sum(name != "Tags" for name in flat) + len(flat.get("Tags", ())) < 2:
            raise ServiceError("MalformedXML")
    else:
        flat = {name: value for name, value in given.items() if name != "Tag"}
        if "Tag" in given:
            flat["Tags"] = [given["Tag"]]
    keys = [tag["Key"] for tag in flat.get("Tags", ())]
    if len(set(keys)) < len(keys):
        raise _request("Duplicate Tag Keys are not allowed.")
    _check_sizes(flat)
    return flat  # type: ignore[no-any-return]  # parsed from the wire


def _check_sizes(predicates: Mapping[str, Any]) -> None:
    more, less = predicates.get("ObjectSizeGreaterThan"), predicates.get("ObjectSizeLessThan")
    if more is not None and more < 0:
        raise _request("'ObjectSizeGreaterThan' should be zero or a positive integer")
    if less is not None and less < 1:
        raise _request("'ObjectSizeLessThan' should be a positive integer")
    if more is not None and less is not None and less <= more:
        raise _request(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'"
        )


def _check_expiration(expiration: Mapping[str, Any], predicates: Mapping[str, Any]) -> None:
    if sum(name in expiration for name in ("Days", "Date", "ExpiredObjectDeleteMarker")) != 1:
        raise ServiceError("MalformedXML")
    if "Days" in expiration and expiration["Days"] <= 0:
        raise _argument("'Days' for Expiration action must be a positive integer")
    if "Date" in expiration:
        _check_midnight(expiration["Date"])
    if "ExpiredObjectDeleteMarker" in expiration:
        _refuse_predicates("ExpiredObjectDeleteMarker", predicates)


def _check_noncurrent(action: Mapping[str, Any], kind: str, rule: Rule) -> None:
    name = f"NoncurrentVersion{kind}"
    if "NoncurrentDays" not in action:
        raise ServiceError("MalformedXML")
    if action["NoncurrentDays"] < (0 if kind == "Transition" else 1):
        raise _argument(
            f"'NoncurrentDays' for {name} action must be "
            + ("nonnegative" if kind == "Transition" else "a positive integer")
        )
    newer = action.get("NewerNoncurrentVersions")
    if newer is None:
        return
    if "Filter" not in rule:
        raise _request("NewerNoncurrentVersions action requires Filter in the rule")
    if not 1 <= newer <= _MOST_NEWER_VERSIONS:
        raise _argument(
            f"'NewerNoncurrentVersions' for {name} action must be between 1 and "
            f"{_MOST_NEWER_VERSIONS}"
        )


def _check_abort(action: Mapping[str, Any], predicates: Mapping[str, Any]) -> None:
    if action.get("DaysAfterInitiation", 0) <= 0:
        raise _argument(
            "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive "
            "integer"
        )
    _refuse_predicates("AbortIncompleteMultipartUpload", predicates)


def _check_transitions(rule: Rule, predicates: Mapping[str, Any]) -> None:
    transitions = rule.get("Transitions", ())
    where = f"'(prefix={predicates.get('Prefix', '')})'"
    _check_classes("Transition", transitions, where)
    for transition in transitions:
        _check_transition(transition)
    noncurrent = rule.get("NoncurrentVersionTransitions", ())
    _check_classes("NoncurrentVersionTransition", noncurrent, where)
    for transition in noncurrent:
        _check_noncurrent(transition, "Transition", rule)
    actions = [*transitions, rule.get("Expiration", {})]
    if any("Days" in one for one in actions) and any("Date" in one for one in actions):
        raise _request(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle "
            f"rule for filter {where}"
        )
    days = rule.get("Expiration", {}).get("Days")
    if days is not None and any(one.get("Days", -1) >= days for one in transitions):
        raise _argument(
            f"'Days' in the Expiration action for filter {where} must be greater than 'Days' in "
            "the Transition action"
        )


def _check_classes(name: str, transitions: Iterable[Mapping[str, Any]], where: str) -> None:
    classes = [transition.get("StorageClass") for transition in transitions]
    if any(one not in _STORAGE_CLASSES for one in classes):
        raise ServiceError("MalformedXML")
    if len(set(classes)) < len(classes):
        raise _request(
            f"'StorageClass' must be different for '{name}' actions in same 'Rule' with filter "
            f"{where}"
        )


def _check_transition(transition: Mapping[str, Any]) -> None:
    if ("Days" in transition) == ("Date" in transition):
        raise ServiceError("MalformedXML")
    if "Date" in transition:
        _check_midnight(transition["Date"])
        return
    days, storage_class = transition["Days"], transition["StorageClass"]
    if days < 0:
        raise _argument("'Days' for Transition action must be nonnegative")
    least = _NOT_BEFORE_DAY.get(storage_class, 0)
    if days < least:
        raise _argument(
            f"'Days' in Transition action must be greater than or equal to {least} for "
            f"storageClass '{storage_class}'"
        )


def _check_midnight(date: datetime) -> None:
    if (date.hour, date.minute, date.second, date.microsecond) != (0, 0, 0, 0):
        raise _argument("'Date' must be at midnight GMT")


def _refuse_predicates(action: str, predicates: Mapping[str, Any]) -> None:
    if predicates.get("Tags"):
        raise _request(f"{action} cannot be specified with Tags.")
    if "ObjectSizeGreaterThan" in predicates or "ObjectSizeLessThan" in predicates:
        raise _request(f"{action} cannot be specified with Object Size.")


def _argument(message: str) -> ServiceError:
    return ServiceError("InvalidArgument", message)


def _request(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message)

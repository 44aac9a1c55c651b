"""How strictly rules about states are held: GetStateRules, PutStateRules, DeleteStateRules."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation
from holdfast.server.rule_modes import (
    RULES,
    SETTING,
    BadMode,
    Modes,
    checked,
    given_in,
)
from holdfast.server.states.named_bucket import named_bucket
from holdfast.server.states.prefixes import keep
from holdfast.server.states.seeing import bearing


@operation("GetStateRules")
def get_state_rules(tx: Snapshot, params: Params) -> Result:
    """Say how strictly each rule is held, and what a bucket says itself.

    Raises:
        ServiceError: NoSuchBucket.
    """
    if "Key" in params and "Bucket" not in params:
        raise ServiceError("ValidationException", "Key needs Bucket")
    bucket = named_bucket(tx, params) if "Bucket" in params else None
    modes = tx.rules.modes(tx, params.get("Bucket", ""), params.get("Key", ""))
    rules = [
        {"Name": rule.name, "Mode": modes[rule.name], "Meaning": rule.meaning}
        for rule in RULES
        if rule.name in modes
    ]
    given = bearing(params, given_in(bucket)) if bucket is not None else {}
    return {"Rules": rules, "Given": _shown(given)}


@operation("PutStateRules", writes=True)
def put_state_rules(tx: Transaction, params: Params) -> Result:
    """Set modes for the keys with a prefix; rules that are not named stay as they are.

    Raises:
        ServiceError: NoSuchBucket; ValidationException for a rule or mode that there is not.
    """
    bucket = named_bucket(tx, params)
    prefix = params.get("Prefix", "")
    try:
        modes = checked(params["Modes"])
    except BadMode as bad:
        raise ServiceError("ValidationException", str(bad)) from None
    given = dict(given_in(bucket))
    given[prefix] = {**given.get(prefix, {}), **modes}
    _keep(tx, bucket, given, {"prefix": prefix, "modes": modes})
    return {"Given": _shown(bearing(params, given))}


@operation("DeleteStateRules", writes=True)
def delete_state_rules(tx: Transaction, params: Params) -> Result:
    """Forget what was set for a prefix, or for the whole bucket.

    Raises:
        ServiceError: NoSuchBucket.
    """
    bucket = named_bucket(tx, params)
    given = dict(given_in(bucket))
    if "Prefix" in params:
        changed = given.pop(params["Prefix"], None) is not None
        what: dict[str, Any] = {"prefix": params["Prefix"]}
    else:
        changed, given, what = bool(given), {}, {}
    if changed:
        _keep(tx, bucket, given, {**what, "modes": {}})
    return {}


def _keep(
    tx: Transaction, bucket: Bucket, given: Mapping[str, Modes], what: Mapping[str, Any]
) -> None:
    keep(tx, bucket, SETTING, given)
    tx.rules.note(tx, "rules-changed", {"bucket": bucket.name, **what})


def _shown(given: Mapping[str, Modes]) -> list[dict[str, Any]]:
    return [{"Prefix": prefix, "Modes": dict(given[prefix])} for prefix in sorted(given)]

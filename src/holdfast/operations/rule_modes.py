"""How strictly a Holdfast server holds its rules about states: looking it up, and setting it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.own_service import translated_own
from holdfast.client.translate import Call

MODES = ("enforce", "warn", "off")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, and how strictly it is held where one looked."""

    name: str
    mode: str  # enforce, warn or off
    meaning: str  # what it forbids


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules.

    Attributes:
        rules: in the order in which the server lists them.
        given: what was set for the bucket: modes by rule, by prefix.
    """

    rules: tuple[Rule, ...]
    given: Mapping[str, Mapping[str, str]]


def rules_of(connection: Connection, bucket: str = "", key: str = "") -> Rules:
    """Return how strictly each rule is held for a state, a bucket, or where no bucket says anything.

    Args:
        connection: to a Holdfast server.
        bucket: which bucket.
        key: which state of it.

    Raises:
        NotHoldfast: it is another server.
        NoSuchBucket: there is no such bucket.
    """
    asked = {name: value for name, value in (("Bucket", bucket), ("Key", key)) if value}
    answer = _ask(connection, "GetStateRules", "look up the rules", bucket, key, asked)
    rules = tuple(Rule(one["Name"], one["Mode"], one["Meaning"]) for one in answer["Rules"])
    return Rules(rules, _given(answer))


def set_modes(
    connection: Connection, bucket: str, prefix: str, modes: Mapping[str, str]
) -> Mapping[str, Mapping[str, str]]:
    """Set modes for the keys with a prefix, and return all that is set for the bucket.

    Raises:
        NotHoldfast: it is another server.
        NoSuchBucket: there is no such bucket.
        ServiceFailed: there is no such rule, or no such mode.
    """
    asked = {"Bucket": bucket, "Prefix": prefix, "Modes": dict(modes)}
    return _given(_ask(connection, "PutStateRules", "set rules", bucket, prefix, asked))


def reset(connection: Connection, bucket: str, prefix: str | None = None) -> None:
    """Forget what was set for a prefix; for the whole bucket if it is None.

    Raises:
        NotHoldfast: it is another server.
        NoSuchBucket: there is no such bucket.
    """
    asked = {"Bucket": bucket} if prefix is None else {"Bucket": bucket, "Prefix": prefix}
    _ask(connection, "DeleteStateRules", "reset rules", bucket, prefix or "", asked)


_METHODS = {
    "GetStateRules": "get_state_rules",
    "PutStateRules": "put_state_rules",
    "DeleteStateRules": "delete_state_rules",
}


def _ask(
    connection: Connection,
    operation: str,
    doing: str,
    bucket: str,
    key: str,
    asked: Mapping[str, Any],
) -> Any:
    client = connection.holdfast
    resource = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    with translated_own(Call(doing, f"holdfast:{operation}", resource), client):
        return getattr(client, _METHODS[operation])(**asked)


def _given(answer: Any) -> dict[str, dict[str, str]]:
    return {one["Prefix"]: dict(one["Modes"]) for one in answer["Given"]}

"""A policy document, read strictly: whatever cannot be evaluated exactly is refused, never ignored.

Source: "Grammar of the IAM JSON policy language" of the IAM user guide.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec.structs import force_setattr

from holdfast.server.access.policies.condition_keys import service_of
from holdfast.server.access.policies.conditions import Condition, parse_conditions
from holdfast.server.access.policies.patterns import Pattern, compiled, is_arn, matches
from holdfast.server.access.policies.principals import Principals, parse_principals
from holdfast.server.access.policies.refused import PolicyRefused

__all__ = ["Kind", "Policy", "PolicyRefused", "Statement", "parse"]

Kind = Literal["identity", "bucket", "key", "trust", "session"]
Effect = Literal["Allow", "Deny"]

MOST_CHARACTERS = 32 * 1024  # the callers have narrower limits, as AWS has them
MOST_STATEMENTS = 1000
_MOST_TEXTS = 5000  # actions, resources and condition values of one statement
_MOST_KNOWN = 256  # actions
_VERSIONS = ("2008-10-17", "2012-10-17")
_DOCUMENT = {"Version", "Id", "Statement"}
_ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_PRINCIPALS = {"Principal", "NotPrincipal"}
_RESOURCE_KINDS = ("bucket", "key", "trust")  # attached to what is asked for, so they name who asks
_ACTION = re.compile(r"\*|[a-z0-9-]+:[a-z0-9*?]+")
_SERVICES: Mapping[str, tuple[str, ...]] = {"bucket": ("s3",), "key": ("kms",), "trust": ("sts",)}
_SID = re.compile(r"[A-Za-z0-9]*")
_FREE_SID = re.compile(r"[ -~]*")  # IAM's rule does not bind the other services
_FREE = ("bucket", "key")


class Statement(msgspec.Struct, frozen=True):
    """One statement, ready to be compared with a request."""

    number: int  # from 1
    sid: str
    effect: Effect
    actions: tuple[str, ...]  # lower case, wildcards as in patterns
    not_actions: bool
    resources: tuple[Pattern, ...]  # none in a trust policy
    not_resources: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """What to call it: its Sid, or which one it is."""
        return self.sid or f"statement {self.number}"

    def acts(self, action: str) -> bool:
        """Tell whether its actions include one, in lower case."""
        return any(matches(one, action) for one in self.actions) is not self.not_actions


class Speaking(NamedTuple):
    """The statements of a policy that speak of one action."""

    denying: tuple[Statement, ...]
    allowing: tuple[Statement, ...]


class Policy(msgspec.Struct, frozen=True):
    """A policy that can be evaluated."""

    version: str
    id: str
    statements: tuple[Statement, ...]
    # What was found before, by action. It is the same for everybody, and asked again and again.
    known: dict[str, Speaking] = {}

    def __post_init__(self) -> None:
        """Know nothing yet, also where it is made of another one by `replace`."""
        force_setattr(self, "known", {})

    @property
    def denies(self) -> bool:
        """Whether there is a statement that denies."""
        return any(statement.effect == "Deny" for statement in self.statements)

    def speaking(self, action: str) -> Speaking:
        """Return the statements that speak of an action, as AWS spells it."""
        found = self.known.get(action)
        if found is None:
            lower = action.lower()
            about = [statement for statement in self.statements if statement.acts(lower)]
            found = Speaking(
                tuple(statement for statement in about if statement.effect == "Deny"),
                tuple(statement for statement in about if statement.effect == "Allow"),
            )
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            self.known[action] = found
        return found


@lru_cache(maxsize=1024)
def parse(text: str, kind: Kind) -> Policy:
    """Read a policy document.

    Args:
        text: JSON.
        kind: what it is attached to: a user or role (`identity`), a bucket, a KMS key, a role as
            its `trust` policy, or a session.

    Raises:
        PolicyRefused: it is none, or has something that cannot be evaluated here.
    """
    document = _document(text)
    version = document.get("Version", _VERSIONS[0])
    found = document["Statement"]
    listed = found if isinstance(found, list) else [found]
    if not listed:
        raise PolicyRefused("Could not parse the policy: Statement is empty!")
    if len(listed) > MOST_STATEMENTS:
        raise PolicyRefused(f"A policy has at most {MOST_STATEMENTS} statements")
    variables = version == _VERSIONS[1]
    statements = tuple(
        _statement(number, one, kind, variables=variables) for number, one in enumerate(listed, 1)
    )
    sids = [statement.sid for statement in statements if statement.sid]
    if len(set(sids)) != len(sids):
        raise PolicyRefused("Statement IDs (SID) in a single policy must be unique.")
    return Policy(version, document.get("Id", ""), statements)


def _document(text: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS:
        raise PolicyRefused("Policy exceeds the maximum allowed document size.")
    if not text.lstrip().startswith("{"):
        raise PolicyRefused("Policies must be valid JSON and the first byte must be '{'")
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
        json.loads(text, object_pairs_hook=_once)
    except PolicyRefused:
        raise
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise PolicyRefused("This policy contains invalid Json") from None
    _require_known(document, _DOCUMENT)
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise PolicyRefused("The policy must contain a valid version string")
    if not isinstance(document.get("Id", ""), str):
        raise PolicyRefused("Id must be a text")
    if "Statement" not in document:
        raise PolicyRefused("Missing required field Statement")
    return document


def _once(pairs: list[tuple[str, object]]) -> None:
    """Refuse an object with a member twice, of which one would be ignored."""
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise PolicyRefused(f"Duplicate field {name}")
        names.add(name)


def _require_known(fields: Mapping[str, object], known: set[str]) -> None:
    unknown = sorted(fields.keys() - known)
    if unknown:
        raise PolicyRefused(f"Unknown field {unknown[0]}")


def _statement(number: int, fields: object, kind: Kind, *, variables: bool) -> Statement:
    if not isinstance(fields, dict):
        raise PolicyRefused("Could not parse the policy: a statement is no object")
    of_resource = kind in _RESOURCE_KINDS
    _require_known(fields, _ELEMENTS | _PRINCIPALS)
    if not of_resource and (unexpected := sorted(_PRINCIPALS & fields.keys())):
        raise PolicyRefused(f"Policy document should not specify a principal: {unexpected[0]}")
    sid, effect = fields.get("Sid", ""), fields.get("Effect")
    if not isinstance(sid, str) or not (_FREE_SID if kind in _FREE else _SID).fullmatch(sid):
        raise PolicyRefused(f"Statement IDs (SID) must be alpha-numeric: {sid}")
    if effect not in ("Allow", "Deny"):
        raise PolicyRefused(f"Invalid effect: {effect}")
    conditions: tuple[Condition, ...] = ()
    if "Condition" in fields:
        claims = kind == "trust"
        conditions = parse_conditions(fields["Condition"], variables=variables, claims=claims)
    statement = Statement(
        number=number,
        sid=sid,
        effect=effect,
        actions=_actions(fields, kind),
        not_actions="NotAction" in fields,
        resources=_resources(fields, kind, variables=variables),
        not_resources="NotResource" in fields,
        principals=_principals(fields, kind) if of_resource else None,
        conditions=conditions,
    )
    _check_size(statement)
    _check_keys(conditions, kind)
    return statement


def _either(fields: Mapping[str, Any], name: str) -> tuple[str, Any]:
    """Return which of an element and its negation a statement has, and its value."""
    negation = f"Not{name}"
    if (name in fields) == (negation in fields):
        both = f"A statement has {name} or {negation}, not both"
        raise PolicyRefused(both if name in fields else f"Missing required field {name}")
    present = name if name in fields else negation
    return present, fields[present]


def _listed(name: str, value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    texts = [text for text in listed if isinstance(text, str)]
    if not texts or len(texts) != len(listed):
        raise PolicyRefused(f"{name} must be a text, or a list of texts")
    return texts


def _actions(fields: Mapping[str, Any], kind: Kind) -> tuple[str, ...]:
    name, value = _either(fields, "Action")
    found = []
    for text in _listed(name, value):
        action = text.lower()
        services = _SERVICES.get(kind)
        known = services is None or action == "*" or service_of(action) in services
        if not known or not _ACTION.fullmatch(action):
            raise PolicyRefused("Policy has invalid action")
        found.append(compiled(action, variables=False).text)
    return tuple(found)


def _resources(fields: Mapping[str, Any], kind: Kind, *, variables: bool) -> tuple[Pattern, ...]:
    if kind == "trust":
        if "Resource" in fields or "NotResource" in fields:
            raise PolicyRefused("Has prohibited field Resource")
        return ()
    name, value = _either(fields, "Resource")
    texts = _listed(name, value)
    if any(text != "*" and not is_arn(text) for text in texts):
        raise PolicyRefused("Policy has invalid resource")
    return tuple(compiled(text, variables=variables) for text in texts)


def _principals(fields: Mapping[str, Any], kind: Kind) -> Principals:
    name, value = _either(fields, "Principal")
    negated = name == "NotPrincipal"
    if negated and fields.get("Effect") == "Allow":
        raise PolicyRefused("Allow with NotPrincipal is not supported")
    return parse_principals(value, trust=kind == "trust", negated=negated)


def _check_size(statement: Statement) -> None:
    values = sum(len(condition.values) for condition in statement.conditions)
    if len(statement.actions) + len(statement.resources) + values > _MOST_TEXTS:
        raise PolicyRefused("A statement has too many actions, resources and values")


def _check_keys(conditions: tuple[Condition, ...], kind: Kind) -> None:
    """Refuse keys of other services: what asks for this resource never has them."""
    services = _SERVICES.get(kind)
    for condition in conditions:
        service = service_of(condition.key)
        if services and service in ("s3", "dynamodb", "kms", "sts") and service not in services:
            raise PolicyRefused(
                "Conditions do not apply to combination of actions and resources in statement"
            )

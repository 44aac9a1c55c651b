"""Whether a request is allowed by the policies that it meets, and which statement decides.

Source: "Policy evaluation logic" of the IAM user guide, for requests within one account.
"""

from typing import Literal

import msgspec

from holdfast.server.access.policies.document import Effect, Policy, Statement
from holdfast.server.access.policies.patterns import Values
from holdfast.server.access.policies.principals import Named, Principal

Source = Literal["identity", "resource", "session", "account"]

# Whoever the account is may always take back a bucket policy that shut everybody out.
NEVER_DENIED = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})


class Attached(msgspec.Struct, frozen=True):
    """A policy and what it is called where it is attached."""

    name: str
    policy: Policy


class Policies(msgspec.Struct, frozen=True):
    """The policies that a request meets."""

    identity: tuple[Attached, ...] = ()  # of the user, or of the role
    resource: Attached | None = None  # of the bucket, of the key, or of the role to assume
    # Whether the resource's policy has to agree, as those of keys and roles have: for others it is
    # enough that either allows.
    resource_decides: bool = False
    session: Attached | None = None


class Question(msgspec.Struct, frozen=True):
    """What is asked: may this principal do this with that."""

    action: str  # as AWS spells it, such as `s3:GetObject`
    resource: str  # an ARN, or `*` where there is none
    principal: Principal
    values: Values  # what is known of the request, by condition key in lower case


class Decision(msgspec.Struct, frozen=True):
    """The answer, and what decided it."""

    allowed: bool
    # Whose policy decides. Of an implicit denial it is the one that would have had to allow it.
    source: Source
    explicit: bool = False  # whether a statement denies it
    policy: str = ""  # the name of the deciding policy, if a statement decides
    statement: Statement | None = None


def decide(policies: Policies, question: Question) -> Decision:
    """Decide a request: what any policy denies is denied, and what none allows as well.

    Args:
        policies: all that apply to it.
        question: what is asked. The administrator, who stands for the account, is allowed whatever
            no resource's policy denies.
    """
    denied = _denied(policies, question)
    if denied is not None:
        return denied
    if question.principal.root:
        return Decision(allowed=True, source="account")
    session = policies.session
    if session is not None and _find((session,), question, "Allow") is None:
        return Decision(allowed=False, source="session")
    by_resource, named = _by_resource(policies, question)
    if by_resource is not None and named == "direct":
        return by_resource
    if policies.resource_decides and named == "not":
        return Decision(allowed=False, source="resource")
    found = _find(policies.identity, question, "Allow")
    if found is None:
        return Decision(allowed=False, source="identity")
    return _decision(found, "identity", allowed=True)


_Found = tuple[Attached, Statement]


def _denied(policies: Policies, question: Question) -> Decision | None:
    root = question.principal.root
    if policies.resource and not (root and question.action.lower() in NEVER_DENIED):
        found = _find((policies.resource,), question, "Deny")
        if found is not None:
            return _decision(found, "resource", allowed=False)
    if root:
        return None
    found = _find(policies.identity, question, "Deny")
    if found is not None:
        return _decision(found, "identity", allowed=False)
    found = _find((policies.session,), question, "Deny") if policies.session else None
    return None if found is None else _decision(found, "session", allowed=False)


def _by_resource(policies: Policies, question: Question) -> tuple[Decision | None, Named]:
    """Return what the resource's policy allows, and whether by name or through the account."""
    if policies.resource is None:
        return None, "not"
    best: tuple[Decision | None, Named] = (None, "not")
    for statement in policies.resource.policy.speaking(question.action).allowing:
        named = _says(statement, question)
        if named == "not":
            continue
        best = (_decision((policies.resource, statement), "resource", allowed=True), named)
        if named == "direct":
            break
    return best


def _decision(found: _Found, source: Source, *, allowed: bool) -> Decision:
    attached, statement = found
    return Decision(allowed, source, not allowed, attached.name, statement)


def _find(policies: tuple[Attached, ...], question: Question, effect: Effect) -> _Found | None:
    """Return the first statement with an effect that speaks of a question."""
    for attached in policies:
        speaking = attached.policy.speaking(question.action)
        for statement in speaking.denying if effect == "Deny" else speaking.allowing:
            if _says(statement, question) != "not":
                return attached, statement
    return None


def _says(statement: Statement, question: Question) -> Named:
    """Tell whether a statement with the right action speaks of a question, and of whom."""
    named: Named = "direct"
    if statement.principals is not None:
        named = statement.principals.say_of(question.principal)
    if named == "not" or not _covers(statement, question):
        return "not"
    for condition in statement.conditions:
        if not condition.holds(question.values):
            return "not"
    return named


def _covers(statement: Statement, question: Question) -> bool:
    if not statement.resources:
        return True
    found = unknown = False
    for pattern in statement.resources:
        fits = pattern.stands_for(question.resource, question.values)
        found = found or fits is True
        unknown = unknown or fits is None
    if statement.not_resources and unknown:
        # What is spared cannot be told, so nothing is spared from a denial, and nothing allowed.
        return statement.effect == "Deny"
    return found is not statement.not_resources

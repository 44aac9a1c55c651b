"""STS AssumeRoleWithWebIdentity: a role assumed with a token of an OpenID Connect issuer.

The request has no signature. Its token has to be of a configured issuer, and the role's trust policy
has to allow it: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import Role
from holdfast.server.access.policies.document import PolicyRefused, parse
from holdfast.server.access.policies.evaluate import Attached, Policies, Question, decide
from holdfast.server.access.policies.patterns import Values
from holdfast.server.access.policies.principals import Principal
from holdfast.server.access.sessions import Terms, issue
from holdfast.server.access.web_identity.token import LONGEST, WebIdentity
from holdfast.server.operation import (
    Params,
    Result,
    Snapshot,
    Staging,
    Transaction,
    operation,
)
from holdfast.server.sts.role_session import (
    check_role_arn,
    role_named,
    seconds_within,
    session_violations,
)
from holdfast.server.sts.session_answer import assumed_role_user, credentials_of
from holdfast.server.sts.session_policy import packed_size, policy_of
from holdfast.server.sts.validation import invalid

_ACTION = "sts:AssumeRoleWithWebIdentity"
_IDENTITY = "@Identity"  # no member of AWS's models begins with this sign


def _believe(staging: Staging, params: Params) -> Params:
    """Verify the token, before the transaction: its issuer's keys may have to be fetched."""
    found = list(_violations(params))
    if found:
        raise invalid(found)
    check_role_arn(params)
    context = staging.context
    identity = context.site.issuers.verified(params["WebIdentityToken"], context.now)
    return {**params, _IDENTITY: identity}


@operation("AssumeRoleWithWebIdentity", writes=True, prepare=_believe)
def assume_role_with_web_identity(tx: Transaction, params: Params) -> Result:
    """Issue a session of a role to whom a token is of, for 15 minutes to 12 hours."""
    identity: WebIdentity = params[_IDENTITY]
    policy = policy_of(params)
    role = role_named(tx, params["RoleArn"])
    if role is None or not _trusts(tx, role, params, identity):
        raise ServiceError("AccessDenied", f"Not authorized to perform {_ACTION}", status=403)
    provider = identity.issuer.arn(tx.site.account)
    terms = Terms(
        assumed_by=f"{provider}:{identity.audience}:{identity.subject}",
        duration=timedelta(seconds=seconds_within(params, role)),
        role_arn=params["RoleArn"],
        role_id=role.role_id,
        session_name=params["RoleSessionName"],
        policy=policy,
        issuer=identity.issuer.url,
    )
    issued = issue(tx, tx.site.vault, tx.site.random, tx.now, terms)
    _note(tx, issued.session.access_key_id, role, identity)
    result: dict[str, Any] = {
        "Credentials": credentials_of(issued),
        "AssumedRoleUser": assumed_role_user(issued, tx.site.account),
        "SubjectFromWebIdentityToken": identity.subject,
        "Audience": identity.audience,
        "Provider": identity.issuer.url,
    }
    return result | packed_size(params)


def _violations(params: Params) -> Iterator[str]:
    yield from session_violations(params)
    length = len(params["WebIdentityToken"])
    if not 4 <= length <= LONGEST:
        # The token itself is a secret, and is not told back.
        bound = "greater than or equal to 4" if length < 4 else f"less than or equal to {LONGEST}"
        yield (
            "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length "
            f"{bound}"
        )


def _trusts(tx: Snapshot, role: Role, params: Params, identity: WebIdentity) -> bool:
    """Whether the role's trust policy lets this identity assume it."""
    account, name = tx.site.account, identity.issuer.name
    principal = Principal(account, frozenset({name, identity.issuer.arn(account)}))
    values: dict[str, tuple[str, ...]] = {
        f"{name}:{claim}".lower(): texts for claim, texts in identity.claims.items()
    }
    values |= _of_request(tx, params)
    try:
        trust = parse(role.trust, "trust")
    except PolicyRefused:
        return False
    # "Everybody" means everybody in the account. An issuer such as a public forge gives tokens to
    # anybody, so it has to be named.
    binding = tuple(
        statement
        for statement in trust.statements
        if statement.effect == "Deny"
        or (statement.principals and statement.principals.names & principal.names)
    )
    attached = Attached(role.name, replace(trust, statements=binding))
    policies = Policies(resource=attached, resource_decides=True)
    return decide(policies, Question(_ACTION, params["RoleArn"], principal, values)).allowed


def _of_request(tx: Snapshot, params: Params) -> Values:
    caller = tx.caller
    values = {
        "aws:currenttime": (tx.now.isoformat(),),
        "aws:epochtime": (str(int(tx.now.timestamp())),),
        "aws:requestedregion": (tx.site.region,),
        "aws:securetransport": ("true" if caller.secure else "false",),
        "sts:rolesessionname": (params["RoleSessionName"],),
    }
    if caller.address:
        values["aws:sourceip"] = (caller.address,)
    if caller.user_agent:
        values["aws:useragent"] = (caller.user_agent,)
    return values


def _note(tx: Transaction, access_key_id: str, role: Role, identity: WebIdentity) -> None:
    details = {
        "role": role.name,
        "session_key_id": access_key_id,
        "issuer": identity.issuer.url,
        "subject": identity.subject,
    }
    tx.rules.note(tx, "role-assumed", details)

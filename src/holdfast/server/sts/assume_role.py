"""STS AssumeRole: temporary credentials in the name of a role of this account.

The role's trust policy decides who may, before this; what the session then may do, the role's policies
and the session's own decide.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import Role, Session
from holdfast.server.access.sessions import Terms, issue
from holdfast.server.operation import Params, Result, Transaction, operation
from holdfast.server.sts.role_session import (
    check_role_arn,
    not_authorized,
    optional,
    role_named,
    seconds_within,
    session_violations,
)
from holdfast.server.sts.session_answer import assumed_role_user, credentials_of
from holdfast.server.sts.session_policy import packed_size, policy_of
from holdfast.server.sts.session_tags import tag_violations, tags_of
from holdfast.server.sts.validation import invalid, refuse_one_time_password

_CHAINED_SECONDS = 3600  # role chaining: a session that assumes a role gets at most an hour


@operation("AssumeRole", writes=True)
def assume_role(tx: Transaction, params: Params) -> Result:
    """Issue a session: an access key, its secret and a token, valid for 15 minutes to 12 hours."""
    found = list(_violations(params))
    if found:
        raise invalid(found)
    check_role_arn(params)
    refuse_one_time_password(params)
    policy = policy_of(params)
    mine = tx.get(Session, tx.caller.access_key_id)
    tags = tags_of(params, mine)
    source = _source_identity(params, mine)
    role = role_named(tx, params["RoleArn"])
    if role is None:
        raise not_authorized(tx, "sts:AssumeRole", params["RoleArn"])
    terms = Terms(
        assumed_by=tx.caller.arn,
        duration=_duration(tx, params, role),
        role_arn=params["RoleArn"],
        role_id=role.role_id,
        session_name=params["RoleSessionName"],
        made_with=mine.made_with if mine else tx.caller.access_key_id,
        policy=policy,
        tags=tags.tags,
        transitive=tags.transitive,
        source_identity=source,
    )
    issued = issue(tx, tx.site.vault, tx.site.random, tx.now, terms)
    details = {"role": role.name, "session_key_id": issued.session.access_key_id}
    tx.rules.note(tx, "role-assumed", details)
    result: dict[str, Any] = {
        "Credentials": credentials_of(issued),
        "AssumedRoleUser": assumed_role_user(issued, tx.site.account),
        **packed_size(params),
    }
    return {**result, "SourceIdentity": source} if source else result


def _violations(params: Params) -> Iterator[str]:
    yield from session_violations(params)
    yield from optional(params, "SourceIdentity", r"[\w+=,.@-]*", 2, 64)
    yield from optional(params, "ExternalId", r"[\w+=,.@:\/-]*", 2, 1224)
    yield from tag_violations(params)


def _source_identity(params: Params, mine: Session | None) -> str:
    """Return the source identity; once it is set, no chained session has another one."""
    asked = str(params.get("SourceIdentity", ""))
    inherited = mine.source_identity if mine else ""
    if asked and inherited and asked != inherited:
        raise ServiceError(
            "AccessDenied",
            "The source identity of the calling session cannot be changed",
            status=403,
        )
    return asked or inherited


def _duration(tx: Transaction, params: Params, role: Role) -> timedelta:
    seconds = seconds_within(params, role)
    if tx.caller.session and seconds > _CHAINED_SECONDS:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining",
            status=400,
        )
    return timedelta(seconds=seconds)

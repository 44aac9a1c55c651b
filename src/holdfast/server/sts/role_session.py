"""What AssumeRole and AssumeRoleWithWebIdentity have in common: the role, its name, the duration."""

import re
from collections.abc import Iterator

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import Role
from holdfast.server.operation import Params, Snapshot
from holdfast.server.sts.session_policy import policy_violations
from holdfast.server.sts.validation import between, violations

_DEFAULT_SECONDS = 3600
_SHORTEST, _LONGEST = 900, 43200  # seconds
_NAME = r"[\w+=,.@-]*"
_ROLE = re.compile(
    r"arn:aws(?:-[a-z-]+)?:iam::(\d{12}):role(/(?:[!-~]+/)?)([\w+=,.@-]{1,64})", re.ASCII
)


def session_violations(params: Params) -> Iterator[str]:
    """Yield what is wrong with the form of the parameters, in AWS's words."""
    yield from violations("roleArn", params["RoleArn"], r"[\t\n\r -~\x85\xa0-\uffff]+", 20, 2048)
    yield from violations("roleSessionName", params["RoleSessionName"], _NAME, 2, 64)
    yield from between("durationSeconds", _seconds(params), _SHORTEST, _LONGEST)
    yield from policy_violations(params)


def optional(params: Params, name: str, pattern: str, shortest: int, longest: int) -> Iterator[str]:
    """Yield what is wrong with a text that may be missing; see `violations`."""
    if name in params:
        shown = name[0].lower() + name[1:]
        yield from violations(shown, params[name], pattern, shortest, longest)


def check_role_arn(params: Params) -> None:
    """Refuse what is not the ARN of a role.

    Raises:
        ServiceError: ValidationError.
    """
    if not _ROLE.fullmatch(params["RoleArn"]):
        raise ServiceError("ValidationError", f"{params['RoleArn']} is invalid", status=400)


def role_named(tx: Snapshot, role_arn: str) -> Role | None:
    """Return the role that an ARN names, or None if there is none."""
    found = _ROLE.fullmatch(role_arn)
    if found is None or found[1] != tx.site.account:
        return None
    role = tx.get(Role, found[3])
    return role if role is not None and role.path == found[2] else None


def not_authorized(tx: Snapshot, action: str, resource: str) -> ServiceError:
    """Return STS's refusal, the same whether a role does not exist or does not trust the caller."""
    said = f"User: {tx.caller.arn} is not authorized to perform: {action} on resource: {resource}"
    return ServiceError("AccessDenied", said, status=403)


def seconds_within(params: Params, role: Role) -> int:
    """Return how long the session lasts, in seconds: an hour unless said.

    Raises:
        ServiceError: the role's sessions are shorter.
    """
    seconds = _seconds(params)
    if seconds > role.max_seconds:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            status=400,
        )
    return seconds


def _seconds(params: Params) -> int:
    return int(params.get("DurationSeconds", _DEFAULT_SECONDS))

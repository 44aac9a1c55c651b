"""STS AssumeRole: temporary credentials in the name of a role of this account.

Session policies, tags, an external id and a source identity are checked for form and otherwise not
used: what a session may do is decided by policy once there is access control.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.server.access.sessions import Terms, issue, role_id
from holdfast.server.operation import Params, Result, Transaction, operation
from holdfast.server.sts.session_answer import assumed_role_user, credentials_of
from holdfast.server.sts.validation import between, invalid, refuse_one_time_password, violations

_DEFAULT_SECONDS = 3600
_CHAINED_SECONDS = 3600  # role chaining: a session that assumes a role gets at most an hour
_NAME = r"[\w+=,.@-]*"
_ROLE = re.compile(
    r"arn:aws(?:-[a-z-]+)?:iam::(\d{12}):role/(?:[!-~]+/)?[\w+=,.@-]{1,64}", re.ASCII
)
_TAG = re.compile(r"[\w\s.:/=+\-@]*")
_POLICY_CHARACTERS = 2048
_PACKED_BYTES = 4096  # what AWS calls 100 percent is not published; this is generous


@operation("AssumeRole", writes=True)
def assume_role(tx: Transaction, params: Params) -> Result:
    """Issue a session: an access key, its secret and a token, valid for 15 minutes to 12 hours."""
    _check(params)
    role_arn, name = params["RoleArn"], params["RoleSessionName"]
    _check_role(tx, role_arn)
    issued = issue(
        tx,
        tx.site.vault,
        tx.site.random,
        tx.now,
        Terms(
            role_arn=role_arn,
            role_id=role_id(role_arn),
            session_name=name,
            assumed_by=tx.caller.arn,
            duration=_duration(tx, params),
        ),
    )
    result: dict[str, Any] = {
        "Credentials": credentials_of(issued),
        "AssumedRoleUser": assumed_role_user(issued, tx.site.account),
    }
    return result | _echoed(params)


def _check(params: Params) -> None:
    found = [
        *violations("roleArn", params["RoleArn"], r"[\t\n\r -~\x85\xa0-\uffff]+", 20, 2048),
        *violations("roleSessionName", params["RoleSessionName"], _NAME, 2, 64),
        *_duration_violations(params),
        *_optional(params, "SourceIdentity", _NAME, 2, 64),
        *_optional(params, "ExternalId", r"[\w+=,.@:\/-]*", 2, 1224),
        *_optional(params, "Policy", r"[\t\n\r -\xff]+", 1, _POLICY_CHARACTERS),
        *_tag_violations(params),
    ]
    if found:
        raise invalid(found)
    if not _ROLE.fullmatch(params["RoleArn"]):
        raise ServiceError("ValidationError", f"{params['RoleArn']} is invalid", status=400)
    refuse_one_time_password(params)
    _check_policy(params)
    _check_tags(params)


def _optional(
    params: Params, name: str, pattern: str, shortest: int, longest: int
) -> Iterator[str]:
    if name in params:
        shown = name[0].lower() + name[1:]
        yield from violations(shown, params[name], pattern, shortest, longest)


def _duration_violations(params: Params) -> Iterator[str]:
    yield from between(
        "durationSeconds", params.get("DurationSeconds", _DEFAULT_SECONDS), 900, 43200
    )


def _tag_violations(params: Params) -> Iterator[str]:
    for number, tag in enumerate(_tags(params), 1):
        at = f"tags.{number}.member"
        yield from _length(f"{at}.key", tag.get("Key", ""), 1, 128)
        yield from _length(f"{at}.value", tag.get("Value", ""), 0, 256)
        if not _TAG.fullmatch(tag.get("Key", "") + tag.get("Value", "")):
            yield (
                f"Value at '{at}' failed to satisfy constraint: Member must satisfy regular "
                r"expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"
            )
    for name in ("Tags", "TransitiveTagKeys"):
        if len(params.get(name, ())) > 50:
            shown = name[0].lower() + name[1:]
            yield (
                f"Value at '{shown}' failed to satisfy constraint: Member must have length less "
                "than or equal to 50"
            )


def _length(name: str, value: str, shortest: int, longest: int) -> Iterator[str]:
    yield from violations(name, value, r"(?s:.*)", shortest, longest)


def _tags(params: Params) -> Sequence[Mapping[str, str]]:
    tags: Sequence[Mapping[str, str]] = params.get("Tags", ())
    return tags


def _check_policy(params: Params) -> None:
    text = params.get("Policy")
    if text is None:
        return
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise ServiceError(
            "MalformedPolicyDocument", "The policy is not in the valid JSON format.", status=400
        )


def _check_tags(params: Params) -> None:
    keys = [tag.get("Key", "").lower() for tag in _tags(params)]
    if len(set(keys)) != len(keys):
        raise ServiceError(
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            status=400,
        )
    for key in params.get("TransitiveTagKeys", ()):
        if key.lower() not in keys:
            raise ServiceError(
                "InvalidParameterValue",
                f"The specified transitive tag key {key} must be included in the requested tags.",
                status=400,
            )


def _check_role(tx: Transaction, role_arn: str) -> None:
    account = role_arn.split(":")[4]
    if account != tx.site.account:
        raise ServiceError(
            "AccessDenied",
            f"User: {tx.caller.arn} is not authorized to perform: sts:AssumeRole on resource: "
            f"{role_arn}",
            status=403,
        )


def _duration(tx: Transaction, params: Params) -> timedelta:
    seconds = params.get("DurationSeconds", _DEFAULT_SECONDS)
    if tx.caller.session and seconds > _CHAINED_SECONDS:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining",
            status=400,
        )
    return timedelta(seconds=seconds)


def _echoed(params: Params) -> dict[str, Any]:
    """Return what of the parameters AWS gives back."""
    echoed: dict[str, Any] = {}
    if "SourceIdentity" in params:
        echoed["SourceIdentity"] = params["SourceIdentity"]
    if any(name in params for name in ("Policy", "PolicyArns", "Tags")):
        arns = sum(len(arn.get("arn", "")) for arn in params.get("PolicyArns", ()))
        tags = sum(len(t.get("Key", "")) + len(t.get("Value", "")) for t in _tags(params))
        packed = arns + tags + len(params.get("Policy", ""))
        echoed["PackedPolicySize"] = min(100, -(-packed * 100 // _PACKED_BYTES))
    return echoed

"""Requests without a signature: only what proves by itself who asks, STS's AssumeRoleWithWebIdentity.

Everything else that is not signed is refused before anything of it is looked at but its name.
"""

import hashlib
from base64 import urlsafe_b64decode
from datetime import datetime

import msgspec
from msgspec.structs import replace

from holdfast.aws.claims import Claims, without_signature
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.query import form
from holdfast.aws.refusals import refusal
from holdfast.server.access.failed_attempts import FailedAttempts
from holdfast.server.overload import overload

LONGEST = 128 << 10  # bytes of a body: a token has at most 20,000 characters, a policy 2,048
_LONGEST_PAYLOAD = 20_000  # characters
_UNSIGNED = "AssumeRoleWithWebIdentity"
_SIGNED_BY = ("X-Amz-Algorithm", "X-Amz-Signature", "AWSAccessKeyId")


def claims(request: Request, service: str, now: datetime) -> Claims | None:
    """Return the claims of a request that may do without a signature; None for all others.

    They name no access key: whoever has them is `credentials.ANONYMOUS`.

    Args:
        request: the head.
        service: that is asked.
        now: aware.
    """
    if service != "sts" or request.method != "POST" or request.headers.get("authorization"):
        return None
    if any(request.parameter(name) for name in _SIGNED_BY):
        return None
    return without_signature(service, now)


def taken(request: Request, body: bytes, claims: Claims, attempts: FailedAttempts) -> Claims:
    """Return the claims of an unsigned request, with what its token claims instead of an access key.

    That is not believed: it only says whom to count a failure to, since the jobs of many may come from
    one address.

    Args:
        request: the head.
        body: all of it.
        claims: as `claims` returned them.
        attempts: what failed.

    Raises:
        ServiceError: MissingAuthenticationToken for anything that needs a signature; Throttling if
            too much failed from there.
    """
    fields = form(request, body)
    action = fields.get("Action", "")
    if action == "AssumeRoleWithSAML":
        raise ServiceError("NotImplemented", f"{action} is not implemented", status=501)
    if action != _UNSIGNED:
        raise refusal("sts", "missing")
    claimed = _claimed(fields.get("WebIdentityToken", ""))
    if attempts.refuses(request.client, claimed):
        raise overload("sts")
    return replace(claims, access_key_id=claimed)


def _claimed(token: str) -> str:
    """Return a name for whom a token claims to be of, the same for all tokens of it."""
    payload = token.partition(".")[2].partition(".")[0]
    try:
        decoded = urlsafe_b64decode(payload[:_LONGEST_PAYLOAD] + "=" * (-len(payload) % 4))
        said = msgspec.json.decode(decoded)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        said = None
    whom = (said.get("iss"), said.get("sub")) if isinstance(said, dict) else None
    return "token:" + hashlib.sha256(repr(whom).encode("utf-8", "replace")).hexdigest()[:32]

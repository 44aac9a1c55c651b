"""Requests without a signature: only what proves by itself who asks, STS's AssumeRoleWithWebIdentity.

Everything else that is not signed is refused before anything of it is looked at but its name.
"""

from datetime import datetime

from holdfast.aws.claims import Claims
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.query import form
from holdfast.aws.refusals import refusal

LONGEST = 128 << 10  # bytes of a body: a token has at most 20,000 characters, a policy 2,048
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
    return Claims(
        access_key_id="",
        date="",
        region="",
        service=service,
        signed_headers=(),
        signature="",
        amz_date="",
        time=now,
        security_token="",
        presigned=False,
        expires=0,
        payload_hash="",
    )


def require(request: Request, body: bytes) -> None:
    """Refuse an unsigned request for anything that needs a signature.

    Args:
        request: the head.
        body: all of it.

    Raises:
        ServiceError: MissingAuthenticationToken.
    """
    action = form(request, body).get("Action", "")
    if action == "AssumeRoleWithSAML":
        raise ServiceError("NotImplemented", f"{action} is not implemented", status=501)
    if action != _UNSIGNED:
        raise refusal("sts", "missing")

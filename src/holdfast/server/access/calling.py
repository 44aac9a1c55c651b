"""Who calls, as operations and rules see them: what is known of their key, and of their request."""

from holdfast.aws.http import Request
from holdfast.server.access.credentials import Identity
from holdfast.server.caller import Caller


def caller_of(request: Request, identity: Identity) -> Caller:
    """Return who calls, and from where.

    Args:
        request: the head.
        identity: who it is from.
    """
    return Caller(
        arn=identity.arn,
        user_id=identity.user_id,
        access_key_id=identity.access_key_id,
        session=identity.session,
        address=request.client,
        user_agent=request.headers.get("user-agent"),
        invocation_id=request.headers.get("amz-sdk-invocation-id"),
        secure=request.secure,
        peer=request.peer,
    )

"""How long a body may be."""

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.server.limits import Limits


def announced(request: Request) -> int:
    """Return how many bytes of a body a request announces; 0 if it does not say."""
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def refuse_length(service: str, length: int, limits: Limits, *, streams: bool, most: int) -> None:
    """Refuse a body that is too long.

    Args:
        service: that is asked.
        length: bytes, announced or received.
        limits: on all requests.
        streams: whether the body is stored as it arrives.
        most: bytes, if less than the limits is allowed; 0 otherwise.

    Raises:
        ServiceError: EntityTooLarge, or SerializationException.
    """
    # The frames of aws-chunked add at most a few percent.
    allowed = limits.body_bytes * 17 // 16 if streams else most or limits.document_bytes
    if length <= allowed:
        return
    if service == "s3":
        raise ServiceError(
            "EntityTooLarge", ProposedSize=str(length), MaxSizeAllowed=str(limits.body_bytes)
        )
    raise ServiceError("SerializationException", "The request body is too large.", status=413)

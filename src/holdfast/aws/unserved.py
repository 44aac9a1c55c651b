"""Requests of kinds that are not served and that authentication would answer misleadingly.

They are not signed as all others are, so "not implemented" is what helps whoever sent them.
"""

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.served import SERVED

_DIRECTORY_BUCKETS = "s3express"  # the signing name of S3 Express One Zone


def unserved_service(name: str) -> ServiceError:
    """Return the answer to a request that is signed for a service which is not served.

    Clients whose one endpoint for all services is this server send such requests.

    Args:
        name: the signing name.
    """
    if name == _DIRECTORY_BUCKETS:
        return _not_served("S3 Express with its directory buckets")
    return ServiceError(
        "NotImplemented",
        f"The service {name[:64]!r} is not served here, only {', '.join(sorted(SERVED))} are. "
        "The client's endpoint for all services is this server; set the endpoints of single "
        "services instead, or unset AWS_ENDPOINT_URL for this client",
        status=501,
    )


def _not_served(what: str) -> ServiceError:
    return ServiceError("NotImplemented", f"{what} is not implemented", status=501)


def unserved_unsigned(request: Request, service: str) -> ServiceError | None:
    """Return the answer to a request without a signature, if it is of a kind that needs none.

    A browser's form (PostObject) is signed by a field of the form.
    """
    if request.method != "POST":
        return None
    if service == "s3" and request.headers.get("content-type").lower().startswith(
        "multipart/form-data"
    ):
        return _not_served("PostObject")
    return None

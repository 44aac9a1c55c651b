"""Requests of kinds that are not served and that authentication would answer misleadingly.

They are not signed as all others are, so "not implemented" is what helps whoever sent them.
"""

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request

DIRECTORY_BUCKETS = "s3express"  # the signing name of S3 Express One Zone


def not_served(what: str) -> ServiceError:
    """Return the error for something that AWS has and we do not."""
    return ServiceError("NotImplemented", f"{what} is not implemented", status=501)


def unserved_unsigned(request: Request, service: str) -> ServiceError | None:
    """Return the answer to a request without a signature, if it is of a kind that needs none.

    A browser's form (PostObject) is signed by a field of the form. STS takes AssumeRoleWithWebIdentity
    and AssumeRoleWithSAML from anybody; which one it is only the body says, which is not read from a
    stranger.
    """
    if request.method != "POST":
        return None
    if service == "s3" and request.headers.get("content-type").lower().startswith(
        "multipart/form-data"
    ):
        return not_served("PostObject")
    if service == "sts":
        return ServiceError(
            "MissingAuthenticationToken",
            "Request is missing Authentication Token. AssumeRoleWithWebIdentity and "
            "AssumeRoleWithSAML, which need none, are not implemented",
            status=403,
        )
    return None

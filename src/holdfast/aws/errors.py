"""Errors as AWS says them: one class, one table of code, status and message per service.

Handlers raise `ServiceError` with AWS's code; the protocol modules write it in the client's own form.
"""

from collections.abc import Mapping
from typing import Any

# code -> (HTTP status, AWS's usual message)
S3: Mapping[str, tuple[int, str]] = {
    "AccessDenied": (403, "Access Denied"),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NotImplemented": (
        501,
        "A header you provided implies functionality that is not implemented",
    ),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
    "SlowDown": (503, "Please reduce your request rate."),
}

# The JSON and query services answer 400 to every client error that is not listed here.
JSON: Mapping[str, tuple[int, str]] = {
    "InternalServerError": (500, "The request processing has failed because of an unknown error."),
    "InternalFailure": (500, "The request processing has failed because of an unknown error."),
}


class ServiceError(Exception):
    """An answer other than success, in AWS's words.

    Args:
        code: AWS's error code, such as `NoSuchKey` or `ResourceNotFoundException`.
        message: what happened; AWS's usual message for the code if empty.
        status: the HTTP status; the table's if None.
        headers: response headers that go with it.
        fields: further members of the error document (`Key`, `BucketName`, `Item`, ...).
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        **fields: Any,
    ) -> None:
        known = S3.get(code) or JSON.get(code)
        self.code = code
        self.message = message or (known[1] if known else "")
        self.status = status if status is not None else (known[0] if known else 400)
        self.headers = headers
        self.fields = fields
        super().__init__(f"{code}: {self.message}")

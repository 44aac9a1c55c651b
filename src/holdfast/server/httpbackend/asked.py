"""A request of the `http` backend as its operations see it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.server.operation import Answer, Operation, Params, Result


class Asked(msgspec.Struct, frozen=True):
    """One request, authenticated and complete."""

    bucket: str
    key: str
    params: Params  # as S3's operation takes them
    document: bytes  # the body, if it is a lock's
    handlers: Mapping[str, Operation[Any]]  # of S3, by AWS's name


def result_of(result: Result) -> Mapping[str, Any]:
    """Return the members of a result.

    Raises:
        ServiceError: it is an error that lets what was written stand; only for operations that read.
    """
    if isinstance(result, ServiceError):
        raise result
    found = result.result if isinstance(result, Answer) else result
    return found or {}

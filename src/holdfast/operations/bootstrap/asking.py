"""Requests whose answer may be "there is none" or "not offered here"."""

from collections.abc import Callable, Container
from typing import Any

from holdfast.client.translate import Call, code_of, status_of, translated
from holdfast.operations.bootstrap.actual import NOT_OFFERED

_CODES = {
    "NotImplemented",
    "XNotImplemented",
    "UnsupportedOperation",
    "UnsupportedOperationException",
    "UnknownOperationException",
    "InvalidAction",
    "MethodNotAllowed",
    "501",
    "405",
}


def ask(call: Call, request: Callable[[], Any], absent: Container[str] = ()) -> Any:
    """Send a request; return its answer, None or NOT_OFFERED.

    Args:
        call: what it is for, for errors.
        request: sends it.
        absent: the codes that say that there is none.

    Raises:
        HoldfastError: any other error.
    """
    from botocore.exceptions import ClientError

    with translated(call):
        try:
            return request()
        except ClientError as error:
            if code_of(error) in absent:
                return None
            if code_of(error) in _CODES or status_of(error) == 501:
                return NOT_OFFERED
            raise

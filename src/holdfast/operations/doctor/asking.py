"""Asking a service for a setting that it may not have, not know, or not tell us."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from holdfast.client.translate import code_of, status_of

_UNKNOWN_HERE = {
    "NotImplemented",
    "XNotImplemented",
    "MethodNotAllowed",
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: a value, that there is none, or why it cannot be known."""

    value: Any = None
    unknown: str = ""

    @property
    def known(self) -> bool:
        """Whether `value` is the truth; None then says that nothing is set."""
        return not self.unknown


def ask(action: str, call: Callable[[], Any], absent: Collection[str] = ()) -> Answer:
    """Ask for one thing.

    Args:
        action: the IAM action that is needed, for the reason.
        call: sends the request.
        absent: error codes that say that nothing is set.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return Answer(call())
    except ClientError as error:
        code = code_of(error)
        if code in absent:
            return Answer(None)
        if code in _UNKNOWN_HERE or status_of(error) in {405, 501}:
            return Answer(unknown="this service does not have it")
        if status_of(error) == 403 or code.startswith("AccessDenied"):
            return Answer(unknown=f"{action} is not allowed to us")
        return Answer(unknown=f"{action} was answered with {code}")
    except BotoCoreError as error:
        return Answer(unknown=f"{action}: {error}")

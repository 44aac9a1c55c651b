"""Sending a request again while AWS still gets to know what was made a moment ago.

A new bucket or key is not known everywhere at once, and S3 refuses a change while another one of the
same bucket is under way (`OperationAborted`).
"""

from collections.abc import Callable
from typing import Any

from holdfast.client.errors import HoldfastError, NoSuchBucket
from holdfast.client.translate import code_of

_CODES = {"OperationAborted", "NotFoundException", "ResourceInUseException"}
_TRIES = 20
_PAUSE = 1.0  # seconds


def settled(send: Callable[[], Any], sleep: Callable[[float], None]) -> Any:
    """Return the answer to a request, sent up to 21 times in 20 seconds.

    Args:
        send: sends it.
        sleep: waits for so many seconds.
    """
    for _ in range(_TRIES):
        try:
            return send()
        except NoSuchBucket:
            sleep(_PAUSE)
        except HoldfastError as error:
            if not _passes(error):
                raise
            sleep(_PAUSE)
    return send()


def _passes(error: HoldfastError) -> bool:
    from botocore.exceptions import ClientError

    answer = error.__cause__
    return isinstance(answer, ClientError) and code_of(answer) in _CODES

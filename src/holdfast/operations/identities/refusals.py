"""What IAM says no to, in our words.

Source: "Errors" of the operations in the IAM API reference.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from holdfast.client.errors import HoldfastError
from holdfast.client.translate import Call, code_of, translated

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class NoSuchIdentity(HoldfastError):
    """There is no such user, access key, role or policy."""


class Refused(HoldfastError):
    """It would collide with what there is, or leave nobody who can let people in."""


_KINDS: dict[str, Callable[[str, str], HoldfastError]] = {
    "NoSuchEntity": NoSuchIdentity,
    "EntityAlreadyExists": Refused,
    "DeleteConflict": Refused,
    "LimitExceeded": Refused,
    "UnmodifiableEntity": Refused,
    "MalformedPolicyDocument": Refused,
}
_NEXT = {
    "NoSuchEntity": "'holdfast users', 'holdfast keys' and 'holdfast roles' list what there is.",
    "LimitExceeded": "Remove what is not needed any more, and do it again.",
}


@contextmanager
def asking(doing: str, action: str, resource: str = "*") -> Iterator[None]:
    """Turn what boto3 raises inside into our errors.

    Args:
        doing: what is done, such as `create the user ada`.
        action: what has to be allowed, such as `iam:CreateUser`.
        resource: the ARN or name it is needed on.

    Raises:
        NoSuchIdentity: there is none.
        Refused: it cannot be done as things are.
        HoldfastError: any other error.
    """
    from botocore.exceptions import ClientError

    with translated(Call(doing, action, resource)):
        try:
            yield
        except ClientError as error:
            kind = _KINDS.get(code_of(error))
            if kind is None:
                raise
            raise kind(f"cannot {doing}: {_said(error)}", _NEXT.get(code_of(error), "")) from error


def _said(error: "ClientError") -> str:
    text = str(error.response.get("Error", {}).get("Message", "")).strip().rstrip(".")
    return text or code_of(error)

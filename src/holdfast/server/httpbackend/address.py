"""Addresses of states and of their locks: `/-/terraform/BUCKET/KEY` and `/-/lock/BUCKET/KEY`.

A lock has an address of its own as well, for who configures POST, PUT or DELETE to lock and unlock:
at the state's these mean something else. Source of what clients send: Terraform's
`internal/backend/remote-state/http/client.go`.
"""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.server.state_names import LOCK_FILE_SUFFIX

STATES = "/-/terraform/"
LOCKS = "/-/lock/"

_OPERATIONS: Mapping[str, Mapping[str, str]] = {
    STATES: {
        "GET": "GetState",
        "HEAD": "HeadState",
        "POST": "PutState",
        "PUT": "PutState",
        "DELETE": "DeleteState",
        "LOCK": "LockState",
        "UNLOCK": "UnlockState",
    },
    LOCKS: {
        "LOCK": "LockState",
        "POST": "LockState",
        "PUT": "LockState",
        "UNLOCK": "UnlockState",
        "DELETE": "UnlockState",
    },
}


class Addressed(msgspec.Struct, frozen=True):
    """What a request of the `http` backend is for."""

    operation: str
    bucket: str
    key: str


def is_address(raw_path: str) -> bool:
    """Say whether a path is the address of a state or a lock.

    Args:
        raw_path: percent-encoded, as sent.
    """
    return raw_path.startswith((STATES, LOCKS))


def addressed(method: str, raw_path: str) -> Addressed:
    """Return the operation and the state that a request is for.

    Args:
        method: of the request.
        raw_path: percent-encoded, as sent; `is_address` says yes to it.

    Raises:
        ServiceError: InvalidURI or MethodNotAllowed.
    """
    where = STATES if raw_path.startswith(STATES) else LOCKS
    bucket, slash, key = raw_path.removeprefix(where).partition("/")
    if not bucket or not slash or not key:
        raise _invalid(f"it has the form {where}BUCKET/KEY")
    known = _OPERATIONS[where]
    if method not in known:
        allowed = ", ".join(known)
        raise ServiceError(
            "MethodNotAllowed",
            f"{where}BUCKET/KEY takes {allowed}.",
            headers=(("allow", allowed),),
        )
    return Addressed(known[method], _decoded(bucket), _checked(_decoded(key)))


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise _invalid("what is percent-encoded in it is not UTF-8") from None


def _checked(key: str) -> str:
    """Return a key that is one for every client and every proxy, and for the S3 backend as well."""
    pieces = key.split("/")
    if "" in pieces:
        raise _invalid("a key neither begins nor ends with a slash, and has no two in a row")
    if "." in pieces or ".." in pieces:
        raise _invalid("a key has no piece `.` or `..`")
    if any(character < " " or character == "\x7f" for character in key):
        raise _invalid("a key has no control characters")
    if key.endswith(LOCK_FILE_SUFFIX):
        raise _invalid(f"a key that ends in {LOCK_FILE_SUFFIX} is a lock file's; give the state's")
    return key


def _invalid(why: str) -> ServiceError:
    return ServiceError("InvalidURI", f"This is no address of a state: {why}.")

"""Reading the state at an address, with its digest checked as Terraform checks it."""

import time
from typing import Any

from holdfast.client import object_headers
from holdfast.client.connect import Connection
from holdfast.client.digests import Digests
from holdfast.client.errors import DigestMismatch, HoldfastError, NoSuchState
from holdfast.client.stored import StoredState
from holdfast.client.translate import Call, code_of, translated
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import Verdict, digest_of, judge

SETTLING = 10.0  # seconds in which a digest may still follow its state, as Terraform waits
_PAUSE = 2.0  # seconds between two looks, as Terraform
_REFUSED = (Verdict.DIFFERS, Verdict.ORPHAN)
_ABSENT = {"NoSuchKey", "404", "NotFound", "NoSuchVersion"}


def read(
    connection: Connection,
    address: StateAddress,
    *,
    settle: float = SETTLING,
    accept_mismatch: bool = False,
) -> StoredState:
    """Read the newest version of a state.

    Args:
        connection: the services.
        address: the state.
        settle: seconds to wait for a digest that does not fit: a writer may be between its two steps.
        accept_mismatch: return a state whose digest does not fit, at once, rather than raise.

    Raises:
        NoSuchState: there is none.
        DigestMismatch: the digest still does not fit.
    """
    digests = Digests(connection)
    left = 0.0 if accept_mismatch else settle
    while True:
        found = _get(connection, address, None)
        body = found["body"] if found else None
        stored, problem = _stored_digest(digests, address)
        verdict = judge(body, stored)
        if verdict not in _REFUSED or accept_mismatch:
            if found is None:
                raise no_state(address)
            return _stored(address, found, verdict, stored, problem)
        if left <= 0:
            raise _mismatch(digests, address, body, stored or "")
        time.sleep(min(_PAUSE, left))
        left -= _PAUSE


def present(connection: Connection, address: StateAddress) -> StoredState | None:
    """Read the newest version of a state, whatever its digest says; None if there is none.

    Raises:
        HoldfastError: it cannot be read.
    """
    try:
        return read(connection, address, accept_mismatch=True)
    except NoSuchState:
        return None


def read_version(connection: Connection, address: StateAddress, version_id: str) -> StoredState:
    """Read one version of a state; its digest is not looked at, since the table has the newest's.

    Raises:
        NoSuchState: there is no such version, or it is a deletion.
    """
    found = _get(connection, address, version_id)
    if found is None:
        raise NoSuchState(
            f"{address.url} has no version {version_id}",
            f"List them: holdfast versions {address.object_key}",
        )
    return _stored(address, found, Verdict.MISSING, None, None)


def no_state(address: StateAddress) -> NoSuchState:
    """Return the error for an address without a state."""
    return NoSuchState(
        f"there is no state at {address.url}",
        "Check bucket, key and workspace; 'holdfast states' lists what there is, and "
        f"'holdfast versions {address.object_key}' shows whether it was deleted.",
    )


def _get(
    connection: Connection, address: StateAddress, version_id: str | None
) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    arn = f"arn:aws:s3:::{address.bucket}/{address.object_key}"
    action = "s3:GetObjectVersion" if version_id else "s3:GetObject"
    which: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    with translated(Call(f"read {address.url}", action, arn)):
        try:
            answer: dict[str, Any] = dict(
                connection.s3.get_object(
                    Bucket=address.bucket,
                    Key=address.object_key,
                    **which,
                    **object_headers.for_read(connection.settings),
                )
            )
            answer["body"] = answer["Body"].read()
        except ClientError as error:
            if code_of(error) in _ABSENT or _is_marker(error):
                return None
            raise
    return answer


def _is_marker(error: Any) -> bool:
    """Say whether the version is a deletion: S3 answers 405 MethodNotAllowed."""
    return code_of(error) in {"MethodNotAllowed", "405"}


def _stored_digest(
    digests: Digests, address: StateAddress
) -> tuple[str | None, HoldfastError | None]:
    """Return the digest, or why it cannot be read: Terraform then reads on without one."""
    try:
        return digests.read(address), None
    except HoldfastError as problem:
        return None, problem


def _stored(
    address: StateAddress,
    found: dict[str, Any],
    verdict: Verdict,
    stored: str | None,
    problem: HoldfastError | None,
) -> StoredState:
    return StoredState(
        address=address,
        body=found["body"],
        etag=found.get("ETag", ""),
        version_id=found.get("VersionId"),
        last_modified=found["LastModified"],
        digest=verdict,
        stored_digest=stored,
        digest_problem=problem,
    )


def _mismatch(
    digests: Digests, address: StateAddress, body: bytes | None, stored: str
) -> DigestMismatch:
    calculated = digest_of(body or b"")
    what = (
        f"{address.url} has the digest {calculated}, and the lock table says {stored}"
        if body is not None
        else f"there is no state at {address.url}, and the lock table has a digest of one"
    )
    command = digests.mending(address, calculated if body else None)
    return DigestMismatch(
        what,
        "Find out first which of the two is right ('holdfast doctor' says which is newer and why). "
        f"If it is the object: {command}",
        stored=stored,
        calculated=calculated,
    )

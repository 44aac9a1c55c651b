"""Writing and deleting a state: checked first, on the condition of what was seen, with its digest.

Terraform writes the object, then its digest, and ignores a digest that could not be written: the next
reader fails. Here that is tried again, and said with the command that mends it.
"""

from dataclasses import dataclass
from typing import Any

from holdfast.client import import_check, object_headers, reading
from holdfast.client.connect import Connection
from holdfast.client.digests import Digests
from holdfast.client.errors import (
    DigestNotWritten,
    HoldfastError,
    NotLocked,
    Unreachable,
    WrittenMeanwhile,
)
from holdfast.client.locking import HeldLock
from holdfast.client.stored import StoredState, Written
from holdfast.client.translate import Call, code_of, is_by_rule, status_of, translated
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import Verdict, digest_of
from holdfast.terraform.statefile import header_if_readable

_UNSUPPORTED = {"NotImplemented", "InvalidArgument", "UnsupportedArgument", "InvalidRequest"}
_CONFLICT = {"ConditionalRequestConflict", "OperationAborted"}
_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Put:
    etag: str
    version_id: str | None


def write(
    connection: Connection,
    address: StateAddress,
    body: bytes,
    *,
    held: HeldLock | None,
    force: bool = False,
) -> Written:
    """Write a state.

    Args:
        connection: the services.
        address: where.
        body: the new state.
        held: the lock, which has to be of this state and still ours.
        force: write whatever is there, and also without a lock.

    Raises:
        NotLocked, LockLost: the lock is missing, of another state, or gone.
        NotAState, ForeignLineage, StaleSerial: the new state may not take the place of the present one.
        WrittenMeanwhile: another one was written between our look and our write.
        DigestNotWritten: the state was written, its digest was not.
    """
    require_lock(address, held, force=force)
    present = reading.present(connection, address)
    # An orphan digest, or one that differs, belongs to what is replaced now.
    changed = force or import_check.check(address, body, present.body if present else None)
    serial, lineage = _said(body)
    if not changed and present:
        if present.digest is not Verdict.MATCHES:
            _set_digest(connection, address, present.body)
        return Written(address, serial, lineage, present.etag, present.version_id, changed=False)
    put = _put_with_digest(connection, address, body, present, force=force)
    return Written(address, serial, lineage, put.etag, put.version_id, changed=True)


def delete(
    connection: Connection, address: StateAddress, *, held: HeldLock | None, force: bool = False
) -> None:
    """Delete a state and its digest. Where versions are kept, the older ones stay.

    Raises:
        NotLocked, LockLost: the lock is missing, of another state, or gone.
        NoSuchState: there is none, and no digest of one.
        DigestNotWritten: the state was deleted, its digest was not.
    """
    require_lock(address, held, force=force)
    digests = Digests(connection)
    if reading.present(connection, address) is None and digests.read(address) is None:
        raise reading.no_state(address)
    arn = f"arn:aws:s3:::{address.bucket}/{address.object_key}"
    with translated(Call(f"delete {address.url}", "s3:DeleteObject", arn)):
        connection.s3.delete_object(Bucket=address.bucket, Key=address.object_key)
    try:
        digests.write(address, None)
    except HoldfastError as problem:
        raise DigestNotWritten(
            f"{address.url} was deleted, and its digest was not ({problem.happened}); "
            "Terraform refuses to use the key",
            f"Remove the digest: {digests.mending(address, None)}",
            expected=None,
        ) from problem


def require_lock(address: StateAddress, held: HeldLock | None, *, force: bool) -> None:
    """See that a lock of this state is held.

    Raises:
        NotLocked: there is none, or it is of another state.
        LockLost: it is gone.
    """
    if held is None:
        if force:
            return
        raise NotLocked(
            f"{address.url} is to be changed, and its lock is not held",
            "Take it first: with backend.lock('...') as held: ...",
        )
    if held.address != address:
        raise NotLocked(
            f"{address.url} is to be changed, and the lock held is of {held.address.url}",
            "Take the lock of the state that is to be changed.",
        )
    held.check()


def _said(body: bytes) -> tuple[int, str]:
    """Return serial and lineage of what is forced in, which may be no state at all."""
    found = header_if_readable(body)
    return (found.serial, found.lineage) if found else (0, "")


def _put_with_digest(
    connection: Connection,
    address: StateAddress,
    body: bytes,
    present: StoredState | None,
    *,
    force: bool,
) -> _Put:
    """Store the object and its digest; neither a lost answer nor Ctrl-C parts them."""
    try:
        put = _put(connection, address, body, present, force=force)
        _set_digest(connection, address, body)
    except Unreachable:
        there = reading.present(connection, address)
        if there is None or there.body != body:
            raise
        put = _Put(there.etag, there.version_id)
        _set_digest(connection, address, body)
    except KeyboardInterrupt:
        there = reading.present(connection, address)
        if there is not None and there.body == body:
            _set_digest(connection, address, body)
        raise
    return put


def _put(
    connection: Connection,
    address: StateAddress,
    body: bytes,
    present: StoredState | None,
    *,
    force: bool,
) -> _Put:
    """Store the object on the condition that nobody wrote since we looked."""
    condition: dict[str, Any] = {}
    if not force:
        condition = {"IfMatch": present.etag} if present else {"IfNoneMatch": "*"}
    for attempt in range(1, _TRIES + 1):
        answer = _put_once(connection, address, body, condition, last=attempt == _TRIES)
        if answer is _AGAIN:
            continue
        if answer is _UNCONDITIONAL:
            condition = {}
            continue
        if isinstance(answer, _Put):
            return answer
    raise AssertionError


_AGAIN = "again"
_UNCONDITIONAL = "unconditional"


def _put_once(
    connection: Connection,
    address: StateAddress,
    body: bytes,
    condition: dict[str, Any],
    *,
    last: bool,
) -> _Put | str:
    from botocore.exceptions import ClientError

    arn = f"arn:aws:s3:::{address.bucket}/{address.object_key}"
    with translated(Call(f"write {address.url}", "s3:PutObject", arn)):
        try:
            answer = connection.s3.put_object(
                Bucket=address.bucket,
                Key=address.object_key,
                Body=body,
                **condition,
                **object_headers.for_state(connection.settings),
            )
        except ClientError as error:
            if not condition or is_by_rule(error):
                raise
            if code_of(error) in _CONFLICT and not last:
                return _AGAIN
            if status_of(error) in {412, 409} or code_of(error) == "NoSuchKey":
                return _ours_after_all(connection, address, body)
            if code_of(error) in _UNSUPPORTED and not last:
                return _UNCONDITIONAL  # a store that does not know the condition
            raise
    return _Put(answer.get("ETag", ""), answer.get("VersionId"))


def _ours_after_all(connection: Connection, address: StateAddress, body: bytes) -> _Put:
    """Return our write if it was stored and only its answer lost.

    Raises:
        WrittenMeanwhile: what is there is another's.
    """
    there = reading.present(connection, address)
    if there is not None and there.body == body:
        return _Put(there.etag, there.version_id)
    raise WrittenMeanwhile(
        f"{address.url} was {'written' if there else 'deleted'} by somebody else after we had looked, "
        "although its lock is ours; nothing was stored",
        f"See who did: holdfast versions {address.object_key}. Then repeat the command.",
    )


def _set_digest(connection: Connection, address: StateAddress, body: bytes) -> None:
    digests = Digests(connection)
    digest = digest_of(body) if body else None  # no digest fits a state without bytes
    try:
        digests.write(address, digest)
    except HoldfastError as problem:
        raise DigestNotWritten(
            f"{address.url} was written, and its digest was not ({problem.happened}); "
            "Terraform refuses to read the state until it is",
            f"Store the digest: {digests.mending(address, digest)}",
            expected=digest,
        ) from problem

"""Whether we may put, read and delete the lock file of a state: tried, in an order that leaves nothing.

What is tried is what Terraform will do: the same key, headers and condition. Deleting is tried first,
with a condition that no object can meet, since a lock file that cannot be deleted would stay.
"""

import time
from dataclasses import dataclass

from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.lock_places import File, Gone, Kept, Occupied
from holdfast.client.locking import new_info
from holdfast.client.translate import Call, of_answer, status_of, translated
from holdfast.terraform.address import StateAddress

_NO_ETAG = '"00000000000000000000000000000000"'
_REMOVALS = 3  # how often a probe is removed where the store fails at that moment


@dataclass(frozen=True, slots=True)
class Rights:
    """What came of trying."""

    address: StateAddress
    problem: HoldfastError | None = None  # what is not allowed, or failed
    left_behind: bool = False  # the lock file of the probe could not be removed

    @property
    def ok(self) -> bool:
        """Whether a lock file can be used."""
        return self.problem is None


def try_lock_file(connection: Connection, address: StateAddress) -> Rights:
    """Put, read and delete the lock file of a state. It is locked for that moment.

    Never raises a HoldfastError: it is the `problem` of the result.
    """
    file = File(connection)
    info = new_info(address, "migrate-locks", "a test of rights that lasts some milliseconds")
    try:
        _may_delete(connection, address)
        kept = file.put(address, info.document())
    except Occupied:
        return Rights(address)  # somebody locks with files already
    except HoldfastError as problem:
        return Rights(address, problem)
    unread: HoldfastError | None = None
    try:
        kept = file.read(address) or kept
    except HoldfastError as refused:
        unread = refused
    stays = _remove(connection, address, kept, blindly=unread is not None)
    return Rights(address, unread or stays, left_behind=stays is not None)


def _remove(
    connection: Connection, address: StateAddress, kept: Kept, *, blindly: bool
) -> HoldfastError | None:
    """Remove the probe's lock file; return why it stays, if it does."""
    problem: HoldfastError | None = None
    for attempt in range(1, _REMOVALS + 1):
        try:
            if blindly:  # a removal by the rules reads first
                _delete(connection, address)
            else:
                File(connection).remove(address, kept)
        except Gone:
            return None
        except HoldfastError as refused:
            problem = refused
            time.sleep(0.2 * attempt)
        else:
            return None
    return problem


def _may_delete(connection: Connection, address: StateAddress) -> None:
    """Ask to delete the lock file on a condition that cannot hold.

    A store that knows no such condition deletes; so it is asked only where no lock file is.
    """
    from botocore.exceptions import ClientError

    if File(connection).read(address) is not None:
        raise Occupied(None)
    call = _call("DeleteObject", address)
    try:
        connection.s3.delete_object(
            Bucket=address.bucket, Key=address.lock_file_key, IfMatch=_NO_ETAG
        )
    except ClientError as error:
        if status_of(error) not in {400, 404, 412, 501}:
            raise of_answer(error, call) from error


def _delete(connection: Connection, address: StateAddress) -> None:
    with translated(_call("DeleteObject", address)):
        connection.s3.delete_object(Bucket=address.bucket, Key=address.lock_file_key)


def _call(operation: str, address: StateAddress) -> Call:
    where = f"{address.bucket}/{address.lock_file_key}"
    return Call(f"use the lock file s3://{where}", f"s3:{operation}", f"arn:aws:s3:::{where}")

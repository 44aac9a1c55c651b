"""Where the lock and the digest of a state are: which object and which item is about which state.

Source: Terraform's `internal/backend/remote-state/s3/client.go` (lockPath, `-md5`, `.tflock`).
"""

from typing import Any, NamedTuple

from holdfast.engine.records import Bucket
from holdfast.terraform.address import DIGEST_SUFFIX, LOCK_FILE_SUFFIX

S3 = "s3"
HTTP = "http"
_DYNAMODB = "dynamodb:"
LOCK_ID = "LockID"  # the hash key of a lock table
INFO = "Info"  # the attribute with the lock document
DIGEST = "Digest"  # the attribute with the MD5 of a state


class StateName(NamedTuple):
    """A state, by its object."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"

    @property
    def named(self) -> dict[str, Any]:
        """How entries of the journal name it: these are filtered, and shown, by bucket and key."""
        return {"bucket": self.bucket, "key": self.key, "state": str(self)}

    @property
    def url(self) -> str:
        """As commands take it."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def lock_file_key(self) -> str:
        """The key of its lock file."""
        return self.key + LOCK_FILE_SUFFIX

    @property
    def lock_id(self) -> str:
        """The `LockID` of its lock item."""
        return f"{self.bucket}/{self.key}"

    @property
    def digest_id(self) -> str:
        """The `LockID` of the item that holds its MD5."""
        return self.lock_id + DIGEST_SUFFIX


def table_place(table: str) -> str:
    """Return the place that a lock table is."""
    return _DYNAMODB + table


def table_of(place: str) -> str:
    """Return the table that a place is; nothing if it is none."""
    return place.removeprefix(_DYNAMODB) if place.startswith(_DYNAMODB) else ""


def with_table(tables: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Return tables and the one that a place is, if it is one."""
    table = table_of(place)
    return (*tables, table) if table and table not in tables else tables


def state_of_lock_file(bucket: str, key: str) -> StateName | None:
    """Return the state whose lock file an object is; None if it is no lock file."""
    if not key.endswith(LOCK_FILE_SUFFIX) or key == LOCK_FILE_SUFFIX:
        return None
    return StateName(bucket, key.removesuffix(LOCK_FILE_SUFFIX))


def state_of_item(tx: Any, lock_id: str) -> tuple[StateName, bool] | None:
    """Return the state that an item of a lock table is about, and whether it is its digest.

    None if it is about no state of this server: `LockID` begins with the name of a bucket.
    """
    bucket, slash, key = lock_id.partition("/")
    if not slash or not key or tx.get(Bucket, bucket) is None:
        return None
    is_digest = key.endswith(DIGEST_SUFFIX) and key != DIGEST_SUFFIX
    return StateName(bucket, key.removesuffix(DIGEST_SUFFIX) if is_digest else key), is_digest

"""What a session may still do that expired while it holds the lock of a state: end what it began.

An apply may take longer than its credentials live. Were it refused, what it made would stand in an
`errored.tfstate` at best, and its lock would stay. So for a bounded time it may write the very state
whose lock it holds, with its digest, and release that lock.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from holdfast.engine.access_records import Session
from holdfast.engine.state_records import State
from holdfast.rules.giving_back import GivingBack
from holdfast.rules.one_lock import holds
from holdfast.rules.places import (
    LOCK_ID,
    S3,
    StateName,
    state_of_item,
    state_of_lock_file,
    table_place,
)
from holdfast.rules.recent import Recent
from holdfast.rules.remembered import Remembered
from holdfast.server.judging import JudgedReader

Params = Mapping[str, Any]
_Found = tuple[StateName, bool] | None  # a state, and whether it is about its lock

_REST = timedelta(seconds=60)  # in which a release is sent again, or done in another place too

_READS_OBJECT = frozenset({"GetObject", "HeadObject"})
_WRITES_STATE = frozenset(
    {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "PutObject",
        "UploadPart",
    }
)
_RELEASES = frozenset({"DeleteItem", "DeleteObject"})
# Of an upload in parts only its end changes the state.
_NOTED = frozenset(
    {"CompleteMultipartUpload", "DeleteItem", "DeleteObject", "PutItem", "PutObject"}
)


class Finishing:
    """Says what an expired session may. Safe to use from many threads."""

    def __init__(self, recent: Recent, giving_back: GivingBack) -> None:
        """Begin with no releases.

        Args:
            recent: what was told lately.
            giving_back: which locks are given back in one place after the other.
        """
        self._recent = recent
        self._giving_back = giving_back
        self._releases: Remembered[tuple[StateName, str], datetime] = Remembered()
        self._lock = Lock()

    def noted(self, tx: JudgedReader, operation: str, params: Params) -> Mapping[str, Any] | None:
        """Return what to note in the journal if an expired session does this; None: it may not.

        Args:
            tx: a view of the records, in the caller's name.
            operation: AWS's name.
            params: of the request.
        """
        find = _FINDS.get(operation)
        found = find(tx, operation, params) if find is not None else None
        if found is None:
            return None
        name, of_lock = found
        if not _holds(tx, name, params.get("TableName")):
            ends = of_lock and self._ends_release(tx, name, operation, params.get("TableName"))
            return {} if ends else None
        if operation not in _NOTED:
            return {}
        if operation in _RELEASES:
            self._released(name, tx.caller.access_key_id, tx.now)
        about = {**name.named, "request": operation}
        return {**about, "table": params["TableName"]} if "TableName" in params else about

    def _released(self, name: StateName, access_key_id: str, now: datetime) -> None:
        """Remember who releases a lock: it may send the request again, or look into another place."""
        with self._lock:
            self._releases.put((name, access_key_id), now)

    def _ends_release(self, tx: JudgedReader, name: StateName, operation: str, table: Any) -> bool:
        """Say whether this is the rest of a release that the session began after its end."""
        key_id = tx.caller.access_key_id
        released = self._releases.get((name, key_id))
        if released is None or tx.now - released > _REST:
            return False
        state: State | None = tx.get(State, *name)
        if operation not in _RELEASES or state is None or state.lock is None:
            return True
        # Another has taken it since: what is deleted has to be the lock before that.
        place = S3 if table is None else table_place(_table(table))
        held = state.lock.id
        return self._giving_back.is_left(name, place, key_id, tx.now) or self._recent.means_another(
            name, place, key_id, held, tx.now
        )


def _of_object(_tx: JudgedReader, operation: str, params: Params) -> _Found:
    """Return the state that a request about an object belongs to, if it is one that finishing needs."""
    bucket, key = str(params["Bucket"]), str(params["Key"])
    lock_of = state_of_lock_file(bucket, key)
    if params.get("VersionId"):
        return None
    if lock_of is not None:
        return None if operation in _WRITES_STATE else (lock_of, True)
    return None if operation == "DeleteObject" else (StateName(bucket, key), False)


def _of_item(tx: JudgedReader, operation: str, params: Params) -> _Found:
    """Return the state that a request about an item belongs to, if it is one that finishing needs."""
    key = params.get("Item") if operation == "PutItem" else params.get("Key")
    lock_id = key.get(LOCK_ID) if isinstance(key, Mapping) else None
    value = lock_id.get("S") if isinstance(lock_id, Mapping) else None
    found = state_of_item(tx, value) if isinstance(value, str) else None
    if found is None:
        return None
    name, is_digest = found
    wanted = {"PutItem": is_digest, "DeleteItem": not is_digest}
    return (name, not is_digest) if wanted.get(operation, True) else None


def _holds(tx: JudgedReader, name: StateName, table: Any) -> bool:
    """Say whether the caller's session holds the lock of a state, and was alive while it did."""
    state: State | None = tx.get(State, *name)
    if state is None or state.lock is None or not holds(tx, state.lock):
        return False
    if table is not None and _table(table) not in state.tables:
        return False
    session: Session | None = tx.get(Session, tx.caller.access_key_id)
    return session is not None and session.expires > state.lock.since


def _table(given: Any) -> str:
    """Return the name in a `TableName`, which may be an ARN."""
    return str(given).rpartition("/")[2]


_FINDS: Mapping[str, Callable[[JudgedReader, str, Params], _Found]] = {
    **dict.fromkeys(_READS_OBJECT | _WRITES_STATE | {"DeleteObject"}, _of_object),
    **dict.fromkeys(("DeleteItem", "GetItem", "PutItem"), _of_item),
}

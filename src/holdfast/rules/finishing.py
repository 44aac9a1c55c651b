"""What a session may still do that expired while it holds the lock of a state: end what it began.

An apply may take longer than its credentials live. Were it refused, what it made would stand in an
`errored.tfstate` at best, and its lock would stay. So for a bounded time it may write the very state
whose lock it holds, with its digest, and release that lock.
"""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.engine.access_records import Session
from holdfast.engine.state_records import State
from holdfast.rules.one_lock import holds
from holdfast.rules.places import LOCK_ID, StateName, state_of_item, state_of_lock_file
from holdfast.server.judging import JudgedReader

Params = Mapping[str, Any]

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
# Of an upload in parts only its end changes the state.
_NOTED = frozenset(
    {"CompleteMultipartUpload", "DeleteItem", "DeleteObject", "PutItem", "PutObject"}
)


def noted(tx: JudgedReader, operation: str, params: Params) -> Mapping[str, Any] | None:
    """Return what to note in the journal if an expired session does this; None: it may not.

    Args:
        tx: a view of the records, in the caller's name.
        operation: AWS's name.
        params: of the request.
    """
    find = _FINDS.get(operation)
    name = find(tx, operation, params) if find is not None else None
    if name is None or not _holds(tx, name, params.get("TableName")):
        return None
    if operation not in _NOTED:
        return {}
    about = {"bucket": name.bucket, "key": name.key, "state": str(name), "request": operation}
    return {**about, "table": params["TableName"]} if "TableName" in params else about


def _of_object(_tx: JudgedReader, operation: str, params: Params) -> StateName | None:
    """Return the state that a request about an object belongs to, if it is one that finishing needs."""
    bucket, key = str(params["Bucket"]), str(params["Key"])
    lock_of = state_of_lock_file(bucket, key)
    if params.get("VersionId"):
        return None
    if operation == "DeleteObject":
        return lock_of
    if operation in _WRITES_STATE:
        return None if lock_of is not None else StateName(bucket, key)
    return lock_of or StateName(bucket, key)


def _of_item(tx: JudgedReader, operation: str, params: Params) -> StateName | None:
    """Return the state that a request about an item belongs to, if it is one that finishing needs."""
    key = params.get("Item") if operation == "PutItem" else params.get("Key")
    lock_id = key.get(LOCK_ID) if isinstance(key, Mapping) else None
    value = lock_id.get("S") if isinstance(lock_id, Mapping) else None
    found = state_of_item(tx, value) if isinstance(value, str) else None
    if found is None:
        return None
    name, is_digest = found
    wanted = {"PutItem": is_digest, "DeleteItem": not is_digest}
    return name if wanted.get(operation, True) else None


def _holds(tx: JudgedReader, name: StateName, table: Any) -> bool:
    """Say whether the caller's session holds the lock of a state, and was alive while it did."""
    state: State | None = tx.get(State, *name)
    if state is None or state.lock is None or not holds(tx, state.lock):
        return False
    if table is not None and str(table).rpartition("/")[2] not in state.tables:
        return False
    session: Session | None = tx.get(Session, tx.caller.access_key_id)
    return session is not None and session.expires > state.lock.since


_FINDS: Mapping[str, Callable[[JudgedReader, str, Params], StateName | None]] = {
    **dict.fromkeys(_READS_OBJECT | _WRITES_STATE | {"DeleteObject"}, _of_object),
    **dict.fromkeys(("DeleteItem", "GetItem", "PutItem"), _of_item),
}

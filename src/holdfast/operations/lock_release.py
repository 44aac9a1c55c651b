"""Where a Holdfast server releases locks that look dead, and after how long."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.own_service import translated_own
from holdfast.client.translate import Call

Given = Mapping[str, timedelta]  # by prefix; an empty one is for all states


def given(connection: Connection, bucket: str) -> Given:
    """Return what a bucket says.

    Raises:
        NotHoldfast: it is another server.
        NoSuchBucket: there is none of that name.
    """
    return _ask(connection, "GetLockRelease", "get_lock_release", {"Bucket": bucket})


def ask_for(connection: Connection, bucket: str, prefix: str, after: timedelta) -> Given:
    """Let dead locks be released; return what the bucket then says.

    Args:
        connection: to a Holdfast server.
        bucket: of the states.
        prefix: only of states whose key begins so.
        after: how long nothing was heard of the holder; two hours at least.

    Raises:
        NotHoldfast: it is another server.
        NoSuchBucket: there is none of that name.
    """
    asked = {"Bucket": bucket, "Seconds": int(after.total_seconds())}
    return _ask(connection, "PutLockRelease", "put_lock_release", _with(asked, prefix))


def never(connection: Connection, bucket: str, prefix: str | None) -> Given:
    """Take back what was set for a prefix, or for the whole bucket; return what is left.

    Raises:
        NotHoldfast: it is another server.
        NoSuchBucket: there is none of that name.
    """
    asked = _with({"Bucket": bucket}, prefix or "")
    return _ask(connection, "DeleteLockRelease", "delete_lock_release", asked)


def _with(asked: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {**asked, "Prefix": prefix} if prefix else asked


def _ask(connection: Connection, operation: str, method: str, asked: dict[str, Any]) -> Given:
    client = connection.holdfast
    resource = f"arn:aws:s3:::{asked['Bucket']}/{asked.get('Prefix', '')}*"
    with translated_own(Call("see to dead locks", f"holdfast:{operation}", resource), client):
        answer = getattr(client, method)(**asked)
    return {one["Prefix"]: timedelta(seconds=one["Seconds"]) for one in answer["Policies"]}

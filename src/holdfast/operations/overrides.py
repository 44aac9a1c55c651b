"""Leave to write a state once although a rule of a Holdfast server refuses it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.errors import NoSuchState
from holdfast.client.own_service import translated_own
from holdfast.client.translate import Call, code_of

USUAL = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Leave:
    """What was given.

    Attributes:
        bucket: of the state.
        key: of the state's object.
        by: the ARN of who gave it.
        reason: what for.
        granted: when.
        until: how long it lasts, unless it is used before.
    """

    bucket: str
    key: str
    by: str
    reason: str
    granted: datetime
    until: datetime

    @property
    def url(self) -> str:
        """The state."""
        return f"s3://{self.bucket}/{self.key}"


def grant(
    connection: Connection, bucket: str, key: str, reason: str, lasting: timedelta = USUAL
) -> Leave:
    """Give leave for one write.

    Args:
        connection: to a Holdfast server.
        bucket: of the state.
        key: of the state's object.
        reason: what for; it is journaled.
        lasting: how long it can be used.

    Raises:
        NotHoldfast: it is another server.
        NoSuchState: nothing is known there, so nothing is refused.
    """
    asked: dict[str, Any] = {"Bucket": bucket, "Key": key, "Reason": reason}
    seconds = int(lasting.total_seconds())
    return _leave(_ask(connection, "PutOverride", bucket, key, {**asked, "Seconds": seconds}))


def given(connection: Connection, bucket: str = "", prefix: str = "") -> Iterator[Leave]:
    """Yield what was given and can still be used, in the order of the states.

    Raises:
        NotHoldfast: it is another server.
    """
    asked = {name: value for name, value in (("Bucket", bucket), ("Prefix", prefix)) if value}
    while True:
        answer = _ask(connection, "ListOverrides", bucket, prefix, asked)
        yield from map(_read, answer["Overrides"])
        if "NextToken" not in answer:
            return
        asked["NextToken"] = answer["NextToken"]


def cancel(connection: Connection, bucket: str, key: str) -> None:
    """Take leave back; if there is none, nothing happens.

    Raises:
        NotHoldfast: it is another server.
        NoSuchState: nothing is known there.
    """
    _ask(connection, "DeleteOverride", bucket, key, {"Bucket": bucket, "Key": key})


_METHODS = {
    "PutOverride": ("put_override", "give leave for a write"),
    "ListOverrides": ("list_overrides", "list the leave that was given"),
    "DeleteOverride": ("delete_override", "take back leave for a write"),
}


def _ask(
    connection: Connection, operation: str, bucket: str, key: str, asked: dict[str, Any]
) -> Any:
    from botocore.exceptions import ClientError

    method, doing = _METHODS[operation]
    client = connection.holdfast
    resource = f"arn:aws:s3:::{bucket or '*'}/{key or '*'}"
    with translated_own(Call(doing, f"holdfast:{operation}", resource), client):
        try:
            return getattr(client, method)(**asked)
        except ClientError as error:
            if code_of(error) != "NoSuchState":
                raise
            raise NoSuchState(
                f"the server knows no state at s3://{bucket}/{key}",
                "Nothing that is written there is refused. Check the key: holdfast states",
            ) from error


def _leave(answer: Any) -> Leave:
    return _read(answer["Override"])


def _read(said: Any) -> Leave:
    return Leave(
        said["Bucket"],
        said["Key"],
        said["By"],
        said.get("Reason", ""),
        said["Granted"],
        said["Until"],
    )

"""The two places of a lock: an item in the lock table, and a lock file beside the state.

Each writes only where nothing is, and removes only what it is told to remove. Source: Terraform's
`internal/backend/remote-state/s3/client.go`; conditions: the pages of PutItem, DeleteItem, PutObject
and DeleteObject in AWS's API references.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from holdfast.client import object_headers
from holdfast.client.connect import Connection
from holdfast.client.errors import AccessDenied, ServiceFailed
from holdfast.client.translate import (
    Call,
    attempts_before,
    code_of,
    of_answer,
    status_of,
    translated,
)
from holdfast.terraform.address import StateAddress

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_CONFLICT = {"ConditionalRequestConflict", "OperationAborted"}
_ABSENT = {"NoSuchKey", "404", "NotFound"}
_CONFLICTS = 5  # how often a write is repeated that met another one at the same moment


@dataclass(frozen=True, slots=True)
class Kept:
    """A lock as it lies in a place."""

    document: str  # the bytes of the lock document, as text
    etag: str = ""  # of a lock file
    # `Info` as it is in the table, where it is not the document as a string: empty, a number, a map.
    value: Mapping[str, Any] | None = field(default=None, hash=False)


class Occupied(Exception):
    """A place holds another lock already.

    Attributes:
        kept: that lock; None if it was released before it could be read.
    """

    def __init__(self, kept: Kept | None) -> None:
        super().__init__(kept)
        self.kept = kept


class Gone(Exception):
    """The lock that was to be removed is not there.

    Attributes:
        kept: the lock that is there instead; None if there is none.
    """

    def __init__(self, kept: Kept | None) -> None:
        super().__init__(kept)
        self.kept = kept


class Place(Protocol):
    """Somewhere a lock can lie. Every method may raise the errors of `translate`."""

    name: str

    def put(self, address: StateAddress, document: str) -> Kept:
        """Put a lock there. Raises Occupied."""

    def read(self, address: StateAddress) -> Kept | None:
        """Return the lock that lies there."""

    def remove(self, address: StateAddress, kept: Kept) -> None:
        """Remove exactly this lock. Raises Gone."""


class Table:
    """The lock table: an item whose `LockID` is the state's, with the document as `Info`."""

    name = "table"

    def __init__(self, connection: Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    def put(self, address: StateAddress, document: str) -> Kept:
        """Put a lock there. Raises Occupied."""
        from botocore.exceptions import ClientError

        call = self._call("lock", "PutItem", address)
        with translated(call):
            try:
                self._connection.dynamodb.put_item(
                    TableName=self._table,
                    Item={"LockID": {"S": address.lock_id}, "Info": {"S": document}},
                    ConditionExpression="attribute_not_exists(LockID)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                there = _item_of(error.response) or _holder(self, address)
                if there is None or there.document != document:
                    raise Occupied(there) from error
                # Our own: the answer to the first attempt was lost, the SDK's second one met it.
        return Kept(document)

    def read(self, address: StateAddress) -> Kept | None:
        """Return the lock that lies there."""
        with translated(self._call("read the lock of", "GetItem", address)):
            answer = self._connection.dynamodb.get_item(
                TableName=self._table,
                Key={"LockID": {"S": address.lock_id}},
                ProjectionExpression="LockID, Info",
                ConsistentRead=True,
            )
        return _item_of(answer)

    def remove(self, address: StateAddress, kept: Kept) -> None:
        """Remove exactly this lock. Raises Gone."""
        from botocore.exceptions import ClientError

        with translated(self._call("unlock", "DeleteItem", address)):
            try:
                self._connection.dynamodb.delete_item(
                    TableName=self._table,
                    Key={"LockID": {"S": address.lock_id}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **_unchanged(kept),
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                there = _item_of(error.response) or self.read(address)
                if there is None and attempts_before(error.response):
                    return  # an earlier attempt removed it, and its answer was lost
                raise Gone(there) from error

    def _call(self, doing: str, operation: str, address: StateAddress) -> Call:
        arn = f"arn:aws:dynamodb:*:*:table/{self._table}"
        return Call(f"{doing} {address.url} in table {self._table}", f"dynamodb:{operation}", arn)


def _holder(place: Place, address: StateAddress) -> Kept | None:
    """Return the lock that refused ours. Where we may not read it, it is one all the same."""
    try:
        return place.read(address)
    except (AccessDenied, ServiceFailed):
        return Kept("")


def _unchanged(kept: Kept) -> dict[str, Any]:
    """Return the condition that an item holds what was seen, and nothing else."""
    value = kept.value or ({"S": kept.document} if kept.document else None)
    if value is None:
        return {"ConditionExpression": "attribute_not_exists(Info)"}
    return {
        "ConditionExpression": "Info = :info",
        "ExpressionAttributeValues": {":info": value},
    }


def kept_in(item: Mapping[str, Any]) -> Kept:
    """Return the lock in an item of the table; what is not a string is shown with its type."""
    value = item.get("Info")
    if value is None:
        return Kept("")
    text = value.get("S")
    if text:
        return Kept(text)
    return Kept("" if text == "" else f"not a string: {value}", value=value)


def _item_of(answer: Any) -> Kept | None:
    item = answer.get("Item")
    return kept_in(item) if item else None


class File:
    """The lock file: an object beside the state whose body is the document."""

    name = "file"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, address: StateAddress, document: str) -> Kept:
        """Put a lock there. Raises Occupied."""
        from botocore.exceptions import ClientError

        for attempt in range(_CONFLICTS):
            call = self._call("lock", "PutObject", address)
            with translated(call):
                try:
                    answer = self._connection.s3.put_object(
                        Bucket=address.bucket,
                        Key=address.lock_file_key,
                        Body=document.encode(),
                        IfNoneMatch="*",
                        **object_headers.for_lock_file(self._connection.settings),
                    )
                    return Kept(document, answer.get("ETag", ""))
                except ClientError as error:
                    if code_of(error) in _CONFLICT and attempt + 1 < _CONFLICTS:
                        time.sleep(0.1 * (attempt + 1))
                        continue
                    if status_of(error) == 501:
                        raise self._no_conditions(error) from error
                    if status_of(error) != 412:
                        raise
                    there = _holder(self, address)
                    if there is None or there.document != document:
                        raise Occupied(there) from error
                    return there  # our own, see Table.put
        raise AssertionError

    def _no_conditions(self, error: "ClientError") -> ServiceFailed:
        return ServiceFailed(
            f"{self._connection.s3.meta.endpoint_url} does not know If-None-Match on PutObject, "
            "so a lock file locks nothing there",
            "Use dynamodb_table instead of use_lockfile, or another store.",
            code=code_of(error),
        )

    def read(self, address: StateAddress) -> Kept | None:
        """Return the lock that lies there."""
        from botocore.exceptions import ClientError

        with translated(self._call("read the lock of", "GetObject", address)):
            try:
                answer = self._connection.s3.get_object(
                    Bucket=address.bucket,
                    Key=address.lock_file_key,
                    **object_headers.for_read(self._connection.settings),
                )
                body = answer["Body"].read()
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
        return Kept(body.decode(errors="replace"), answer.get("ETag", ""))

    def remove(self, address: StateAddress, kept: Kept) -> None:
        """Remove exactly this lock. Raises Gone."""
        honoured = self._connection.conditional_deletes
        if not honoured or not kept.etag:
            # The store may ignore the condition, so we look first, as Terraform does.
            there = self.read(address)
            if there is None or there.document != kept.document:
                raise Gone(there)
            kept = there
        if honoured is None and self._ignored_a_wrong_condition(address):
            return
        self._delete(address, kept.etag if self._connection.conditional_deletes else None)

    def _ignored_a_wrong_condition(self, address: StateAddress) -> bool:
        """Find out whether If-Match is honoured, with a condition that cannot hold.

        A store that ignores it has removed the lock, which was ours and had to go.
        """
        from botocore.exceptions import ClientError

        call = self._call("unlock", "DeleteObject", address)
        with translated(call):
            try:
                self._connection.s3.delete_object(
                    Bucket=address.bucket, Key=address.lock_file_key, IfMatch='"not-this-one"'
                )
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    raise Gone(None) from error
                if status_of(error) not in {400, 412, 501}:
                    raise
                if not isinstance(of_answer(error, call), ServiceFailed):
                    raise  # 400 is also how S3 says that credentials have expired
                self._connection.found_conditional_deletes(status_of(error) == 412)
                return False
        self._connection.found_conditional_deletes(False)
        return True

    def _delete(self, address: StateAddress, etag: str | None) -> None:
        from botocore.exceptions import ClientError

        condition: dict[str, Any] = {"IfMatch": etag} if etag else {}
        with translated(self._call("unlock", "DeleteObject", address)):
            try:
                self._connection.s3.delete_object(
                    Bucket=address.bucket, Key=address.lock_file_key, **condition
                )
            except ClientError as error:
                if code_of(error) not in _ABSENT and status_of(error) != 412:
                    raise
                there = self.read(address)
                if there is None and attempts_before(error.response):
                    return  # an earlier attempt removed it, and its answer was lost
                raise Gone(there) from error

    def _call(self, doing: str, operation: str, address: StateAddress) -> Call:
        where = f"{address.bucket}/{address.lock_file_key}"
        return Call(
            f"{doing} {address.url} with s3://{where}", f"s3:{operation}", f"arn:aws:s3:::{where}"
        )


def places_of(connection: Connection) -> tuple[Place, ...]:
    """Return the places the settings name, in the order in which Terraform takes them."""
    made: dict[str, Place] = {"file": File(connection)}
    if connection.settings.dynamodb_table:
        made["table"] = Table(connection, connection.settings.dynamodb_table)
    return tuple(made[name] for name in connection.settings.lock_places)

"""The digest items of the lock table: read, written, removed."""

import time

from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.translate import Call, translated
from holdfast.terraform.address import StateAddress

_TRIES = 3  # attempts to write, each of which the SDK repeats too
_PAUSE = 0.5  # seconds before the second, doubled each time


class Digests:
    """The digests in a lock table. Without a table there are none, and nothing is written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = connection.settings.dynamodb_table

    @property
    def kept(self) -> bool:
        """Whether there is a table."""
        return bool(self._table)

    def read(self, address: StateAddress) -> str | None:
        """Return the digest of a state as it is stored, or None if there is none.

        Raises:
            HoldfastError: the table cannot be read.
        """
        if not self._table:
            return None
        with translated(self._call("read the digest of", "GetItem", address)):
            answer = self._connection.dynamodb.get_item(
                TableName=self._table,
                Key={"LockID": {"S": address.digest_id}},
                ProjectionExpression="LockID, Digest",
                ConsistentRead=True,
            )
        item = answer.get("Item")
        return item.get("Digest", {}).get("S") if item else None

    def write(self, address: StateAddress, digest: str | None) -> None:
        """Store the digest of a state; None removes it. Tried several times.

        Raises:
            HoldfastError: it could not be stored.
        """
        attempt = 1
        while self._table:
            try:
                self._write_once(address, digest)
            except HoldfastError:
                if attempt == _TRIES:
                    raise
                time.sleep(_PAUSE * 2.0 ** (attempt - 1))
                attempt += 1
            else:
                return

    def _write_once(self, address: StateAddress, digest: str | None) -> None:
        key = {"LockID": {"S": address.digest_id}}
        if digest is None:
            with translated(self._call("remove the digest of", "DeleteItem", address)):
                self._connection.dynamodb.delete_item(TableName=self._table or "", Key=key)
            return
        with translated(self._call("store the digest of", "PutItem", address)):
            self._connection.dynamodb.put_item(
                TableName=self._table or "", Item={**key, "Digest": {"S": digest}}
            )

    def mending(self, address: StateAddress, digest: str | None) -> str:
        """Return the `aws` command that stores or removes a digest by hand."""
        settings = self._connection.settings
        key = f'{{"LockID":{{"S":"{address.digest_id}"}}'
        where = f"--table-name {self._table} --region {self._connection.region}"
        endpoint = settings.endpoints.dynamodb
        where += f" --endpoint-url {endpoint}" if endpoint else ""
        where += f" --profile {settings.profile}" if settings.profile else ""
        if digest is None:
            return f"aws dynamodb delete-item {where} --key '{key}}}'"
        item = f'{key},"Digest":{{"S":"{digest}"}}}}'
        return f"aws dynamodb put-item {where} --item '{item}'"

    def _call(self, doing: str, operation: str, address: StateAddress) -> Call:
        arn = f"arn:aws:dynamodb:*:*:table/{self._table}"
        return Call(f"{doing} {address.url} in table {self._table}", f"dynamodb:{operation}", arn)

"""Objects and items for the rules: read, written and dropped within the transaction at hand."""

from collections.abc import Mapping

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket, Object, Table
from holdfast.server.dynamodb import values
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.storage import OpenTable, opened
from holdfast.server.dynamodb.watched import is_watched
from holdfast.server.judging import Attributes
from holdfast.server.operation import Snapshot, Transaction
from holdfast.server.s3 import versions
from holdfast.server.s3.customer_keys import CUSTOMER
from holdfast.server.s3.found import version_in
from holdfast.server.s3.reading import content, extents

_LARGEST = 64 << 20  # bytes of an object that is read within a transaction


class ServerStores:
    """What `holdfast.server.judging.Stores` says, over this server's own records."""

    def read_object(self, tx: Snapshot, bucket: str, key: str) -> bytes | None:
        """Return the newest version's bytes; None if there is none, or it cannot be read here."""
        found = tx.get(Bucket, bucket)
        newest = tx.get(Object, bucket, key)
        if found is None or newest is None or newest.delete_marker or newest.size > _LARGEST:
            return None
        opened = version_in(tx, found, key, None, method="GET")
        if opened.version.encryption.algorithm == CUSTOMER:
            return None
        try:
            body = content(tx, extents(tx, opened, None, 0, opened.version.size))
        except ServiceError:  # of KMS: its key is switched off
            return None
        return body if isinstance(body, bytes) else b"".join(body.pieces)

    def has_object(self, tx: Snapshot, bucket: str, key: str) -> bool:
        """Say whether there is an object."""
        newest = tx.get(Object, bucket, key)
        return newest is not None and not newest.delete_marker

    def drop_object(self, tx: Transaction, bucket: str, key: str) -> None:
        """Delete an object, as a DELETE without a version does."""
        found = tx.get(Bucket, bucket)
        if found is not None and self.has_object(tx, bucket, key):
            versions.delete(tx, found, key)

    def read_item(self, tx: Snapshot, table: str, key: str) -> Attributes | None:
        """Return an item by the value of its hash key."""
        found = _table(tx, table)
        return None if found is None else found.load(tx, _key(key))

    def put_item(self, tx: Transaction, table: str, key: str, texts: Mapping[str, str]) -> None:
        """Write an item of texts besides its hash key; nothing happens if there is no such table."""
        found = _table(tx, table)
        if found is None:
            return
        whole = {found.record.hash_key: key, **texts}
        size = sum(
            values.text_bytes(name) + values.text_bytes(text) for name, text in whole.items()
        )
        replaced = found.find(tx, _key(key)) if found.ttl_attribute else None
        item = {name: {"S": text} for name, text in whole.items()}
        found.save(tx, _key(key), item, size, replaced)

    def drop_item(self, tx: Transaction, table: str, key: str) -> None:
        """Delete an item, if it is there."""
        found = _table(tx, table)
        record = None if found is None else found.find(tx, _key(key))
        if found is not None and record is not None:
            found.drop(tx, _key(key), record)

    def seal(self, tx: Snapshot, plain: bytes, *bound_to: str) -> bytes:
        """Encrypt under the root key."""
        return tx.site.vault.seal(plain, *bound_to)

    def unseal(self, tx: Snapshot, sealed: bytes, *bound_to: str) -> bytes:
        """Decrypt what `seal` made."""
        return tx.site.vault.unseal(sealed, *bound_to)


def _table(tx: Snapshot, name: str) -> OpenTable | None:
    """Return a table that the rules watch; None if there is none, or one of another form."""
    table = tx.get(Table, name)
    return None if table is None or not is_watched(tx, table) else opened(tx, table)


def _key(value: str) -> ItemKey:
    """Return the key in such a table; what has a state's name in it is never too long."""
    return ItemKey(value.encode())

"""Tables and their items as records: looked up, encrypted, kept in step with their time to live."""

from collections.abc import Mapping

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import CorruptData
from holdfast.engine.records import Expiry, Item, Table
from holdfast.engine.vault import binding, seal, unseal
from holdfast.server.dynamodb import keys
from holdfast.server.dynamodb.data_keys import open_data_key
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.names import table_name
from holdfast.server.dynamodb.values import Attributes, AttributeValue
from holdfast.server.operation import Snapshot, Transaction

# In `Table.settings`: the attribute that says when an item ends.
TTL_ATTRIBUTE = "TimeToLiveAttribute"
_LATEST = 2**53  # seconds; anything later never comes


def find_table(tx: Snapshot, given: str) -> Table:
    """Return the table that a `TableName` parameter names.

    Raises:
        ServiceError: ResourceNotFoundException, or ValidationException for a malformed name.
    """
    table = tx.get(Table, table_name(tx.site, given))
    if table is None:
        raise ServiceError("ResourceNotFoundException", "Requested resource not found")
    return table


def describe_table(tx: Snapshot, given: str) -> Table:
    """Return a table for an operation on the table itself, whose error names it.

    Raises:
        ServiceError: as `find_table`.
    """
    name = table_name(tx.site, given)
    table = tx.get(Table, name)
    if table is None:
        raise ServiceError(
            "ResourceNotFoundException", f"Requested resource not found: Table: {name} not found"
        )
    return table


class OpenTable:
    """A table whose data key is at hand, for the length of one transaction."""

    __slots__ = ("_key", "record", "watched_key")

    def __init__(self, record: Table, data_key: bytes, watched_key: str = "") -> None:
        """Join a table and its opened data key.

        Args:
            record: the table.
            data_key: opened.
            watched_key: the hash key of the tables that the rules watch.
        """
        self.record = record
        self.watched_key = watched_key
        self._key = data_key

    @property
    def ttl_attribute(self) -> str:
        """The attribute that says when an item ends, or ""."""
        return str(self.record.settings.get(TTL_ATTRIBUTE, ""))

    def attributes(self, item: Item) -> Attributes:
        """Decrypt an item.

        Raises:
            CorruptData: it was changed or moved.
        """
        bound_to = _bound_to(item.table_id, item.hash, item.range)
        return _unpacked(unseal(self._key, item.data, bound_to))

    def find(self, tx: Snapshot, key: ItemKey) -> Item | None:
        """Return the item record with a key."""
        return tx.get(Item, self.record.table_id, *key)

    def load(self, tx: Snapshot, key: ItemKey) -> Attributes | None:
        """Return the attributes of the item with a key."""
        item = self.find(tx, key)
        return None if item is None else self.attributes(item)

    def save(
        self,
        tx: Transaction,
        key: ItemKey,
        attributes: Mapping[str, AttributeValue],
        size: int,
        replaced: Item | None,
    ) -> None:
        """Write an item.

        Args:
            tx: the transaction under way.
            key: its key, encoded.
            attributes: its checked attributes.
            size: bytes as DynamoDB counts them.
            replaced: the record that was there.
        """
        table_id = self.record.table_id
        if self.ttl_attribute:
            self._forget_expiry(tx, replaced)
            self.note_expiry(tx, key, attributes)
        bound_to = _bound_to(table_id, *key)
        data = seal(self._key, _packed(attributes), bound_to, tx.site.random)
        tx.put(Item(table_id=table_id, hash=key.hash, range=key.range, data=data, size=size))

    def drop(self, tx: Transaction, key: ItemKey, item: Item) -> None:
        """Remove an item.

        Args:
            tx: the transaction under way.
            key: its key, encoded.
            item: the record that is there.
        """
        if self.ttl_attribute:
            self._forget_expiry(tx, item)
        tx.drop(Item, self.record.table_id, *key)

    def note_expiry(
        self, tx: Transaction, key: ItemKey, attributes: Mapping[str, AttributeValue]
    ) -> None:
        """Write down when an item ends, if it says so in the table's TTL attribute."""
        at = ends_at(attributes.get(self.ttl_attribute))
        if at is not None:
            table_id = self.record.table_id
            tx.put(Expiry(table_id=table_id, at=at, hash=key.hash, range=key.range))

    def _forget_expiry(self, tx: Transaction, item: Item | None) -> None:
        if item is None:
            return
        at = ends_at(self.attributes(item).get(self.ttl_attribute))
        if at is not None:
            tx.drop(Expiry, self.record.table_id, at, item.hash, item.range)


def open_table(tx: Snapshot, given: str) -> OpenTable:
    """Return the table that a `TableName` parameter names, ready to read and write items.

    Raises:
        ServiceError: ResourceNotFoundException, ValidationException for a malformed name, or
            AccessDeniedException when its KMS key is not usable.
    """
    return opened(tx, find_table(tx, given))


def opened(tx: Snapshot, table: Table) -> OpenTable:
    """Return a table, ready to read and write items.

    Raises:
        ServiceError: AccessDeniedException when its KMS key is not usable.
    """
    return OpenTable(table, open_data_key(tx, table), tx.rules.item_key)


def ends_at(value: AttributeValue | None) -> int | None:
    """Return the second since the epoch that a TTL attribute says, None if it says none.

    Only numbers count: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
    """
    if value is None or "N" not in value:
        return None
    whole = value["N"].partition(".")[0]
    if len(whole) > 17 or whole.startswith("-"):
        return None
    at = int(whole)
    return at if at < _LATEST else None


def key_attributes(table: Table, attributes: Mapping[str, AttributeValue]) -> Attributes:
    """Return only the key of an item."""
    return {name: attributes[name] for name in keys.names(table)}


def _bound_to(table_id: bytes, hashed: bytes, ranged: bytes) -> bytes:
    return binding("item", table_id, hashed, ranged)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


def _packed(attributes: Mapping[str, AttributeValue]) -> bytes:
    return _encoder.encode(attributes)


def _unpacked(data: bytes) -> Attributes:
    try:
        attributes: Attributes = _decoder.decode(data)
    except msgspec.MsgspecError:
        raise CorruptData("an item does not decode") from None
    return attributes

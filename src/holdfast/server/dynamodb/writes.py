"""One write of one item, alone or in a transaction: planned from the request, judged, carried out."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from holdfast.engine.records import Item, Table
from holdfast.server.dynamodb import keys, values
from holdfast.server.dynamodb.expressions.conditions import holds
from holdfast.server.dynamodb.expressions.nodes import Condition, Update
from holdfast.server.dynamodb.expressions.paths import PathTree
from holdfast.server.dynamodb.expressions.request import Expressions
from holdfast.server.dynamodb.expressions.updates import apply
from holdfast.server.dynamodb.keys import ItemKey
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.storage import OpenTable
from holdfast.server.dynamodb.values import MAX_ITEM_BYTES, Attributes
from holdfast.server.dynamodb.watched import watched
from holdfast.server.judging import ItemWrite, Refusal
from holdfast.server.operation import Snapshot, Transaction
from holdfast.server.withheld import as_told

KeyOf = Callable[[Table, Attributes], ItemKey]
_TOO_LARGE = "Item size has exceeded the maximum allowed size"
_UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"


class Write(msgspec.Struct, frozen=True):
    """What a request wants done to one item. Without item and update it deletes, or only checks."""

    table: OpenTable
    key: ItemKey
    condition: Condition | None
    item: Attributes | None = None  # put this
    size: int = 0  # of `item`
    key_attributes: Attributes | None = None  # of an update
    update: Update | None = None
    touched: PathTree | None = None  # the paths of the update
    return_item_on_failure: bool = False
    deletes: bool = False
    watched: str = ""  # the value of the hash key, in a table that the rules watch


class Outcome(msgspec.Struct, frozen=True):
    """What a write did."""

    before: Attributes | None  # None as well when nobody needed it decrypted
    after: Attributes | None
    size_before: int
    size_after: int


class ConditionFailed(Exception):
    """The condition of a write does not hold. `item` is what was there, if the request wants it."""

    def __init__(self, item: Attributes | None) -> None:
        super().__init__("the condition does not hold")
        self.item = item


def plan_put(table: OpenTable, params: Mapping[str, Any], key_of: KeyOf = keys.of_item) -> Write:
    """Read a PutItem request, or a Put of a transaction or a batch.

    Args:
        table: where the item belongs.
        params: the request.
        key_of: what takes the key from the item.

    Raises:
        ServiceError: ValidationException.
    """
    expressions = Expressions(params, "ConditionExpression")
    condition = expressions.condition()
    expressions.finish()
    item = values.checked_attributes(params["Item"])
    size = values.item_size(item)
    if size > MAX_ITEM_BYTES:
        raise invalid(_TOO_LARGE)
    key = key_of(table.record, item)
    return Write(
        table,
        key,
        condition,
        item=item,
        size=size,
        return_item_on_failure=_returns_item(params),
        watched=watched(table, item),
    )


def plan_delete(table: OpenTable, params: Mapping[str, Any], *, deletes: bool = True) -> Write:
    """Read a DeleteItem request, or a Delete or (with `deletes=False`) ConditionCheck.

    Raises:
        ServiceError: ValidationException.
    """
    expressions = Expressions(params, "ConditionExpression")
    condition = expressions.condition()
    expressions.finish()
    key, _ = keys.of_key(table.record, params["Key"])
    returns = _returns_item(params)
    return Write(
        table,
        key,
        condition,
        return_item_on_failure=returns,
        deletes=deletes,
        watched=watched(table, params["Key"]),
    )


def plan_update(table: OpenTable, params: Mapping[str, Any]) -> Write:
    """Read an UpdateItem request, or an Update of a transaction.

    Raises:
        ServiceError: ValidationException.
    """
    expressions = Expressions(params, "UpdateExpression", "ConditionExpression")
    bound = expressions.update()
    condition = expressions.condition()
    expressions.finish()
    update, touched = bound if bound is not None else (Update(()), {})
    keys.require_untouched(table.record, touched)
    key, attributes = keys.of_key(table.record, params["Key"])
    return Write(
        table,
        key,
        condition,
        key_attributes=attributes,
        update=update,
        touched=touched,
        return_item_on_failure=_returns_item(params),
        watched=watched(table, attributes),
    )


def _returns_item(params: Mapping[str, Any]) -> bool:
    return params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


class ItemRefused(Exception):
    """A rule refuses a write. What the rules wrote down about it is to be kept."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class _AlreadyDone(Exception):
    """What a write asks for was done before."""


def judge(tx: Snapshot, write: Write) -> tuple[Item | None, Attributes | None]:
    """Check a write's condition; return the record that is there, and its attributes if read.

    Raises:
        ConditionFailed: the condition does not hold.
    """
    record = write.table.find(tx, write.key)
    if write.condition is None and write.update is None:
        return record, None
    before = None if record is None else write.table.attributes(record)
    if write.watched and write.condition is not None and write.item is None:
        shown = tx.rules.shown_item(tx, write.table.record.name, write.watched, to_delete=True)
        before = dict(shown) if shown is not None else before
    if write.condition is not None and not holds(write.condition, before or {}):
        raise ConditionFailed(before if write.return_item_on_failure else None)
    return record, before


def carry_out(tx: Transaction, write: Write, *, want_before: bool = False) -> Outcome:
    """Judge a write and do it.

    Args:
        tx: the transaction under way.
        write: what to do.
        want_before: whether the outcome must have the attributes that were there.

    Raises:
        ConditionFailed: the condition does not hold.
        ItemRefused: a rule refuses it.
        ServiceError: ValidationException: an update does not fit the item, or makes it too large.
    """
    try:
        return _carry_out(tx, write, want_before=want_before)
    except _AlreadyDone:
        return Outcome(None, write.item, write.size, write.size)


def _ask(tx: Transaction, write: Write, item: Attributes | None, *, present: bool) -> None:
    """Let the rules judge a write to a table that they watch."""
    asked = ItemWrite(write.table.record.name, write.watched, item, present)
    verdict = tx.rules.write_item(tx, asked)
    if isinstance(verdict, Refusal):
        bucket, _, key = write.watched.partition("/")
        raise ItemRefused(as_told(tx, verdict, bucket, key))
    if verdict is not None:
        raise _AlreadyDone


def _carry_out(tx: Transaction, write: Write, *, want_before: bool) -> Outcome:
    if write.watched and write.item is not None:
        present = write.table.find(tx, write.key) is not None
        _ask(tx, write, write.item, present=present)
    record, before = judge(tx, write)
    if want_before and before is None and record is not None:
        before = write.table.attributes(record)
    size_before = 0 if record is None else record.size
    if write.update is not None:
        after = apply(write.update, before if before is not None else write.key_attributes or {})
        size_after = values.item_size(after)
        if size_after > MAX_ITEM_BYTES:
            raise invalid(_UPDATE_TOO_LARGE)
        if write.watched:
            _ask(tx, write, after, present=record is not None)
    elif write.item is not None:
        after, size_after = write.item, write.size
    else:
        if write.deletes and write.watched:
            _ask(tx, write, None, present=record is not None)
        if write.deletes and record is not None:
            write.table.drop(tx, write.key, record)
        return Outcome(before, None, size_before, 0)
    write.table.save(tx, write.key, after, size_after, record)
    return Outcome(before, after, size_before, size_after)

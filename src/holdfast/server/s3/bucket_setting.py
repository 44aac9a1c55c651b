"""What a bucket setting is: one row of a table gives its Get, Put and Delete operations."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import (
    Answer,
    Operation,
    Params,
    Result,
    Snapshot,
    Transaction,
    operation,
)
from holdfast.server.s3.bucket_lookup import bucket_of

Check = Callable[[Snapshot, Bucket, Any], Any]


def as_given(_tx: Snapshot, _bucket: Bucket, given: Any) -> Any:
    """Accept a setting that has nothing to check."""
    return given


class BucketSetting(msgspec.Struct, frozen=True):
    """A bucket setting and its operations.

    Args:
        member: the payload member of the Put operation, and the name in `Bucket.settings`.
        get: the name of the Get operation.
        put: the name of the Put operation; none if empty.
        delete: the name of the Delete operation; none if empty.
        absent: what Get answers when nothing was put: an error code, or a configuration.
        flat: whether Get answers with the members of the configuration rather than the whole of it.
        check: refuses what is not valid and returns what to keep.
        refuse: refuses a Put that is valid, for what else its request says.
        put_status: the HTTP status of Put where AWS answers another one than its model says.
    """

    member: str
    get: str
    put: str = ""
    delete: str = ""
    absent: str | Mapping[str, Any] = ""
    flat: bool = False
    check: Check = as_given
    refuse: Callable[[Snapshot, Bucket, Params], None] | None = None
    put_status: int | None = None

    def operations(self) -> tuple[Operation[Any], ...]:
        """Return the operations of this setting."""
        found: list[Operation[Any]] = [_get_operation(self)]
        if self.put:
            found.append(_put_operation(self))
        if self.delete:
            found.append(_delete_operation(self))
        return tuple(found)


def with_setting(bucket: Bucket, member: str, value: Any) -> Bucket:
    """Return the bucket with this setting, or without it if the value is None."""
    kept = {name: old for name, old in bucket.settings.items() if name != member}
    if value is not None:
        kept[member] = value
    return msgspec.structs.replace(bucket, settings=kept)


def _get_operation(setting: BucketSetting) -> Operation[Snapshot]:
    def get(tx: Snapshot, params: Params) -> Result:
        bucket = bucket_of(tx, params)
        value = bucket.settings.get(setting.member)
        if value is None:
            if isinstance(setting.absent, str):
                raise ServiceError(setting.absent, BucketName=bucket.name)
            value = setting.absent
        return value if setting.flat else {setting.member: value}

    return operation(setting.get)(get)


def _put_operation(setting: BucketSetting) -> Operation[Transaction]:
    def put(tx: Transaction, params: Params) -> Result:
        bucket = bucket_of(tx, params)
        value = setting.check(tx, bucket, params[setting.member])
        if setting.refuse is not None:
            setting.refuse(tx, bucket, params)
        tx.put(with_setting(bucket, setting.member, value))
        return Answer({}, status=setting.put_status)

    return operation(setting.put, writes=True)(put)


def _delete_operation(setting: BucketSetting) -> Operation[Transaction]:
    def delete(tx: Transaction, params: Params) -> Result:
        bucket = bucket_of(tx, params)
        if setting.member in bucket.settings:
            tx.put(with_setting(bucket, setting.member, None))
        return None

    return operation(setting.delete, writes=True)(delete)

"""Reading the KMS key: the one under our alias, or one that was named."""

from typing import Any

import msgspec

from holdfast.client.connect import Connection
from holdfast.client.translate import Call
from holdfast.operations.bootstrap.actual import NOT_OFFERED, Thing, foreign_tags
from holdfast.operations.bootstrap.arns import key_call
from holdfast.operations.bootstrap.asking import ask
from holdfast.operations.bootstrap.desired import MARK, Desired
from holdfast.operations.bootstrap.refusals import NotAvailable

ALIAS_TAG = "holdfast-alias"  # on our key: under which alias it belongs
_GONE = {"NotFoundException"}


def read_key(connection: Connection, desired: Desired) -> Thing | None:
    """Return the key that the bucket should be encrypted with, if it exists.

    Raises:
        NotAvailable: the endpoint has no KMS.
    """
    if desired.encryption.mode != "kms":
        return None
    reference = desired.encryption.key or desired.alias
    found = _described(connection, reference)
    if not desired.makes_key:
        return _named(reference, found)
    if found is None:
        found = _left_by_a_stopped_run(connection, desired.alias)
        return _ours(connection, desired, found, alias=None) if found else None
    return _ours(connection, desired, found, alias=desired.alias)


def with_own_key(connection: Connection, desired: Desired) -> Desired:
    """Return the desired state with its named key as bootstrap's own, if bootstrap makes it.

    A backend block names the key that bootstrap made for the bucket, or an alias that no key has yet.
    Any other key stays a named one: nothing is done to it.

    Raises:
        NotAvailable: the endpoint has no KMS.
    """
    reference = desired.encryption.key
    if not reference:
        return desired
    ours = msgspec.structs.replace(desired.encryption, key=None)
    unnamed = msgspec.structs.replace(desired, encryption=ours)
    found = _described(connection, reference)
    if found is None:
        alias = reference.startswith("alias/") and not reference.startswith("alias/aws/")
        if not alias:
            return desired
        named = msgspec.structs.replace(ours, alias=reference)
        return msgspec.structs.replace(desired, encryption=named)
    return unnamed if _made_for(connection, found, unnamed.alias) else desired


def _made_for(connection: Connection, found: Any, alias: str) -> bool:
    from holdfast.client.errors import AccessDenied

    if found.get("KeyManager") != "CUSTOMER":
        return False
    try:
        tags = _tags(connection, found["KeyId"])
    except AccessDenied:
        return False
    wanted = {MARK[0]: MARK[1], ALIAS_TAG: alias}
    return tags is not NOT_OFFERED and wanted.items() <= tags.items()


def _described(connection: Connection, reference: str) -> Any:
    answer = ask(
        key_call(f"look at the key {reference}", "DescribeKey", reference),
        lambda: connection.kms.describe_key(KeyId=reference),
        _GONE,
    )
    if answer is NOT_OFFERED:
        raise NotAvailable(
            "this endpoint has no KMS",
            "Encrypt with keys of the store instead: --encryption sse-s3",
        )
    return answer["KeyMetadata"] if answer else None


def _named(reference: str, found: Any) -> Thing:
    if found is None:
        missing = f"there is no key {reference} in this account and region"
        return Thing(reference, reference, {}, {}, unusable=missing)
    state = found["KeyState"]
    unusable = "" if state == "Enabled" else f"the key {reference} is {state}"
    if found.get("KeyUsage") != "ENCRYPT_DECRYPT" or found.get("KeySpec") != "SYMMETRIC_DEFAULT":
        unusable = f"S3 and DynamoDB cannot encrypt with {reference}: it is not symmetric"
    return Thing(found["KeyId"], found["Arn"], {}, {}, unusable=unusable)


def _ours(connection: Connection, desired: Desired, found: Any, alias: str | None) -> Thing:
    key_id = found["KeyId"]
    said = _tags(connection, key_id)
    tags: dict[str, str] = {} if said is NOT_OFFERED else said
    live = found["KeyState"] == "Enabled"
    settings: dict[str, Any] = {
        "key.tags": said,
        "key.alias": alias,
        "key.state": found["KeyState"],
        "key.rotation": _rotation(connection, key_id) if live else False,
    }
    foreign = foreign_tags(tags, {**desired.all_tags, ALIAS_TAG: desired.alias})
    managed = found.get("KeyManager") != "CUSTOMER"
    return Thing(
        key_id,
        found["Arn"],
        settings,
        tags,
        () if tags.get(MARK[0]) == MARK[1] else tuple(foreign),
        f"the key under {alias} is managed by AWS" if managed else "",
    )


def _tags(connection: Connection, key_id: str) -> Any:
    call = key_call(f"read the tags of key {key_id}", "ListResourceTags", key_id)
    answer = ask(call, lambda: connection.kms.list_resource_tags(KeyId=key_id))
    if answer is NOT_OFFERED:
        return answer
    return {tag["TagKey"]: tag["TagValue"] for tag in answer["Tags"]}


def _rotation(connection: Connection, key_id: str) -> Any:
    call = key_call(f"read the rotation of key {key_id}", "GetKeyRotationStatus", key_id)
    answer = ask(call, lambda: connection.kms.get_key_rotation_status(KeyId=key_id))
    return answer if answer is NOT_OFFERED else bool(answer["KeyRotationEnabled"])


def _left_by_a_stopped_run(connection: Connection, alias: str) -> Any:
    """Return the description of a key that was made, and has no alias yet; None if there is none."""
    from holdfast.client.errors import AccessDenied
    from holdfast.client.translate import translated

    with translated(Call("list the keys", "kms:ListKeys", "*")):
        pages = connection.kms.get_paginator("list_keys").paginate()
        keys = [key["KeyId"] for page in pages for key in page["Keys"]]
    for key_id in keys:
        try:
            tags = _tags(connection, key_id)
        except AccessDenied:  # a key whose policy leaves us out is none of ours
            continue
        if tags is NOT_OFFERED:
            return None
        if tags.get(ALIAS_TAG) == alias and tags.get(MARK[0]) == MARK[1]:
            found = _described(connection, key_id)
            if found and found["KeyState"] in ("Enabled", "Disabled"):
                return found
    return None

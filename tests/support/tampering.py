"""Ways to change stored records behind a server's back, with what must fail and what is named then."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from damaged_data import BUCKET, OTHER_KEY, Rows, flipped
from in_process import Aws

Reading = Callable[[Aws], object]


def got(key: str, **options: Any) -> Reading:
    """Return a reading of an object's bytes."""
    return lambda aws: aws.s3.get_object(Bucket=BUCKET, Key=key, **options)["Body"].read()


def older(which: int) -> Reading:
    """Return a reading of an older version of `packed`; 0 would be the newest."""

    def reading(aws: Aws) -> object:
        found = aws.s3.list_object_versions(Bucket=BUCKET, Prefix="packed")["Versions"][which]
        return got("packed", VersionId=found["VersionId"])(aws)

    return reading


def item(table: str, name: str) -> Reading:
    """Return a reading of an item."""
    key: Any = {"LockID": {"S": name}}
    return lambda aws: aws.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]


def encrypted(alias: str) -> Reading:
    """Return an encryption under a KMS key."""
    return lambda aws: aws.kms.encrypt(KeyId=alias, Plaintext=b"x")


def head(key: str) -> Reading:
    """Return a reading of an object's description."""
    return lambda aws: aws.s3.head_object(Bucket=BUCKET, Key=key)


def attributes(key: str) -> Reading:
    """Return a reading of an object's attributes."""
    return lambda aws: aws.s3.get_object_attributes(
        Bucket=BUCKET, Key=key, ObjectAttributes=["ETag", "ObjectSize"]
    )


def copied(key: str) -> Reading:
    """Return a copy of an object."""
    return lambda aws: aws.s3.copy_object(
        Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": key}
    )


def listed_with_another_key(aws: Aws) -> object:
    """List buckets with the second access key."""
    named = {
        "aws_access_key_id": OTHER_KEY.access_key_id,
        "aws_secret_access_key": OTHER_KEY.secret,
    }
    return aws.client("s3", **named).list_buckets()


def edit_chunk(change: Callable[[bytes], bytes], key: str, number: int = 0) -> Any:
    """Return a change of one chunk's sealed bytes."""

    def edit(at: Rows) -> None:
        at.edit("chunk", lambda f: f.update(data=change(f["data"])), **at.chunk(key, number))

    return edit


def edit_packed(change: Callable[[bytes], bytes], which: int) -> Any:
    """Return a change of a packed body's sealed bytes."""
    return lambda at: at.edit(
        "packed", lambda f: f.update(data=change(f["data"])), **at.packed(which)
    )


def edit_version(key: str, which: int = 0, **changes: Any) -> Any:
    """Return a change of fields of a version's record."""
    return lambda at: at.edit(
        "object_version", lambda f: f.update(changes), **at.version(key, which)
    )


def edit_item(change: Callable[[bytes], bytes]) -> Any:
    """Return a change of the item x's sealed bytes."""
    return lambda at: at.edit(
        "item", lambda f: f.update(data=change(f["data"])), **at.item("locks", "x")
    )


def swap(kind: str, one: Callable[[Rows], Any], other: Callable[[Rows], Any]) -> Any:
    """Return a swap of two records of a kind."""
    return lambda at: at.swap(kind, one(at), other(at))


def secret_of(at: Rows, alias: str) -> Any:
    """Return the sealed secret of a KMS key."""
    return at.fields("key", **at.kms_key(alias))["materials"]


def swap_secrets(at: Rows) -> None:
    """Swap the secrets of the two KMS keys."""
    one, two = secret_of(at, "kms1"), secret_of(at, "kms2")
    at.edit("key", lambda f: f.update(materials=two), **at.kms_key("kms1"))
    at.edit("key", lambda f: f.update(materials=one), **at.kms_key("kms2"))


def point_back(at: Rows) -> None:
    """Let the key `two` point at its older version, as listings have it."""
    older = at.version("two", 1)
    wanted = at.fields("object_version", **older)
    named = {"bucket": BUCKET, "key": "two"}
    shared = {name: wanted[name] for name in ("version_id", "etag", "size", "last_modified")}
    at.edit("object", lambda f: f.update(shared, order=older["order"]), **named)


def second_secret(at: Rows) -> None:
    """Give the second access key the first one's sealed secret."""
    first = at.fields("access_key", access_key_id="AKIAHOLDFASTTEST0001")["secret"]
    at.edit("access_key", lambda f: f.update(secret=first), access_key_id=OTHER_KEY.access_key_id)


def staged(at: Rows) -> None:
    """Mark a body in use as one that was never linked."""
    record = msgspec.msgpack.encode({"at": datetime(2026, 1, 1, tzinfo=UTC)})
    at.execute("INSERT INTO staged VALUES (?, ?)", (at.chunk("safe")["body_id"], record))


def first(at: Rows, key: str, number: int = 0, body: int = 0) -> Any:
    """Return where a chunk is."""
    return at.chunk(key, number, body)


CASES: dict[str, tuple[Any, list[Reading], list[str]]] = {
    "a flipped byte of a short body": (
        edit_chunk(flipped, "two"),
        [got("two"), copied("two")],
        ["states/two, version "],
    ),
    "a flipped byte in the first chunk": (
        edit_chunk(lambda data: flipped(data, 0), "long"),
        [got("long"), got("long", Range="bytes=0-9")],
        ["states/long, version "],
    ),
    "a flipped byte in the last chunk": (
        edit_chunk(flipped, "long", 2),
        [got("long"), got("long", Range="bytes=2499990-2499999")],
        ["states/long, version "],
    ),
    "chunks of one body swapped": (
        swap("chunk", lambda at: first(at, "long", 0), lambda at: first(at, "long", 1)),
        [got("long")],
        ["states/long, version "],
    ),
    "chunks of two bodies swapped": (
        swap("chunk", lambda at: first(at, "long", 1), lambda at: first(at, "long2", 1)),
        [got("long"), got("long2")],
        ["states/long, version ", "states/long2, version "],
    ),
    "parts of one object swapped": (
        swap("chunk", lambda at: first(at, "parts", 0, 0), lambda at: first(at, "parts", 0, 1)),
        [got("parts")],
        ["states/parts, version "],
    ),
    "a chunk cut short": (
        edit_chunk(lambda data: data[:-1], "long", 1),
        [got("long")],
        ["states/long, version "],
    ),
    "a chunk emptied": (
        edit_chunk(lambda _: b"", "two"),
        [got("two")],
        ["states/two, version "],
    ),
    "a chunk removed": (
        lambda at: at.delete("chunk", **at.chunk("long", 1)),
        [got("long")],
        ["states/long, version "],
    ),
    "the last chunk removed": (
        lambda at: at.delete("chunk", **at.chunk("long", 2)),
        [got("long")],
        ["states/long, version "],
    ),
    "a chunk too many": (
        lambda at: at.execute(
            "INSERT INTO chunk SELECT body_id, 3, record FROM chunk WHERE body_id = ? LIMIT 1",
            (at.chunk("long")["body_id"],),
        ),
        [],
        ["states/long, version "],
    ),
    "a chunk's record replaced": (
        lambda at: at.replace("chunk", b"\x00garbage", **at.chunk("two")),
        [got("two")],
        ["the database", "states/two, version "],
    ),
    "a flipped byte of a packed body": (
        edit_packed(flipped, 2),
        [older(2)],
        ["states/packed, version "],
    ),
    "a flipped byte of a packed body that another hangs on": (
        edit_packed(flipped, 1),
        [older(1), older(2)],
        ["states/packed, version "] * 2,
    ),
    "packed bodies swapped": (
        swap("packed", lambda at: at.packed(1), lambda at: at.packed(2)),
        [older(1), older(2)],
        ["states/packed, version "] * 2 + ["body "] * 4,
    ),
    "a packed body removed": (
        lambda at: at.delete("packed", **at.packed(1)),
        [older(1), older(2)],
        ["states/packed, version "] * 2 + ["body "],
    ),
    "a packed body led to another base": (
        lambda at: at.edit(
            "packed", lambda f: f.update(base_id=at.packed(0)["body_id"]), **at.packed(2)
        ),
        [older(2)],
        ["states/packed, version "] + ["body "] * 2,
    ),
    "a base that may go": (
        lambda at: at.delete("packed_on", base_id=at.packed(0)["body_id"]),
        [],
        ["body "],
    ),
    "a base marked as one that nothing links": (
        lambda at: at.execute(
            "INSERT INTO orphan VALUES (?, ?)",
            (at.packed(0)["body_id"], msgspec.msgpack.encode({"at": 1})),
        ),
        [],
        ["states/packed, version "],
    ),
    "versions of one key swapped": (
        swap("object_version", lambda at: at.version("two"), lambda at: at.version("two", 1)),
        [got("two"), head("two"), attributes("two"), copied("two")],
        ["states/two, version ", "states/two, version ", "states/two"],
    ),
    "versions of two keys swapped": (
        swap("object_version", lambda at: at.version("long"), lambda at: at.version("long2")),
        [got("long"), got("long2"), head("long")],
        ["states/long, version ", "states/long2, version ", "states/long", "states/long2"],
    ),
    "an ETag edited": (
        edit_version("two", etag="0" * 32),
        [got("two"), head("two"), got("two", IfNoneMatch="0" * 32)],
        ["states/two, version ", "states/two"],
    ),
    "metadata edited": (
        edit_version("two", metadata={"env": "dev"}),
        [got("two"), head("two")],
        ["states/two, version "],
    ),
    "a size edited": (
        edit_version("two", size=3),
        [got("two"), head("two"), attributes("two")],
        ["states/two, version ", "states/two"],
    ),
    "an encryption edited": (
        edit_version("kms1", encryption={"algorithm": "AES256"}),
        [got("kms1"), head("kms1")],
        ["states/kms1, version "],
    ),
    "what opens a body edited": (
        edit_version("two", bodies=b"\x01" + bytes(60)),
        [got("two")],
        ["states/two, version "],
    ),
    "a version's record replaced": (
        lambda at: at.replace("object_version", b"\xc1", **at.version("two", 1)),
        [],
        ["the database", "states/two", "bodies"],
    ),
    "a version made a delete marker": (
        edit_version("two", delete_marker=True),
        [got("two"), head("two")],
        ["states/two, version ", "states/two"],
    ),
    "a key made to point at its older version": (
        point_back,
        [got("two"), head("two")],
        ["states/two"],
    ),
    "a version removed": (
        lambda at: at.delete("object_version", **at.version("two")),
        [got("two"), head("two")],
        ["states/two", "body "],
    ),
    "a key's listing removed": (
        lambda at: at.delete("object", key="two"),
        [got("two")],
        ["states/two"],
    ),
    "a bucket removed": (
        lambda at: at.execute("UPDATE bucket SET name = 'elsewhere'"),
        [],
        [
            f"states/{key}"
            for key in [
                "gone",
                "kms1",
                "kms2",
                "long",
                "long2",
                "packed",
                "parts",
                "safe",
                "two",
                "open",
            ]
        ],
    ),
    "a part's bytes edited": (
        lambda at: at.edit(
            "chunk",
            lambda f: f.update(data=flipped(f["data"])),
            body_id=at.fields("part", number=1)["stored"]["id"],
        ),
        [],
        ["states/open, part 1 of an upload under way"],
    ),
    "a part's record edited": (
        lambda at: at.edit("part", lambda f: f.update(etag="0" * 32), number=1),
        [],
        ["states/open, part 1 of an upload under way"],
    ),
    "an upload removed": (
        lambda at: at.delete("upload", key="open"),
        [],
        ["part 1 of the upload "],
    ),
    "a body in use marked for removal": (staged, [], ["states/safe, version "]),
    "an item's bytes edited": (
        edit_item(flipped),
        [item("locks", "x")],
        ["table locks, item 'x'"],
    ),
    "an item cut short": (
        edit_item(lambda data: data[:20]),
        [item("locks", "x")],
        ["table locks, item 'x'"],
    ),
    "items of one table swapped": (
        swap("item", lambda at: at.item("locks", "x"), lambda at: at.item("locks", "y")),
        [item("locks", "x"), item("locks", "y")],
        ["table locks, item 'x'", "table locks, item 'y'"],
    ),
    "items of two tables swapped": (
        swap("item", lambda at: at.item("locks", "x"), lambda at: at.item("other", "x")),
        [item("locks", "x"), item("other", "x")],
        ["table locks, item 'x'", "table other, item 'x'"],
    ),
    "an item's size edited": (
        lambda at: at.edit("item", lambda f: f.update(size=1), **at.item("locks", "x")),
        [],
        ["table locks, item 'x'"],
    ),
    "a table's key edited": (
        lambda at: at.edit("table", lambda f: f.update(data_key=b"\x01" * 61), name="other"),
        [item("other", "x")],
        ["table other"],
    ),
    "an item's end forgotten": (
        lambda at: at.execute("DELETE FROM expiry"),
        [],
        ["table other, item 'ends'"],
    ),
    "an item gone before its end": (
        lambda at: at.delete("item", **at.item("other", "ends")),
        [],
        ["table other, item 'ends'"],
    ),
    "a KMS key removed": (
        lambda at: at.delete("key", **at.kms_key("kms1")),
        [],
        ["KMS alias/kms1"],
    ),
    "a session's secret edited": (
        lambda at: at.execute("UPDATE session SET access_key_id = 'ASIA0000000000000000'"),
        [],
        ["session key ASIA0000000000000000"],
    ),
    "a table removed": (
        lambda at: at.delete("table", name="other"),
        [],
        ["table with the id "],
    ),
    "secrets of KMS keys swapped": (
        swap_secrets,
        [got("kms1"), got("kms2"), encrypted("alias/kms1")],
        ["KMS key ", "KMS key ", "states/kms1, version ", "states/kms2, version "],
    ),
    "a KMS key without a secret": (
        lambda at: at.edit("key", lambda f: f.update(materials=[]), **at.kms_key("kms1")),
        [got("kms1")],
        ["KMS key ", "states/kms1, version "],
    ),
    "an access key's secret edited": (
        lambda at: at.edit(
            "access_key",
            lambda f: f.update(secret=flipped(f["secret"])),
            access_key_id=OTHER_KEY.access_key_id,
        ),
        [listed_with_another_key],
        [f"access key {OTHER_KEY.access_key_id}"],
    ),
    "an access key with another's secret": (
        second_secret,
        [listed_with_another_key],
        [f"access key {OTHER_KEY.access_key_id}"],
    ),
}

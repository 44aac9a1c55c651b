"""What is stored of a version: edited, swapped or cut, it does not open; verification says so."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from holdfast.engine.port import CorruptData
from holdfast.engine.records import Chunk, Encryption, ObjectVersion
from holdfast.server.s3.verify import verify_version
from s3_handlers import BUCKET, S3, Calls

EDITS: dict[str, Any] = {
    "key": "other",
    "version_id": "null2",
    "size": 3,
    "etag": "0" * 32,
    "metadata": {"a": "2"},
    "headers": {},
    "storage_class": "GLACIER",
    "checksums": {"SHA1": "x"},
    "encryption": Encryption(algorithm="aws:kms"),
    "stored": (),
    "upload_id": "u",
}


def put(calls: Calls, key: str = "k", content: bytes = b"state") -> ObjectVersion:
    """Put an object and return its record."""
    calls.call("PutObject", Key=key, Body=content, Metadata={"a": "1"})
    return next(calls.writer.scan(ObjectVersion, BUCKET, key))


@pytest.mark.parametrize("name", EDITS)
def test_edited_version_does_not_open(store: S3, name: str) -> None:
    """Every field that never changes is bound."""

    def work(calls: Calls) -> None:
        version = put(calls)
        calls.writer.drop(ObjectVersion, BUCKET, "k", version.order)
        edited = msgspec.structs.replace(version, **{name: EDITS[name]})
        calls.writer.put(msgspec.structs.replace(edited, key="k"))
        if name == "key":
            calls.call("PutObject", Key="k", Body=b"x", Metadata={"a": "1"})
            other = next(calls.writer.scan(ObjectVersion, BUCKET, "k"))
            calls.writer.put(
                msgspec.structs.replace(other, bodies=version.bodies, stored=version.stored)
            )
        with pytest.raises(CorruptData):
            calls.call("GetObject", Key="k")

    store.transact(work)


def test_tags_may_change(store: S3) -> None:
    """They are not bound."""

    def work(calls: Calls) -> bytes:
        put(calls)
        calls.call("PutObjectTagging", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        content: bytes = calls.call("GetObject", Key="k")["Body"]
        return content

    assert store.transact(work) == b"state"


def test_sound_version_has_no_problems(store: S3) -> None:
    """And every byte was read."""

    def work(calls: Calls) -> tuple[list[str], int]:
        read: list[int] = []
        return verify_version(calls.tx, put(calls), Counter(), read.append), sum(read)

    assert store.transact(work) == ([], 5)


def test_damage_is_found(store: S3) -> None:
    """A flipped bit, a missing chunk, an edited record."""

    def work(calls: Calls) -> list[list[str]]:
        found = []
        version = put(calls)
        chunk = calls.writer.get(Chunk, version.stored[0].id, 0)
        assert chunk is not None
        flipped = bytes([chunk.data[0] ^ 1]) + chunk.data[1:]
        calls.writer.put(msgspec.structs.replace(chunk, data=flipped))
        found.append(verify_version(calls.tx, version, Counter()))
        calls.writer.drop(Chunk, version.stored[0].id, 0)
        found.append(verify_version(calls.tx, version, Counter()))
        found.append(verify_version(calls.tx, msgspec.structs.replace(version, size=9), Counter()))
        return found

    changed, missing, edited = store.transact(work)
    assert "was changed" in changed[0]
    assert "is missing" in missing[0]
    assert "was changed" in edited[0]

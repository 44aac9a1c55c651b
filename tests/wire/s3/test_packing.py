"""Older versions are packed in the background: they read as before, and take little room."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from holdfast.engine.backup import backup, restore_backup
from holdfast.engine.bodies import Body, read
from holdfast.engine.open import open_directory
from holdfast.engine.packed_links import LONGEST_CHAIN, SMALLEST, Chain
from holdfast.engine.packing import unpack
from holdfast.engine.records import Chunk, Garbage, ObjectVersion, Orphan, Packed, PackedOn, ToPack
from holdfast.server.background import own_view
from holdfast.server.leftovers import collect_garbage
from holdfast.server.operation import Snapshot
from holdfast.server.s3.lifecycle_run import LifecycleRun
from holdfast.server.s3.sealing import open_version, unwrap
from in_process import Aws
from packed_states import (
    BUCKET,
    DAY,
    body_id,
    got,
    make_bucket,
    pack_all,
    packed,
    problems,
    put,
    records,
    state,
)

KEY = "prod/terraform.tfstate"
CUSTOMER: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


@pytest.fixture(autouse=True)
def bucket(aws: Aws) -> None:
    """A versioned bucket."""
    make_bucket(aws)


def written(aws: Aws, count: int, size: int = 20_000, **options: Any) -> list[str]:
    """Write versions of one state, and return their ids, the oldest first."""
    return [put(aws, KEY, state(number, size), **options) for number in range(count)]


def used_bytes(directory: Path) -> int:
    """Return the bytes of the pages of the database that are in use."""
    with closing(sqlite3.connect(directory / "holdfast.db")) as database:
        pages, free, size = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def test_older_versions_become_differences_and_the_newest_stays_whole(aws: Aws) -> None:
    """Each hangs on its successor, takes a fraction of the room, and reads as it was written."""
    ids = written(aws, 4)
    assert pack_all(aws) == 3
    assert packed(aws, KEY) is None
    for number, version in enumerate(ids[:-1]):
        found = packed(aws, KEY, version)
        assert found is not None
        assert found.base_id == body_id(aws, KEY, ids[number + 1])
        assert len(found.data) < 1000
    assert [got(aws, KEY, version) for version in ids] == [state(number) for number in range(4)]
    assert pack_all(aws) == 0
    assert problems(aws) == []


def test_a_packed_version_is_served_as_any_other(aws: Aws) -> None:
    """Ranges, description and copies are those of its bytes."""
    old, _ = written(aws, 2)
    before = aws.s3.head_object(Bucket=BUCKET, Key=KEY, VersionId=old)
    pack_all(aws)
    after = aws.s3.head_object(Bucket=BUCKET, Key=KEY, VersionId=old)
    assert (after["ETag"], after["ContentLength"]) == (before["ETag"], before["ContentLength"])
    assert got(aws, KEY, old, Range="bytes=100-199") == state(0)[100:200]
    assert got(aws, KEY, old, Range="bytes=-7") == state(0)[-7:]
    source: Any = {"Bucket": BUCKET, "Key": KEY, "VersionId": old}
    aws.s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=source)
    assert got(aws, "copy") == state(0)


def test_the_oldest_of_many_is_a_few_steps_away(aws: Aws) -> None:
    """A version that stands by itself ends every chain; all of them read."""
    count = 2 * LONGEST_CHAIN + 5
    ids = written(aws, count, 6_000)
    pack_all(aws)
    forms = [packed(aws, KEY, version) for version in ids[:-1]]
    alone = [number for number, form in enumerate(forms) if form and not form.base_id]
    assert alone == [LONGEST_CHAIN, 2 * LONGEST_CHAIN + 1]
    assert all(got(aws, KEY, one) == state(n, 6_000) for n, one in enumerate(ids))


def test_a_long_history_takes_a_few_hundredths_of_its_size(aws: Aws) -> None:
    """Records and indexes counted: 100 versions of 100 KB, packed as they come."""
    before = used_bytes(aws.directory)
    ids = []
    for number in range(100):
        ids.append(put(aws, KEY, state(number, 100_000)))
        if number % 10 == 9:
            pack_all(aws)
    raw = sum(len(state(number, 100_000)) for number in range(100))
    newest = len(state(99, 100_000))
    assert used_bytes(aws.directory) - before - newest < 0.035 * raw
    assert got(aws, KEY, ids[0]) == state(0, 100_000)


def test_a_body_of_several_chunks_is_packed_too(aws: Aws) -> None:
    """It reads whole and in ranges over the boundaries of its former chunks."""
    old, _ = written(aws, 2, 2_500_000)
    pack_all(aws)
    assert packed(aws, KEY, old) is not None
    whole = state(0, 2_500_000)
    assert got(aws, KEY, old) == whole
    assert got(aws, KEY, old, Range="bytes=1048570-2097160") == whole[1048570:2097161]
    assert problems(aws) == []


@pytest.mark.parametrize("others", [0, 8])
def test_a_packed_body_is_unpacked_once_however_long_it_is(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """Unless so many others are being read that they would fill the memory: then chunk by chunk."""
    ids = written(aws, 2, 2_500_000)
    pack_all(aws)
    unpacked: list[Body] = []

    def counting(body: Body, chain: Chain) -> bytes:
        unpacked.append(body)
        return unpack(body, chain)

    monkeypatch.setattr("holdfast.engine.packing.unpack", counting)
    stay: list[Any] = [_begun(aws, ids[0]) for _ in range(others)]
    unpacked.clear()
    for _ in range(2):
        assert got(aws, KEY, ids[0]) == state(0, 2_500_000)
    assert len(unpacked) == (6 if others else 2)
    stay.clear()
    unpacked.clear()
    assert got(aws, KEY, ids[0]) == state(0, 2_500_000)
    assert len(unpacked) == 1


def _begun(aws: Aws, version: str) -> Iterator[bytes]:
    """Return the pieces of a version whose first one was taken, as by a client that is slow."""
    (stored,) = (one for one in records(aws, ObjectVersion) if one.version_id == version)

    def opened(tx: Snapshot) -> Body:
        (envelope,) = open_version(tx.site.vault, stored)
        return unwrap(tx, stored, stored.stored[0], envelope, None)

    body = own_view(aws.engine, aws.site, aws.clock(), opened)
    pieces = read(aws.engine.view, body, 0, body.size)
    assert len(next(pieces)) == body.chunk
    return pieces


@pytest.mark.parametrize("size", [0, 1, SMALLEST - 1, (8 << 20) + 1])
def test_short_and_long_bodies_stay_whole(aws: Aws, size: int) -> None:
    """Lock files give the packer no work at all."""
    put(aws, KEY, bytes(size))
    put(aws, KEY, bytes(size))
    assert records(aws, ToPack) == []


def test_bytes_that_do_not_compress_stay_whole(aws: Aws) -> None:
    """Packing them would gain nothing."""
    old = put(aws, KEY, os.urandom(10_000))
    put(aws, KEY, os.urandom(10_000))
    assert pack_all(aws) == 1
    assert packed(aws, KEY, old) is None


def test_a_body_under_a_customers_key_stays_whole(aws: Aws) -> None:
    """Nobody here can open it; nor does another body hang on it."""
    sealed = put(aws, KEY, state(0), **CUSTOMER)
    plain = put(aws, KEY, state(1))
    put(aws, KEY, state(2), **CUSTOMER)
    pack_all(aws)
    assert packed(aws, KEY, sealed) is None
    found = packed(aws, KEY, plain)
    assert found is not None
    assert found.base_id == b""
    assert got(aws, KEY, sealed, **CUSTOMER) == state(0)
    assert got(aws, KEY, plain) == state(1)


def test_differences_are_made_under_one_kms_key_only(aws: Aws) -> None:
    """Who may use the key of the one version need not be allowed to use that of the other."""
    keys = [aws.kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]

    def under(key: str) -> Any:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}

    ids = [put(aws, KEY, state(n), **under(keys[n > 1])) for n in range(4)]
    pack_all(aws)
    bases = [form.base_id if (form := packed(aws, KEY, one)) else None for one in ids]
    assert bases == [body_id(aws, KEY, ids[1]), b"", body_id(aws, KEY, ids[3]), None]
    assert [got(aws, KEY, one) for one in ids] == [state(n) for n in range(4)]
    aws.kms.disable_key(KeyId=keys[0])
    with pytest.raises(ClientError, match="disabled"):
        got(aws, KEY, ids[0])
    assert got(aws, KEY, ids[2]) == state(2)
    assert problems(aws) == []


def test_a_version_whose_key_is_disabled_is_packed_when_it_is_enabled(aws: Aws) -> None:
    """Meanwhile it stays whole, and holds up nothing else."""
    key = aws.kms.create_key()["KeyMetadata"]["Arn"]
    sealed: Any = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    old = put(aws, KEY, state(0), **sealed)
    put(aws, KEY, state(1), **sealed)
    aws.kms.disable_key(KeyId=key)
    pack_all(aws)
    assert packed(aws, KEY, old) is None
    aws.kms.enable_key(KeyId=key)
    aws.clock.advance(3700)
    pack_all(aws)
    assert packed(aws, KEY, old) is not None


def test_a_deleted_base_is_kept_until_the_next_round(aws: Aws) -> None:
    """What hangs on it still reads; then it is packed anew, and the bytes are gone."""
    ids = written(aws, 4)
    pack_all(aws)
    gone = body_id(aws, KEY, ids[1])
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=ids[1])
    assert got(aws, KEY, ids[0]) == state(0)
    assert [one.body_id for one in records(aws, Orphan)] == [gone]
    assert problems(aws) == []
    pack_all(aws)
    assert records(aws, Orphan) == []
    assert aws.engine.view(lambda tx: tx.get(Packed, gone)) is None
    found = packed(aws, KEY, ids[0])
    assert found is not None
    assert found.base_id == body_id(aws, KEY, ids[2])
    assert got(aws, KEY, ids[0]) == state(0)
    assert problems(aws) == []


def test_a_version_that_is_the_newest_again_is_whole_again(aws: Aws) -> None:
    """As when the newest was deleted for good; the deleted bytes go."""
    ids = written(aws, 3)
    pack_all(aws)
    gone = body_id(aws, KEY, ids[2])
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=ids[2])
    assert got(aws, KEY) == state(1)
    pack_all(aws)
    assert packed(aws, KEY) is None
    assert aws.engine.view(lambda tx: list(tx.scan(Chunk, gone))) == []
    assert [got(aws, KEY, one) for one in ids[:2]] == [state(0), state(1)]
    assert problems(aws) == []


def test_a_state_behind_a_delete_marker_is_compressed_by_itself(aws: Aws) -> None:
    """And is whole again when the marker is removed."""
    old = put(aws, KEY, state(0))
    marker = aws.s3.delete_object(Bucket=BUCKET, Key=KEY)["VersionId"]
    pack_all(aws)
    found = packed(aws, KEY, old)
    assert found is not None
    assert found.base_id == b""
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=marker)
    pack_all(aws)
    assert packed(aws, KEY) is None
    assert got(aws, KEY) == state(0)


def test_a_key_without_versions_leaves_nothing(aws: Aws) -> None:
    """Whatever the order in which the versions of a chain are deleted."""
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)):
        ids = written(aws, 4)
        pack_all(aws)
        for number in order:
            aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=ids[number])
        assert all(records(aws, kind) == [] for kind in (Chunk, Packed, PackedOn, Orphan))
    pack_all(aws)
    assert records(aws, ToPack) == []


def test_a_base_of_several_chunks_goes_once_nobody_can_read_it(aws: Aws) -> None:
    """It waits for readers under way, and for what hangs on it."""
    ids = written(aws, 3, 1_500_000)
    pack_all(aws)
    for one in ids[1:]:
        aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=one)
    while collect_garbage(aws.engine, aws.clock() + DAY):
        pass
    assert records(aws, Garbage) == []
    assert got(aws, KEY) == state(0, 1_500_000)
    assert len(records(aws, Orphan)) == 2
    assert problems(aws) == []
    pack_all(aws)
    assert records(aws, Orphan) == []
    assert packed(aws, KEY) is None
    assert problems(aws) == []


def test_lifecycle_rules_end_packed_versions(aws: Aws) -> None:
    """The oldest go first, and nothing of them is left."""
    ids = written(aws, 5)
    pack_all(aws)
    rule: Any = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2},
    }
    aws.s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]}
    )
    LifecycleRun(aws.engine, aws.site)(aws.clock() + 3 * DAY)
    assert len(records(aws, Packed)) == 2
    assert [got(aws, KEY, one) for one in ids[2:]] == [state(n) for n in (2, 3, 4)]
    assert problems(aws) == []


def test_suspended_versioning_replaces_the_null_version_under_its_differences(aws: Aws) -> None:
    """The replaced body is let go like a deleted one."""
    (old,) = written(aws, 1)
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    put(aws, KEY, state(1))
    pack_all(aws)
    put(aws, KEY, state(2))
    assert got(aws, KEY, old) == state(0)
    pack_all(aws)
    assert records(aws, Orphan) == []
    assert got(aws, KEY, old) == state(0)
    assert got(aws, KEY) == state(2)
    assert problems(aws) == []


def test_without_versioning_there_is_nothing_to_pack(aws: Aws) -> None:
    """The version before is gone."""
    aws.s3.create_bucket(Bucket="plain")
    for number in range(2):
        aws.s3.put_object(Bucket="plain", Key=KEY, Body=state(number))
    assert records(aws, ToPack) == []


def test_a_backup_has_packed_versions(aws: Aws, tmp_path: Path) -> None:
    """What is restored reads and checks as the original does."""
    ids = written(aws, 3)
    pack_all(aws)
    backup(aws.directory, tmp_path / "copy")
    restore_backup(tmp_path / "copy", tmp_path / "restored")
    (tmp_path / "restored" / "root.key").write_bytes((aws.directory / "root.key").read_bytes())
    (tmp_path / "restored" / "root.key").chmod(0o600)
    with open_directory(tmp_path / "restored") as opened:
        other = Aws(tmp_path / "restored", opened.engine, opened.vault)
        assert problems(other) == []
        assert len(records(other, Packed)) == 2
    assert got(aws, KEY, ids[0]) == state(0)

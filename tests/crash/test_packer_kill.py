"""The packer is killed before every single step: all versions read, and it ends as it would have."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import packing_child
from damaged_data import opened
from holdfast.engine.packed_verify import wrong_links
from holdfast.engine.port import Writer
from holdfast.engine.records import Orphan, Packed, ToPack
from holdfast.engine.vault import Vault
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from holdfast.server.s3.older_versions import OlderVersions
from in_process import ACCESS_KEY_ID, SECRET, Aws
from packed_states import (
    BUCKET,
    forget_notes,
    got,
    make_bucket,
    pack_all,
    problems,
    put,
    records,
    state,
)

Versions = dict[tuple[str, str], bytes]


def administrator(tx: Writer, vault: Vault) -> None:
    """Make the user that the client is."""
    now = datetime.now(UTC)
    create_user(tx, ADMINISTRATOR, now, os.urandom)
    create_access_key(tx, vault, ADMINISTRATOR, now, os.urandom, NewKey(ACCESS_KEY_ID, SECRET))


def history(aws: Aws, key: str, count: int, size: int = 5000) -> list[str]:
    """Write versions of a key and return their ids."""
    return [put(aws, key, state(number, size)) for number in range(count)]


def everything_to_do(data: Path) -> Versions:
    """Make a directory in which there is everything that the packer does; return its versions."""
    with opened(data) as aws:
        aws.engine.update(lambda tx: administrator(tx, aws.vault))
        make_bucket(aws)
        middle, newest = history(aws, "middle gone", 3), history(aws, "newest gone", 3)
        pack_all(aws)
        aws.s3.delete_object(Bucket=BUCKET, Key="middle gone", VersionId=middle.pop(1))
        aws.s3.delete_object(Bucket=BUCKET, Key="newest gone", VersionId=newest.pop(2))
        long = history(aws, "several chunks", 2, 1_050_000)
        marked = history(aws, "marked", 1)
        aws.s3.delete_object(Bucket=BUCKET, Key="marked")
        kept = {"middle gone": middle, "newest gone": newest, "several chunks": long}
        kept |= {"marked": marked, "new": history(aws, "new", 3)}
        kept["from before"] = history(aws, "from before", 3)
        forget_notes(aws, "from before")
        return {(key, one): got(aws, key, one) for key, ids in kept.items() for one in ids}


def packed_to_the_end(data: Path, versions: Versions) -> int:
    """Check that all versions read and nothing is wrong, also after packing; return how much it did."""
    with opened(data) as aws:
        assert {at: got(aws, *at) for at in versions} == versions
        assert aws.engine.view(lambda tx: list(wrong_links(tx))) == []
        done = pack_all(aws)
        older = OlderVersions(aws.engine, aws.site)
        while older(aws.clock()):
            done += pack_all(aws)
        assert {at: got(aws, *at) for at in versions} == versions
        assert problems(aws) == []
        assert len(records(aws, Packed)) == 8
        assert records(aws, ToPack) == []
        assert records(aws, Orphan) == []
    return done


def test_the_packer_is_killed_before_every_step(tmp_path: Path) -> None:
    """No version is lost or changed, and nothing is left behind."""
    data, copies = tmp_path / "data", tmp_path / "copies"
    versions = everything_to_do(data)
    copies.mkdir()
    command = (sys.executable, packing_child.__file__, str(data), str(copies))
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    last = int(ended.stdout) - 1
    assert last > 40
    left = [packed_to_the_end(copies / str(number), versions) for number in range(last + 1)]
    assert left == sorted(left, reverse=True)
    assert (left[0], left[-1]) == (8, 0)

"""Backups of a server that writes at full speed: one moment of it; refused when they are not whole."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from real_clients import BIN, Server, clean_env, start, stop
from server_actors import BUCKET, TABLE, Clients, StateWriter, md5

WRITERS = 5
BACKUPS = int(os.environ.get("HOLDFAST_BACKUP_ROUNDS", "3"))


def holdfast(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(BIN / "holdfast"), *arguments],
        env=clean_env(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass(frozen=True)
class Taken:
    """Backups that were taken while everyone wrote, and what had been acknowledged before each."""

    data: Path
    files: list[Path]
    messages: list[str]
    acknowledged: list[dict[str, str]]  # by key: the digest item acknowledged before the backup


class Writer(StateWriter):
    """Remembers the digest that was acknowledged last."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key
        self.written: list[str] = []  # digests of the states, in order

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `StateWriter`."""
        super().step(aws, chance)
        self.written += self._digests


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Taken, list[Writer]]]:
    """Some backups taken by the command while five clients lock, write and unlock."""
    folder = tmp_path_factory.mktemp("backups")
    process, server = start(folder / "data")
    aws, ended = Clients(server).warm(), threading.Event()
    writers = [Writer(f"app/{n}.tfstate") for n in range(WRITERS)]

    def write(writer: Writer, chance: random.Random) -> None:
        while not ended.is_set():
            writer.step(aws, chance)

    threads = [
        threading.Thread(target=write, args=(writer, random.Random(n)))
        for n, writer in enumerate(writers)
    ]
    result = Taken(folder / "data", [], [], [])
    for thread in threads:
        thread.start()
    try:
        for number in range(BACKUPS):
            time.sleep(0.5)
            before = {writer.key: writer.written[-1] for writer in writers if writer.written}
            done = holdfast("backup", str(folder / f"{number}.db"), "--data", str(folder / "data"))
            assert done.returncode == 0, done.stderr
            result.files.append(folder / f"{number}.db")
            result.messages.append(done.stdout)
            result.acknowledged.append(before)
    finally:
        ended.set()
        for thread in threads:
            thread.join(60)
        stop(process)
    yield result, writers
    shutil.rmtree(folder)


def restored(taken: Taken, number: int, target: Path) -> None:
    """Restore a backup and put the root key and the credentials beside it."""
    done = holdfast("restore-backup", str(taken.files[number]), "--data", str(target))
    assert done.returncode == 0, done.stderr
    assert "root.key" in done.stdout
    for name in ("root.key", "credentials"):
        shutil.copy2(taken.data / name, target / name)


@pytest.mark.parametrize("number", range(BACKUPS))
def test_a_backup_is_one_moment(
    taken: tuple[Taken, list[Writer]], number: int, tmp_path: Path
) -> None:
    """Everything acknowledged before is in it; no digest is ahead of its state; `check` is content."""
    target = tmp_path / "restored"
    restored(taken[0], number, target)
    assert holdfast("check", "--data", str(target)).returncode == 0
    process, server = start(target)
    try:
        for writer in taken[1]:
            _check_cut(server, writer, taken[0].acknowledged[number].get(writer.key))
    finally:
        stop(process)


def _check_cut(server: Server, writer: Writer, acknowledged: str | None) -> None:
    aws = Clients(server)
    found = aws.s3.list_object_versions(Bucket=BUCKET, Prefix=writer.key).get("Versions", [])
    states = [
        md5(
            aws.s3.get_object(Bucket=BUCKET, Key=writer.key, VersionId=v["VersionId"])[
                "Body"
            ].read()
        )
        for v in reversed(found)
    ]
    items: dict[str, Any] = {
        name: aws.dynamodb.get_item(TableName=TABLE, Key={"LockID": {"S": name}}).get("Item")
        for name in (writer.key, writer.key + "-md5")
    }
    # The last write may have been answered after the writers were told to end.
    assert states[: len(writer.written)] == writer.written[: len(states)]
    digests = states[-1:] if items[writer.key] is None else ["", *states][-2:]
    digest = items[writer.key + "-md5"]
    assert (digest["Digest"]["S"] if digest else "") in (digests or [""])
    if acknowledged is not None:
        assert acknowledged in states


def test_the_message_speaks_of_the_root_key(taken: tuple[Taken, list[Writer]]) -> None:
    """Whoever takes a backup is told that it is worth nothing without the root key."""
    assert all("root key" in message for message in taken[0].messages)


def test_a_restored_directory_needs_its_root_key(
    taken: tuple[Taken, list[Writer]], tmp_path: Path
) -> None:
    """Without it neither the server nor `check` goes on, and none is made in its place."""
    target = tmp_path / "restored"
    holdfast("restore-backup", str(taken[0].files[0]), "--data", str(target))

    served = holdfast("serve", "--data", str(target), "--listen", "127.0.0.1:0")
    checked = holdfast("check", "--data", str(target))

    assert (served.returncode, checked.returncode) == (5, 5)
    assert "root.key" in served.stderr
    assert not (target / "root.key").exists()


def test_a_directory_with_data_is_not_restored_over(taken: tuple[Taken, list[Writer]]) -> None:
    """Restoring over data is refused, and changes nothing."""
    before = (taken[0].data / "holdfast.db").read_bytes()

    done = holdfast("restore-backup", str(taken[0].files[0]), "--data", str(taken[0].data))

    assert done.returncode == 1
    assert "holdfast.db" in done.stderr
    assert (taken[0].data / "holdfast.db").read_bytes() == before


def _cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _emptied(file: Path) -> None:
    os.truncate(file, 0)


def _foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def _text(file: Path) -> None:
    file.write_text("not a database\n" * 1000)


@pytest.mark.parametrize("damage", [_cut, _emptied, _foreign, _text])
def test_what_is_no_whole_backup_is_refused(
    taken: tuple[Taken, list[Writer]], tmp_path: Path, damage: Any
) -> None:
    """A backup cut short and a file of something else leave no data directory behind."""
    file, target = tmp_path / "backup", tmp_path / "restored"
    shutil.copy2(taken[0].files[0], file)
    damage(file)

    done = holdfast("restore-backup", str(file), "--data", str(target), "--json")

    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    said = json.loads(done.stdout)
    assert "backup" in said["error"] or "Holdfast" in said["error"]
    assert "another backup" in said["next"]
    assert not (target / "holdfast.db").exists()

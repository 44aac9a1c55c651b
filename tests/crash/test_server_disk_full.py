"""A disk that is full: writes are refused so that clients try again, reads go on, nothing is lost."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from botocore.exceptions import ClientError

from patience import PATIENCE, wait_until
from real_clients import BIN, clean_env, start, stop
from server_actors import BUCKET, TABLE, Clients, code_of

MIB = 1 << 20
DISK = 72 * MIB
BALLAST = 36 * MIB  # what an operator removes: more than the log that is to be merged
LARGEST_FILE = 16 * MIB
RETRIED = ("InternalError", "InternalServerError", "SlowDown", "ThrottlingException")


class Disk(Protocol):
    """Something that gets full."""

    def begin(self, server: int) -> None:
        """Take effect on a server, by its process number."""

    def free(self, server: int) -> None:
        """Make room."""


@dataclass(frozen=True)
class SmallDisk:
    """A file system of its own, with a file on it that can go."""

    ballast: Path

    def begin(self, server: int) -> None:
        """See `Disk`."""
        self.ballast.write_bytes(bytes(BALLAST))

    def free(self, server: int) -> None:
        """See `Disk`."""
        self.ballast.unlink()


@dataclass(frozen=True)
class SmallFiles:
    """A limit on the size of the server's files, as a quota would be."""

    def begin(self, server: int) -> None:
        """See `Disk`."""
        hard = resource.prlimit(server, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(server, resource.RLIMIT_FSIZE, (LARGEST_FILE, hard))

    def free(self, server: int) -> None:
        """See `Disk`."""
        hard = resource.prlimit(server, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(server, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Mount a small file system in memory, where that is allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"mount cannot be run: {error}")
    if done.returncode:
        pytest.skip(f"mounting a file system is not allowed here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(params=["small disk", "small files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Two ways to be full, for the data directory `data`."""
    data = tmp_path / "data"
    if request.param == "small files":
        yield SmallFiles()
        return
    with mounted(data):
        yield SmallDisk(data / "ballast")


@dataclass
class Written:
    """What was acknowledged, and what was refused."""

    states: dict[str, bytes] = field(default_factory=dict)
    locks: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def put(self, aws: Clients, size: int) -> bool:
        """Write a state; tell whether it was taken."""
        key, body = f"state/{len(self.states)}", os.urandom(size)
        try:
            aws.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        except ClientError as error:
            self._note(error)
            return False
        self.states[key] = body
        return True

    def lock(self, aws: Clients) -> bool:
        """Take a lock; tell whether it was given."""
        name = f"lock/{len(self.locks)}"
        item: Any = {"LockID": {"S": name}, "Info": {"S": "x" * 4000}}
        try:
            aws.dynamodb.put_item(
                TableName=TABLE,
                Item=item,
                ConditionExpression="attribute_not_exists(LockID)",
            )
        except ClientError as error:
            self._note(error)
            return False
        self.locks.append(name)
        return True

    def _note(self, error: ClientError) -> None:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (500, 503)
        self.refused.append(code_of(error))
        self.said.add(str(error.response["Error"]["Message"]))

    def check(self, aws: Clients) -> None:
        """Assert that everything acknowledged is there."""
        for key, body in self.states.items():
            assert aws.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
        for name in self.locks:
            lock: Any = {"LockID": {"S": name}}
            assert "Item" in aws.dynamodb.get_item(TableName=TABLE, Key=lock, ConsistentRead=True)


def holdfast(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(BIN / "holdfast"), *arguments],
        env=clean_env(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def fill(aws: Clients, written: Written) -> None:
    """Write until nothing goes any more, then smaller and smaller."""
    for size in (3 * MIB, 200_000, 4000):
        for _ in range(100):
            if not written.put(aws, size):
                break
        else:
            pytest.fail("the disk did not get full")
    while written.lock(aws):
        assert len(written.locks) < 1000


def test_a_full_disk_refuses_writes_and_loses_nothing(disk: Disk, tmp_path: Path) -> None:
    """Reads go on; once there is room, writes work again without a restart; `check` is content."""
    data, written = tmp_path / "data", Written()
    process, server = start(data)
    aws = Clients(server).warm()
    try:
        disk.begin(process.pid)
        fill(aws, written)
        assert set(written.refused) <= set(RETRIED)
        if isinstance(disk, SmallDisk):
            assert all("The server's disk is full" in text for text in written.said)
        assert not written.put(aws, 3 * MIB)
        written.check(aws)

        disk.free(process.pid)

        assert written.put(aws, 3 * MIB), written.refused[-1]
        assert written.lock(aws), written.refused[-1]
        written.check(aws)
    finally:
        stop(process)
    log = data.with_suffix(".log").read_text()
    verdict = holdfast("check", "--data", str(data))

    assert "full" in log or "disk I/O error" in log
    assert "Traceback" not in log
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_a_server_killed_on_a_full_disk_starts_once_there_is_room(tmp_path: Path) -> None:
    """A start on the full disk says so or serves; after making room everything is there."""
    data, written = tmp_path / "data", Written()
    with mounted(data):
        ballast = data / "ballast"
        process, server = start(data)
        ballast.write_bytes(bytes(BALLAST))
        fill(Clients(server), written)
        process.kill()
        process.wait()
        with (data / "more").open("wb", buffering=0) as more:
            while _grows(more):
                pass
        full = _start_on_full(data)
        ballast.unlink()
        process, server = start(data)
        try:
            written.check(Clients(server))
            assert written.put(Clients(server), 100_000)
        finally:
            stop(process)

        assert "Traceback" not in full
        assert "disk is full" in full
        assert holdfast("check", "--data", str(data)).returncode == 0


def _grows(file: Any) -> bool:
    try:
        return bool(file.write(bytes(4096)))
    except OSError:
        return False


def _start_on_full(data: Path) -> str:
    """Return what a server says that is started on a full disk."""
    command = [str(BIN / "holdfast"), "serve", "--data", str(data), "--listen", "127.0.0.1:0"]
    log = data.with_suffix(".full.log")
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=clean_env())
    try:
        wait_until(lambda: process.poll() is not None or "full" in log.read_text(), log.name)
    finally:
        process.terminate()
        process.wait()
    return log.read_text()

"""Files of a data directory damaged while no server runs: the next start and `check` say so."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from damaged_data import flipped, rows
from real_clients import BIN, clean_env, start, stop
from server_actors import BUCKET, TABLE, Clients

LONG = os.urandom(3_500_000)
SMALL = b'{"version": 4}'
LOCK: Any = {"LockID": {"S": "app"}, "Info": {"S": "held"}}


def write(aws: Clients) -> None:
    """Write a few states and a lock."""
    aws.s3.put_object(Bucket=BUCKET, Key="app", Body=SMALL)
    aws.s3.put_object(Bucket=BUCKET, Key="safe", Body=SMALL)
    aws.s3.put_object(Bucket=BUCKET, Key="long", Body=LONG)
    aws.dynamodb.put_item(TableName=TABLE, Item=LOCK)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a server that was stopped properly. Not to be changed."""
    data = tmp_path_factory.mktemp("stopped") / "data"
    process, server = start(data)
    write(Clients(server))
    stop(process)
    return data


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a server that was killed: its last commits are in the log. Not to be changed."""
    data = tmp_path_factory.mktemp("killed") / "data"
    process, server = start(data)
    write(Clients(server))
    process.kill()
    process.wait()
    return data


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """Where a test puts its copy."""
    yield tmp_path / "data"
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


def holdfast(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(BIN / "holdfast"), *arguments],
        env=clean_env(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(data: Path) -> str:
    """Return what a server that cannot start on a directory says."""
    done = holdfast("serve", "--data", str(data), "--listen", "127.0.0.1:0")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_damaged_records_do_not_stop_the_server(stopped: Path, data: Path) -> None:
    """It serves what is whole, answers an error for the rest, logs it, and `check` names it."""
    shutil.copytree(stopped, data)
    with rows(data) as at:
        for key, number in (("app", 0), ("long", 3)):
            at.edit("chunk", lambda f: f.update(data=flipped(f["data"])), **at.chunk(key, number))
        at.edit("item", lambda f: f.update(data=flipped(f["data"])), **at.item(TABLE, "app"))
    process, server = start(data)
    aws = Clients(server)
    try:
        with pytest.raises(ClientError, match=r"InternalError.*holdfast check"):
            aws.s3.get_object(Bucket=BUCKET, Key="app")
        with pytest.raises(ClientError, match=r"InternalServerError.*holdfast check"):
            aws.dynamodb.get_item(TableName=TABLE, Key={"LockID": LOCK["LockID"]})
        # The damage is in the last chunk: the answer has begun, so its connection is cut.
        body = aws.s3.get_object(Bucket=BUCKET, Key="long")["Body"]
        with pytest.raises(BotoCoreError):
            body.read()
        assert aws.s3.get_object(Bucket=BUCKET, Key="safe")["Body"].read() == SMALL
    finally:
        stop(process)
    log = data.with_suffix(".log").read_text()

    done = holdfast("check", "--data", str(data), "--json")

    assert "was changed or moved" in log
    assert done.returncode == 6
    assert [
        found["where"].split(", version")[0] for found in json.loads(done.stdout)["problems"]
    ] == [
        f"table {TABLE}, item 'app'",
        f"{BUCKET}/app",
        f"{BUCKET}/long",
    ]


def test_the_root_key_of_another_directory_is_refused(stopped: Path, data: Path) -> None:
    """Neither the server nor `check` goes on with a root key that does not belong to the data."""
    shutil.copytree(stopped, data)
    other = data / "root.key"
    other.write_text(other.read_text()[::-1].strip("=\n") + "=\n")

    message = refused(data)
    done = holdfast("check", "--data", str(data))

    assert "fingerprint" in message
    assert done.returncode == 5
    assert "fingerprint" in done.stderr


def test_a_changed_root_key_check_is_not_blamed_on_the_key(stopped: Path, data: Path) -> None:
    """When the right key is given, the message says that the record is at fault."""
    shutil.copytree(stopped, data)
    with rows(data) as at:
        at.edit("setting", lambda f: f.update(value=flipped(f["value"])), name="root_key_check")

    message = refused(data)
    done = holdfast("check", "--data", str(data))

    assert "the record that proves it was changed" in message
    assert done.returncode == 6
    assert "the record that proves it was changed" in done.stdout


def test_a_log_that_is_garbage_is_refused(killed: Path, data: Path) -> None:
    """SQLite would take it for empty, and what was acknowledged last would silently be gone."""
    shutil.copytree(killed, data)
    log = data / "holdfast.db-wal"
    log.write_bytes(os.urandom(log.stat().st_size))

    message = refused(data)
    done = holdfast("check", "--data", str(data))

    assert "holdfast.db-wal is damaged" in message
    assert "Restore a backup" in message
    assert done.returncode == 6
    assert "holdfast.db-wal is damaged" in done.stdout


def test_the_log_of_a_killed_server_is_taken_up(killed: Path, data: Path) -> None:
    """Untouched, the same directory is sound before the next start, and complete after it."""
    shutil.copytree(killed, data)
    assert (data / "holdfast.db-wal").stat().st_size
    assert holdfast("check", "--data", str(data)).returncode == 0

    process, server = start(data)
    aws = Clients(server)
    try:
        assert aws.s3.get_object(Bucket=BUCKET, Key="long")["Body"].read() == LONG
        found = aws.dynamodb.get_item(TableName=TABLE, Key={"LockID": LOCK["LockID"]})
        assert found["Item"] == LOCK
    finally:
        stop(process)


@pytest.mark.parametrize("share", [0.25, 0.6, 0.9])
def test_a_database_cut_short_gives_errors_and_no_wrong_data(
    stopped: Path, data: Path, share: float
) -> None:
    """`check` says that the database is damaged; a server refuses to start, or reads what is whole."""
    shutil.copytree(stopped, data)
    database = data / "holdfast.db"
    os.truncate(database, int(database.stat().st_size * share))

    done = holdfast("check", "--data", str(data))
    served = holdfast("backup", str(data / "backup"), "--data", str(data))

    assert done.returncode == 6, done.stderr
    assert "the database: " in done.stdout
    assert "Traceback" not in done.stderr + served.stderr
    for key, body in _read_all(data).items():
        assert body in (None, SMALL if key != "long" else LONG)


def _read_all(data: Path) -> dict[str, bytes | None]:
    """Return what a server on a damaged directory gives, None for an error."""
    try:
        process, server = start(data)
    except pytest.fail.Exception:
        return {}
    aws, found = Clients(server), dict[str, bytes | None]()
    try:
        for key in ("app", "safe", "long"):
            try:
                found[key] = aws.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            except (ClientError, BotoCoreError):
                found[key] = None
    finally:
        stop(process)
    return found


@pytest.mark.parametrize("how", ["empty", "gone"])
def test_a_lost_database_is_not_begun_anew(stopped: Path, data: Path, how: str) -> None:
    """A server that was ready here before refuses to serve an empty store in its place."""
    shutil.copytree(stopped, data)
    if how == "gone":
        (data / "holdfast.db").unlink()
    else:
        os.truncate(data / "holdfast.db", 0)
    before = sorted(path.name for path in data.iterdir())

    message = refused(data)
    done = holdfast("check", "--data", str(data))

    assert "its database holdfast.db is gone or empty" in message
    assert "restore-backup" in message
    assert done.returncode == (4 if how == "gone" else 6)
    assert sorted(path.name for path in data.iterdir()) == before


def test_another_database_is_refused(stopped: Path, data: Path) -> None:
    """A file of something else is neither served nor changed."""
    shutil.copytree(stopped, data)
    database = data / "holdfast.db"
    database.unlink()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    content = database.read_bytes()

    message = refused(data)
    done = holdfast("check", "--data", str(data))

    assert "not one of Holdfast's" in message
    assert done.returncode == 6
    assert database.read_bytes() == content

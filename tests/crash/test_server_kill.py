"""kill -9 of a real server under load: what it acknowledged is there, and nothing is half there.

Rounds follow each other on one data directory, so that every round also starts from what the last
kill left. `HOLDFAST_KILL_ROUNDS` asks for more of them.
"""

import hashlib
import os
import random
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from real_clients import BIN, Server, clean_env, start, stop

ROUNDS = int(os.environ.get("HOLDFAST_KILL_ROUNDS", "4"))
CLIENTS = 6
BUCKET, TABLE = "terraform-state", "terraform-locks"


@dataclass
class History:
    """What one client tried on its own state, and what the server acknowledged."""

    key: str
    tried: set[str] = field(default_factory=set)  # MD5 of every body that was sent
    versions: dict[str, str] = field(default_factory=dict)  # acknowledged version id -> MD5
    digest: str = ""  # acknowledged last
    next_digest: str = ""  # sent, answer unknown
    locked: bool | None = False  # None: a lock or an unlock was sent, answer unknown


def work(server: Server, history: History, seed: int, ended: threading.Event) -> None:
    """Lock, write the state and its digest, unlock, again and again until the server is gone."""
    chance = random.Random(seed)
    s3, dynamodb = server.client("s3"), server.client("dynamodb")
    while not ended.is_set():
        try:
            _cycle(s3, dynamodb, history, chance)
        except (BotoCoreError, ClientError):
            return


def _cycle(s3: Any, dynamodb: Any, history: History, chance: random.Random) -> None:
    lock = {"LockID": {"S": history.key}}
    history.locked = None
    dynamodb.put_item(
        TableName=TABLE,
        Item={**lock, "Info": {"S": "{}"}},
        ConditionExpression="attribute_not_exists(LockID)",
    )
    history.locked = True
    # Up to 3 MiB: within one transaction, and staged in several.
    body = chance.randbytes(chance.choice((10, 5_000, 100_000, 3 << 20)))
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    history.tried.add(digest)
    done = s3.put_object(Bucket=BUCKET, Key=history.key, Body=body)
    history.versions[done["VersionId"]] = digest
    history.next_digest = digest
    dynamodb.put_item(
        TableName=TABLE,
        Item={"LockID": {"S": history.key + "-md5"}, "Digest": {"S": digest}},
    )
    history.digest = digest
    history.locked = None
    dynamodb.delete_item(TableName=TABLE, Key=lock)
    history.locked = False


def check(server: Server, history: History) -> None:
    """Hold what the server has against what it acknowledged."""
    s3, dynamodb = server.client("s3"), server.client("dynamodb")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix=history.key)
    present = [v["VersionId"] for page in pages for v in page.get("Versions", ())]
    assert set(history.versions) <= set(present), "an acknowledged version is gone"
    for version in present:
        body = s3.get_object(Bucket=BUCKET, Key=history.key, VersionId=version)["Body"].read()
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        assert digest in history.tried, "a version holds what nobody wrote"
        assert history.versions.get(version, digest) == digest, "a version holds another's bytes"
        history.versions[version] = digest
    item = _item(dynamodb, history.key + "-md5")
    found = item["Digest"]["S"] if item else ""
    assert found in (history.digest, history.next_digest), "the digest item went back"
    locked = _item(dynamodb, history.key) is not None
    assert history.locked in (None, locked), "an acknowledged lock or unlock is gone"
    history.digest = history.next_digest = found
    if locked:
        dynamodb.delete_item(TableName=TABLE, Key={"LockID": {"S": history.key}})
    history.locked = False


def _item(dynamodb: Any, lock_id: str) -> Any:
    key = {"LockID": {"S": lock_id}}
    return dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")


def load_and_kill(process: subprocess.Popen[str], server: Server, all_: list[History]) -> None:
    """Let every client work for a random while, then kill the server."""
    ended = threading.Event()
    chance = random.Random()
    threads = [
        threading.Thread(target=work, args=(server, history, chance.getrandbits(32), ended))
        for history in all_
    ]
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.3, 1.5))
    process.kill()
    process.wait()
    ended.set()
    for thread in threads:
        thread.join(60)


def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path) -> None:
    """After every kill the store holds exactly the acknowledged history, and `check` finds it whole."""
    data = tmp_path / "data"
    histories = [History(f"app/{n}.tfstate") for n in range(CLIENTS)]
    for _ in range(ROUNDS):
        process, server = start(data)
        for history in histories:
            check(server, history)
        load_and_kill(process, server, histories)
    process, server = start(data)
    for history in histories:
        check(server, history)
    stop(process)

    verdict = subprocess.run(
        [str(BIN / "holdfast"), "check", "--data", str(data)],
        env=clean_env(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert sum(len(history.versions) for history in histories) > ROUNDS

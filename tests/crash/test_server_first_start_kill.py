"""kill -9 during the first start, at any moment, again and again: everything is made exactly once."""

import os
import random
import subprocess
import time
from pathlib import Path

from real_clients import BIN, clean_env, start, stop
from server_actors import BUCKET, TABLE, Clients

ROUNDS = int(os.environ.get("HOLDFAST_KILL_ROUNDS", "2"))
KILLS = 3  # in a row on one directory
LONGEST = 0.6  # seconds; a first start takes about that long


def begin_and_kill(data: Path, after: float) -> None:
    """Start a server and kill it a moment later."""
    command = [str(BIN / "holdfast"), "serve", "--data", str(data), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_env()
    )
    time.sleep(after)
    process.kill()
    process.wait()


def test_a_first_start_killed_at_any_moment_makes_everything_once(tmp_path: Path) -> None:
    """The start that is left alone finds or makes one key, one bucket, one table, one administrator."""
    chance = random.Random()
    for attempt in range(ROUNDS):
        data = tmp_path / str(attempt)
        for _ in range(KILLS):
            begin_and_kill(data, chance.uniform(0.1, LONGEST))

        data.mkdir(exist_ok=True)
        (data / ".root.key.1.new").write_text("what a kill at the worst moment leaves")

        process, server = start(data)
        aws = Clients(server)
        try:
            assert [found["Name"] for found in aws.s3.list_buckets()["Buckets"]] == [BUCKET]
            assert aws.dynamodb.list_tables()["TableNames"] == [TABLE]
            assert len(aws.kms.list_keys()["Keys"]) == 1
            aliases = [found["AliasName"] for found in aws.kms.list_aliases()["Aliases"]]
            assert aliases.count("alias/terraform-state") == 1
            put = aws.s3.put_object(Bucket=BUCKET, Key="x", Body=b"{}")
            assert aws.kms.list_keys()["Keys"][0]["KeyArn"] == put["SSEKMSKeyId"]
        finally:
            stop(process)
        left = {path.name for path in data.iterdir()}
        assert left >= {"holdfast.db", "root.key", "credentials"}
        assert not [name for name in left if name.endswith(".new")], "a half-written file is left"

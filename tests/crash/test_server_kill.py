"""kill -9 of a real server under load: what it acknowledged is there, and nothing is half there.

Rounds follow each other on one data directory, so that every round also starts from what the last
kill left. `HOLDFAST_KILL_ROUNDS` asks for more of them.
"""

import os
import random
import subprocess
import threading
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from http_actor import HttpStateHolder
from real_clients import BIN, clean_env, start, stop
from server_actors import (
    Actor,
    Clients,
    Copier,
    KeyMaker,
    LockFileHolder,
    PartsUploader,
    StateWriter,
    TableMaker,
)

ROUNDS = int(os.environ.get("HOLDFAST_KILL_ROUNDS", "3"))
WARM_SECONDS = 10.0  # at most, until every round has something acknowledged


def actors() -> list[Actor]:
    """Return everyone who uses the server."""
    return [
        *(StateWriter(f"app/{n}.tfstate") for n in range(3)),
        PartsUploader("big/terraform.tfstate"),
        Copier("copied"),
        KeyMaker("made"),
        TableMaker("made"),
        *(HttpStateHolder(f"http/{n}.tfstate") for n in range(2)),
        *(LockFileHolder("app/terraform.tfstate.tflock", f"client {n}") for n in range(2)),
    ]


def act(actor: Actor, aws: Clients, seed: int, ended: threading.Event, wrong: list[str]) -> None:
    """Let one actor work until the server is gone."""
    chance = random.Random(seed)
    while not ended.is_set():
        try:
            actor.step(aws, chance)
        except (BotoCoreError, ClientError) as error:
            if not ended.is_set() and isinstance(error, ClientError):
                wrong.append(f"{type(actor).__name__}: {error}")
            return
        except AssertionError as error:
            wrong.append(str(error))
            return


def load_and_kill(process: subprocess.Popen[str], aws: Clients, everyone: list[Actor]) -> None:
    """Let everyone work for a random while, then kill the server."""
    chance = random.Random()
    ended, wrong = threading.Event(), list[str]()
    threads = [
        threading.Thread(target=act, args=(actor, aws, chance.getrandbits(32), ended, wrong))
        for actor in everyone
    ]
    before = sum(actor.acknowledged for actor in everyone)
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + WARM_SECONDS
    while sum(actor.acknowledged for actor in everyone) == before and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(chance.uniform(0.05, 1.2))
    process.kill()
    ended.set()
    process.wait()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def verdict(data: Path) -> str:
    """Return what `holdfast check` says of a directory, nothing if it is sound."""
    done = subprocess.run(
        [str(BIN / "holdfast"), "check", "--data", str(data)],
        env=clean_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path) -> None:
    """After every kill the store holds exactly the acknowledged history, and `check` finds it whole."""
    data = tmp_path / "data"
    everyone = actors()
    for _ in range(ROUNDS):
        process, server = start(data)
        aws = Clients(server).warm()
        for actor in everyone:
            actor.check(aws)
        load_and_kill(process, aws, everyone)
        assert verdict(data) == "", "what the kill left is not sound"
    process, server = start(data)
    for actor in everyone:
        actor.check(Clients(server))
    stop(process)

    assert verdict(data) == ""
    assert sum(actor.acknowledged for actor in everyone) >= ROUNDS

"""`holdfast check` beside a server that writes at full speed: no problem where there is none."""

import os
import random
import subprocess
import threading
from pathlib import Path

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

CHECKS = int(os.environ.get("HOLDFAST_CHECK_ROUNDS", "2"))


def test_check_is_content_with_a_server_under_load(tmp_path: Path) -> None:
    """Versions, uploads, tables, keys and locks come and go meanwhile; every check is clean."""
    data = tmp_path / "data"
    process, server = start(data)
    aws, ended = Clients(server).warm(), threading.Event()
    everyone: list[Actor] = [
        StateWriter("app/terraform.tfstate"),
        PartsUploader("big/terraform.tfstate"),
        Copier("copied"),
        KeyMaker("made"),
        TableMaker("made"),
        LockFileHolder("app/terraform.tfstate.tflock", "somebody"),
    ]

    def work(actor: Actor) -> None:
        chance = random.Random(1)
        while not ended.is_set():
            actor.step(aws, chance)

    threads = [threading.Thread(target=work, args=(actor,)) for actor in everyone]
    for thread in threads:
        thread.start()
    try:
        verdicts = [
            subprocess.run(
                [str(BIN / "holdfast"), "check", "--data", str(data)],
                env=clean_env(),
                capture_output=True,
                text=True,
                check=False,
            )
            for _ in range(CHECKS)
        ]
    finally:
        ended.set()
        for thread in threads:
            thread.join(60)
        stop(process)

    assert [done.stdout for done in verdicts if done.returncode] == []
    assert all(actor.acknowledged for actor in everyone)

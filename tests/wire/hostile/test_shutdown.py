"""Told to stop while clients are slow: it stops in time, and keeps what it acknowledged."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from hostile_target import BUCKET, LIMITS, Target, target_of
from patience import PATIENCE, wait_until
from raw_http import Peer
from real_clients import start, stop


def ended(process: "subprocess.Popen[str]", seconds: float) -> int:
    """Wait for the end and return the exit code."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def takes_no_more(target: Target) -> bool:
    """Whether it listens no more."""
    try:
        Peer(target.address).socket.close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("size", [1000, 5 << 20])
def test_an_upload_that_goes_on(tmp_path: Path, size: int) -> None:
    """What is finished while the server drains is acknowledged, and there afterwards."""
    data = tmp_path / "data"
    process, server = start(data, *LIMITS, "--stall-timeout", "60", "--drain-timeout", "60")
    target = target_of(server, process.pid)
    peer = Peer(target.address)
    peer.send(target.signer.request("PUT", f"/{BUCKET}/k", b"x" * size)[:-1])
    assert target.is_well()  # it has read what came before
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: takes_no_more(target), "the end")
    peer.send(b"x")
    reply = peer.reply("PUT")
    peer.socket.close()

    assert reply.status == 200
    assert reply.headers["connection"] == "close"
    assert ended(process, PATIENCE) == 0
    assert "Traceback" not in target.log()
    process, server = start(data, *LIMITS)
    assert target_of(server, process.pid).objects() == ["k"]
    stop(process)


@pytest.mark.parametrize("size", [1000, 5 << 20])
def test_an_upload_that_hangs(tmp_path: Path, size: int) -> None:
    """It is not waited for longer than the drain; nothing of it is there afterwards."""
    data = tmp_path / "data"
    process, server = start(data, *LIMITS, "--stall-timeout", "60", "--drain-timeout", "1")
    target = target_of(server, process.pid)
    peers = [Peer(target.address) for _ in range(3)]
    peers[0].send(target.signer.request("PUT", f"/{BUCKET}/k", b"x" * size)[:-1])
    peers[1].send(b"GET / HTTP/1.1\r\n")  # a head that never ends; the third sends nothing
    assert target.is_well()
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    code = ended(process, PATIENCE)

    assert code == 0
    assert time.monotonic() - began < 40
    assert "Traceback" not in target.log()
    for peer in peers:
        peer.socket.close()
    process, server = start(data, *LIMITS)
    again = target_of(server, process.pid)
    assert again.objects() == []
    assert again.is_well()
    stop(process)

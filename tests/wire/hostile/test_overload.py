"""More than a server takes at once: told to come back, and the rest is served."""

import base64
import json
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hostile_target import BUCKET, LIMITS, Target, target_of
from patience import wait_until
from raw_http import Peer, Reply, connected, head
from real_clients import start, stop

MOST = 4
CONNECTIONS = 24


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server that takes four requests and two dozen connections at once."""
    data = tmp_path_factory.mktemp("overload") / "data"
    few = ("--max-requests", str(MOST), "--max-connections", str(CONNECTIONS), "--threads", "2")
    process, server = start(data, *LIMITS, "--stall-timeout", "3", *few)
    yield target_of(server, process.pid)
    stop(process)
    assert "Traceback" not in data.with_suffix(".log").read_text()


def under_way(target: Target) -> list[Peer]:
    """Return connections with uploads that are under way and use up what the server takes."""
    peers = [Peer(target.address) for _ in range(MOST)]
    for number, peer in enumerate(peers):
        request = target.signer.request("PUT", f"/{BUCKET}/busy-{number}", b"x" * 400_000)
        peer.send(request[:-1])
    assert is_alive(target)  # it has read them: they came first
    return peers


def is_alive(target: Target) -> bool:
    """Ask for the page that says so, however much is under way."""
    return target.ask(b"GET /-/healthz HTTP/1.1\r\nHost: x\r\n\r\n").status == 200


def test_one_too_many(target: Target) -> None:
    """It is told to slow down, in its service's own words; those under way are not disturbed."""
    before = target.objects()
    peers = under_way(target)
    try:
        answers = [
            target.ask(target.signer.request("GET", "/")),
            target.ask(target.signer.request("PUT", f"/{BUCKET}/more", b"x" * 3_000_000)),
            target.ask(target.signer.call("dynamodb", "ListTables", {})),
            target.ask(target.signer.call("kms", "ListKeys", {})),
        ]
        alive = is_alive(target)
        for peer in peers:
            peer.send(b"x")
        finished = [peer.reply("PUT").status for peer in peers]
    finally:
        for peer in peers:
            peer.socket.close()

    slow_down, throttled = (503, "SlowDown"), (400, "ThrottlingException")
    assert [each.problem for each in answers] == [slow_down, slow_down, throttled, throttled]
    assert alive
    assert finished == [200] * MOST
    assert target.objects() == sorted([*before, *(f"busy-{number}" for number in range(MOST))])


def test_one_too_many_over_http(target: Target) -> None:
    """Terraform's `http` backend waits for as long as it is told, and tries again."""
    peers = under_way(target)
    try:
        reply = target.ask(head("LOCK", f"/-/terraform/{BUCKET}/k", {"Host": "x"}))
    finally:
        for peer in peers:
            peer.socket.close()

    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert json.loads(reply.body)["code"] == "SlowDown"


def test_a_burst(target: Target) -> None:
    """Many at once: each succeeds or is told to slow down, and what succeeded is there."""

    def put(number: int) -> tuple[str, Reply]:
        key = f"burst-{number}"
        return key, target.ask(target.signer.request("PUT", f"/{BUCKET}/{key}", b"x" * 20_000))

    with ThreadPoolExecutor(CONNECTIONS // 2) as pool:
        done = list(pool.map(put, range(60)))

    assert {reply.problem for _, reply in done} <= {(200, ""), (503, "SlowDown")}
    stored = [key for key in target.objects() if key.startswith("burst-")]
    assert stored == sorted(key for key, reply in done if reply.status == 200)
    assert target.is_well()


def test_too_many_connections(target: Target) -> None:
    """One connection too many is told so and closed; when others end there is room again."""
    peers = [Peer(target.address) for _ in range(CONNECTIONS)]
    time.sleep(0.2)
    try:
        with connected(target.address) as peer:
            answer = peer.rest()
    finally:
        for each in peers:
            each.socket.close()

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"<Code>SlowDown</Code>" in answer
    wait_until(target.is_well, "room")


def test_files_for_every_connection(tmp_path: Path) -> None:
    """A low limit on open files is raised to what the connections need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        process, server = start(tmp_path / "data", "--max-connections", "300")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    target = target_of(server, process.pid)
    peers = [Peer(target.address) for _ in range(290)]
    answer = target.ask(target.signer.request("GET", "/"))
    for peer in peers:
        peer.socket.close()
    stop(process)

    assert answer.status == 200


def test_what_is_counted_comes_back_to_nothing(target: Target) -> None:
    """After all of it nothing is counted as under way."""
    key, secret = target.signer.access_key_id, target.signer.secret
    basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
    page = f"GET /-/metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\n\r\n".encode()

    wait_until(lambda: b"under_way 0.0" in target.ask(page).body, "nothing under way")

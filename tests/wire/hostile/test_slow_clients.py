"""Clients that are slow, silent, gone or too many: each costs little, and not for long."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile_target import BUCKET, Target
from raw_http import connected, head

MIB = 1 << 20
SOON = 15.0  # seconds: far more than the limits of this server, less than those of every other


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Expect a block to end in time."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def upload(target: Target, length: int, sent: int) -> bytes:
    """Return the head of an upload and the first bytes of its body."""
    body = b"x" * length
    return target.signer.request("PUT", f"/{BUCKET}/slow", body)[: sent - length]


def resident(pid: int) -> int:
    """Return the memory of a process, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def worked(pid: int) -> float:
    """Return how many seconds of a processor a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    "begun", [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nx-a: ", b"\r\n"]
)
def test_a_head_that_never_ends(target: Target, begun: bytes) -> None:
    """A connection that sends no request, or not all of its head, is closed."""
    with within(SOON), connected(target.address) as peer:
        peer.send(begun)
        answer = peer.rest()

    assert b"<Code>RequestTimeout</Code>" in answer


@pytest.mark.parametrize(
    "begun", [b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\nx-a: ", b"GET / HTTP/1.1\r\nHost: x\r\nx-"]
)
def test_a_line_without_end(target: Target, begun: bytes) -> None:
    """It is not collected until its time is up."""
    sent = 0
    with within(SOON), connected(target.address) as peer:
        peer.send(begun)
        with contextlib.suppress(OSError):
            while sent < 16 * MIB and peer.silent(0):
                peer.send(b"a" * 65536)
                sent += 65536

    assert sent < 8 * MIB
    assert target.is_well()


@pytest.mark.parametrize("count", [1, 100])
def test_a_head_that_is_too_large(target: Target, count: int) -> None:
    """Whether in one header or in many, and whether it comes at once or not."""
    headers = b"".join(b"x-%d: %s\r\n" % (n, b"a" * (40_000 // count)) for n in range(count))
    request = b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"
    for cut in (len(request), 30_000):
        with within(SOON), connected(target.address) as peer:
            peer.send(request[:cut])
            time.sleep(0.1)
            peer.send(request[cut:])
            assert b"<Code>RequestHeaderSectionTooLarge</Code>" in peer.rest()


def test_a_head_that_drips(target: Target) -> None:
    """Byte after byte does not make the time for a head longer."""
    with within(SOON), connected(target.address) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        while peer.silent(0.2):
            peer.send(b"x-a: b\r\n")
        assert b"<Code>RequestTimeout</Code>" in peer.rest()


@pytest.mark.parametrize("junk", [b"", b"\r\n", b"\r\n\r\n\r\n"])
def test_an_idle_connection(target: Target, junk: bytes) -> None:
    """After an answer a connection waits a while for the next request, and not longer."""
    with within(SOON), connected(target.address) as peer:
        peer.send(target.signer.request("GET", "/"))
        assert peer.reply().status == 200
        peer.send(junk)
        peer.rest()


@pytest.mark.parametrize(("length", "sent"), [(50, 5), (50, 0), (5 * MIB, 3 * MIB)])
def test_a_body_that_stalls(target: Target, length: int, sent: int) -> None:
    """A body that makes no progress is refused, and nothing of it is kept."""
    before = target.stored()
    with within(SOON), connected(target.address) as peer:
        peer.send(upload(target, length, sent))
        reply = peer.reply()
        assert reply.problem == (400, "RequestTimeout")
        assert reply.headers["connection"] == "close"
        peer.rest()

    assert target.settles(before)
    assert target.is_well()


def test_a_body_that_drips(target: Target) -> None:
    """A byte now and then is no progress either."""
    before = target.stored()
    with within(SOON), connected(target.address) as peer:
        peer.send(upload(target, MIB, 1000))
        while peer.silent(0.3):
            peer.send(b"x")
        assert peer.reply().problem == (400, "RequestTimeout")

    assert target.settles(before)


def test_a_document_that_stalls(target: Target) -> None:
    """The same for a request to DynamoDB, in its form."""
    whole = target.signer.call("dynamodb", "PutItem", b'{"TableName": "' + b"x" * 500_000)
    for cut in (100, 400_000):
        with within(SOON), connected(target.address) as peer:
            peer.send(whole[:-cut])
            assert peer.reply().problem == (400, "RequestTimeout")


@pytest.mark.parametrize(("length", "sent"), [(1000, 500), (5 * MIB, 3 * MIB), (5 * MIB, 1000)])
def test_a_client_that_goes_away(target: Target, length: int, sent: int) -> None:
    """A body that is cut short leaves nothing behind."""
    before = target.stored()
    with connected(target.address) as peer:
        peer.send(upload(target, length, sent))
        time.sleep(0.2)

    assert target.settles(before)
    assert target.objects() == []
    assert target.is_well()


def test_a_client_that_does_not_read(target: Target) -> None:
    """Who asks for much and takes nothing of it is cut off; the server does not wait for it."""
    s3 = target.s3
    version = s3.put_object(Bucket=BUCKET, Key="unread", Body=b"x" * 24 * MIB)["VersionId"]
    with connected(target.address) as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with within(SOON):
            peer.send(target.signer.request("GET", f"/{BUCKET}/unread"))
            gone = f"operation=GetObject bucket={BUCKET} key=unread "
            while gone not in target.log():  # written when it is over
                time.sleep(0.05)
    s3.delete_object(Bucket=BUCKET, Key="unread", VersionId=version)
    assert target.is_well()


def test_answers_that_nobody_reads_do_not_pile_up(target: Target) -> None:
    """Who asks on and on without reading is not answered on and on: memory stays bounded."""
    s3 = target.s3
    version = s3.put_object(Bucket=BUCKET, Key="half", Body=b"x" * 200_000)["VersionId"]
    asked = target.signer.request("GET", f"/{BUCKET}/half") * 50
    before = resident(target.pid)
    with connected(target.address) as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.socket.settimeout(0.2)
        with contextlib.suppress(OSError):  # it is not taken any more, or cut off
            for _ in range(40):  # 400 MB of answers
                peer.socket.sendall(asked)
        most = 0
        for _ in range(30):
            most = max(most, resident(target.pid))
            time.sleep(0.05)
        assert most - before < 64 * MIB
    s3.delete_object(Bucket=BUCKET, Key="half", VersionId=version)
    assert target.is_well()


def test_a_reader_that_goes_away(target: Target) -> None:
    """The rest of an answer is not even read once its client is gone."""
    s3 = target.s3
    version = s3.put_object(Bucket=BUCKET, Key="big", Body=b"x" * 24 * MIB)["VersionId"]
    before = worked(target.pid)
    for _ in range(2):
        s3.get_object(Bucket=BUCKET, Key="big")["Body"].read()
    whole = (worked(target.pid) - before) / 2
    before = worked(target.pid)
    for _ in range(20):
        with connected(target.address) as peer:
            peer.send(target.signer.request("GET", f"/{BUCKET}/big"))
            peer.silent(0.02)
    assert target.is_well()
    assert worked(target.pid) - before < 20 * whole / 2
    s3.delete_object(Bucket=BUCKET, Key="big", VersionId=version)


def test_what_is_left_of_a_refused_body(target: Target) -> None:
    """A refused upload is read on for the client's sake, but not for ever."""
    before = target.stored()
    with within(SOON), connected(target.address) as peer:
        peer.send(head("PUT", f"/{BUCKET}/k", {"Host": "x", "Content-Length": str(40 * MIB)}))
        peer.send(b"x" * MIB)
        reply = peer.reply()
        assert reply.problem == (403, "AccessDenied")
        assert reply.headers["connection"] == "close"
        peer.rest()

    assert target.settles(before)


def test_a_refused_body_is_drained(target: Target) -> None:
    """A client that writes all before it reads gets its answer, and keeps its connection."""
    with connected(target.address) as peer:
        peer.send(target.signer.request("PUT", "/no-such-bucket-here/k", b"x" * 8 * MIB))
        assert peer.reply().problem == (404, "NoSuchBucket")
        peer.send(target.signer.request("GET", "/"))
        assert peer.reply().status == 200


@pytest.mark.parametrize("length", [5, 5 * MIB])
def test_a_refused_expectation(target: Target, length: int) -> None:
    """Who asks before it sends is told no at once: no 100, no body read, and the end."""
    lines = {"Host": "x", "Content-Length": str(length), "Expect": "100-continue"}
    with within(SOON), connected(target.address) as peer:
        peer.send(head("PUT", f"/{BUCKET}/k", lines))
        answer = peer.rest()

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"connection: close" in answer
    assert b"100 Continue" not in answer


@pytest.mark.parametrize("length", [5, 2 * MIB])
def test_an_accepted_expectation(target: Target, length: int) -> None:
    """Who asks before it sends and is right is told to go on."""
    body = b"x" * length
    signed = target.signer.headers("PUT", f"/{BUCKET}/expected", body)
    lines = {**signed, "Content-Length": str(length), "Expect": "100-continue"}
    with connected(target.address) as peer:
        peer.send(head("PUT", f"/{BUCKET}/expected", lines))
        assert peer.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.send(body)
        reply = peer.reply("PUT")

    assert reply.status == 200
    target.s3.delete_object(
        Bucket=BUCKET, Key="expected", VersionId=reply.headers["x-amz-version-id"]
    )

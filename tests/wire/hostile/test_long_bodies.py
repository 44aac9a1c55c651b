"""Bodies too long for the way of short ones: however their bytes come, and whatever follows them."""

import os
import random
import time
import zlib
from base64 import b64encode

import pytest

from holdfast.aws.claims import STREAMING_UNSIGNED_TRAILER
from hostile_target import BUCKET, Target
from raw_http import Peer, connected

MIB = 1 << 20
KEY = f"/{BUCKET}/long"


def put_and_get(target: Target, body: bytes) -> bytes:
    """Return a PUT, and the GET of the same behind it."""
    put = target.signer.request("PUT", KEY, body)
    return put + target.signer.request("GET", KEY)


def stored(peer: Peer) -> bytes:
    """Read the two answers, and return the body of the second."""
    assert peer.reply("PUT").status == 200
    return peer.reply().body


@pytest.mark.parametrize(
    "length", [256 * 1024 + 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 70_000]
)
def test_the_next_request_follows_the_last_byte(target: Target, length: int) -> None:
    """A body ends where it said, though the next request came with its last bytes."""
    body = os.urandom(length)
    with connected(target.address) as peer:
        peer.send(put_and_get(target, body))
        assert stored(peer) == body


def test_one_long_body_after_another(target: Target) -> None:
    """On one connection, each whole."""
    bodies = [os.urandom(length) for length in (2 * MIB, 300_000, 5 * MIB)]
    with connected(target.address) as peer:
        for body in bodies:
            peer.send(put_and_get(target, body))
            assert stored(peer) == body


def test_a_body_in_pieces_of_any_size(target: Target) -> None:
    """With pauses that let some of them be handled alone."""
    body, random_ = os.urandom(2 * MIB + 12_345), random.Random(1)
    wire = put_and_get(target, body)
    with connected(target.address) as peer:
        at = 0
        while at < len(wire):
            size = random_.choice((1, 100, 5_000, 70_000, 600_000))
            peer.send(wire[at : at + size])
            at += size
            time.sleep(random_.choice((0, 0, 0.06)))
        assert stored(peer) == body


def test_a_body_that_comes_slowly(target: Target) -> None:
    """As long as something comes within the limit, in all it may take far longer than that."""
    body = os.urandom(400_000)
    wire = target.signer.request("PUT", KEY, body)
    began = time.monotonic()
    with connected(target.address) as peer:
        for at in range(0, len(wire), 20_000):
            peer.send(wire[at : at + 20_000])
            time.sleep(0.1)  # far from the limit of a second, also on a busy machine
        assert peer.reply("PUT").status == 200
    assert time.monotonic() - began > 2


def test_chunks_that_end_anywhere(target: Target) -> None:
    """Their lines and data are cut wherever a piece of memory ends."""
    body = os.urandom(3 * MIB + 4_321)
    pieces = [body[at : at + 65_521] for at in range(0, len(body), 65_521)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    checksum = b64encode(zlib.crc32(body).to_bytes(4, "big"))
    wire = framed + b"0\r\nx-amz-checksum-crc32:" + checksum + b"\r\n\r\n"
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
        "X-Amz-Decoded-Content-Length": str(len(body)),
    }
    how = {"payload_hash": STREAMING_UNSIGNED_TRAILER}
    with connected(target.address) as peer:
        peer.send(target.signer.request("PUT", KEY, wire, headers, **how))
        peer.send(target.signer.request("GET", KEY))
        assert stored(peer) == body


def test_a_refused_body_is_read_to_its_end(target: Target) -> None:
    """And the connection is kept: the client had sent it all."""
    with connected(target.address) as peer:
        peer.send(target.signer.request("PUT", "/no-such-bucket-here/k", bytes(3 * MIB)))
        peer.send(target.signer.request("GET", "/"))
        assert peer.reply("PUT").problem == (404, "NoSuchBucket")
        assert peer.reply().status == 200


def test_a_client_that_waits_for_a_word(target: Target) -> None:
    """The body is asked for, and then comes as every other."""
    body = os.urandom(2 * MIB)
    wire = target.signer.request("PUT", KEY, body, {"Expect": "100-continue"})
    with connected(target.address) as peer:
        peer.send(wire[: -len(body)])
        assert peer.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.send(body + target.signer.request("GET", KEY))
        assert stored(peer) == body

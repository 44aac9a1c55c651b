"""Bodies that are not what was said of them: refused, and nothing of them kept."""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from holdfast.aws.claims import (
    STREAMING_SIGNED,
    STREAMING_SIGNED_TRAILER,
    STREAMING_UNSIGNED_TRAILER,
)
from holdfast.aws.sigv4 import signing_key
from hostile_target import BUCKET, Target
from raw_http import head

KEY = f"/{BUCKET}/body"
BODY = bytes(range(256)) * 80  # more than one chunk of the least size
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
OTHER = base64.b64encode(b"\0\0\0\0").decode()
TRAILER = {"X-Amz-Trailer": "x-amz-checksum-crc32"}


def put(target: Target, wire: bytes, headers: Mapping[str, str], **how: Any) -> tuple[int, str]:
    """Send an upload whose headers are signed as they are; return status and code."""
    signed = target.signer.headers("PUT", KEY, BODY, headers, **how)
    request = head("PUT", KEY, {**signed, "Content-Length": str(len(wire))}) + wire
    return target.ask(request).problem


@pytest.fixture(autouse=True)
def _nothing_changes(target: Target) -> Any:
    before = target.stored()
    yield
    assert target.settles(before)
    assert target.objects() == []


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Content-MD5", base64.b64encode(b"\0" * 16).decode(), "BadDigest"),
        ("Content-MD5", "no", "InvalidDigest"),
        ("Content-MD5", "", "InvalidDigest"),
        ("x-amz-checksum-crc32", OTHER, "BadDigest"),
        ("x-amz-checksum-crc32", "AAAA", "InvalidRequest"),
        ("x-amz-checksum-crc32", "!!", "InvalidRequest"),
        ("x-amz-checksum-crc32c", OTHER, "BadDigest"),
        ("x-amz-checksum-crc64nvme", "A" * 11 + "=", "BadDigest"),
        ("x-amz-checksum-sha1", "A" * 27 + "=", "BadDigest"),
        ("x-amz-checksum-sha256", "A" * 43 + "=", "BadDigest"),
        ("x-amz-checksum-rot13", OTHER, "NotImplemented"),
        ("x-amz-sdk-checksum-algorithm", "SHA256", "InvalidRequest"),
        ("x-amz-sdk-checksum-algorithm", "ROT13", "InvalidRequest"),
        ("x-amz-trailer", "x-amz-checksum-crc32", "MalformedTrailerError"),
    ],
)
def test_claims_in_headers(target: Target, header: str, value: str, code: str) -> None:
    """A digest or checksum that does not hold, or is none."""
    assert put(target, BODY, {header: value})[1] == code


def test_another_body_than_was_signed(target: Target) -> None:
    """The hash in the signature is checked against the bytes."""
    assert put(target, BODY[::-1], {}) == (400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize("declared", ["", "x", "0" * 63, "STREAMING-SOMETHING", "unsigned-payload"])
def test_a_declared_hash_that_is_none(target: Target, declared: str) -> None:
    """The header has a few forms only."""
    status, _ = put(target, BODY, {}, payload_hash=declared or "-")
    assert status == 400


def chunks(*pieces: bytes, trailers: bytes = b"") -> bytes:
    """Return unsigned chunks, the last one, and trailers."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return body + b"0\r\n" + trailers + b"\r\n"


def line(name: str = "x-amz-checksum-crc32", value: str = CRC32) -> bytes:
    """Return a trailer."""
    return f"{name}:{value}\r\n".encode()


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (chunks(BODY, trailers=line(value=OTHER)), "BadDigest"),
        (chunks(BODY), "MalformedTrailerError"),
        (chunks(BODY, trailers=line("x-amz-checksum-sha1")), "MalformedTrailerError"),
        (chunks(BODY, trailers=line() + line()), "MalformedTrailerError"),
        (chunks(BODY, trailers=line() + line("x-a", "b")), "MalformedTrailerError"),
        (chunks(BODY, trailers=b"no colon\r\n"), "MalformedTrailerError"),
        (chunks(BODY, trailers=b"x" * 20_000), "MalformedTrailerError"),
        (chunks(BODY, trailers=line(value="!")), "InvalidRequest"),
        (chunks(BODY[:-1], trailers=line()), "IncompleteBody"),
        (chunks(BODY, b"more", trailers=line()), "IncompleteBody"),
        (chunks(BODY, trailers=line())[:-4], "IncompleteBody"),
        (chunks(BODY, trailers=line()) + b"more", "InvalidRequest"),
        (chunks(BODY[:5], BODY[5:], trailers=line()), "InvalidChunkSizeError"),
        (BODY, "InvalidRequest"),
        (b"zz\r\n" + BODY, "InvalidRequest"),
        (b"-1\r\n" + BODY, "InvalidRequest"),
        (b"%x" % len(BODY) + b" " * 5000 + b"\r\n" + BODY, "InvalidRequest"),
        (b"%x\n" % len(BODY) + BODY, "InvalidRequest"),
        (b"f" * 16 + b"\r\n" + BODY, "IncompleteBody"),
        (b"%x\r\n" % (len(BODY) - 1) + BODY + b"\r\n0\r\n" + line() + b"\r\n", "InvalidRequest"),
        (b"", "IncompleteBody"),
    ],
    ids=lambda part: part if isinstance(part, str) else part[-30:],
)
def test_unsigned_chunks(target: Target, wire: bytes, code: str) -> None:
    """Frames, lengths and trailers that contradict each other."""
    headers = {**TRAILER, "X-Amz-Decoded-Content-Length": str(len(BODY))}
    how = {"payload_hash": STREAMING_UNSIGNED_TRAILER}
    assert put(target, wire, headers, **how)[1] == code


@pytest.mark.parametrize("length", ["", "-1", "x", "1e9", str(2**80)])
def test_decoded_lengths_that_are_none(target: Target, length: str) -> None:
    """The decoded length has to be there and to be one."""
    headers = {**TRAILER, **({"X-Amz-Decoded-Content-Length": length} if length else {})}
    how = {"payload_hash": STREAMING_UNSIGNED_TRAILER}
    status, code = put(target, chunks(BODY, trailers=line()), headers, **how)
    assert (status, code) in {(411, "MissingContentLength"), (400, "InvalidArgument")}


def signed_upload(target: Target, bend: str) -> bytes:
    """Return an upload in signed chunks with a signed trailer, wrong in one place."""
    headers = {**TRAILER, "X-Amz-Decoded-Content-Length": str(len(BODY))}
    how = {"payload_hash": STREAMING_SIGNED if bend == "no trailers" else STREAMING_SIGNED_TRAILER}
    if bend == "no trailers":
        del headers["X-Amz-Trailer"]
    lines = target.signer.headers("PUT", KEY, BODY, headers, **how)
    previous = lines["Authorization"].rpartition("Signature=")[2]
    date = lines["X-Amz-Date"]
    scope = f"{date[:8]}/{target.signer.region}/s3/aws4_request"
    key = signing_key(target.signer.secret, date[:8], target.signer.region, "s3")

    def sign(kind: str, *parts: str) -> str:
        text = "\n".join((f"AWS4-HMAC-SHA256-{kind}", date, scope, previous, *parts))
        return hmac.digest(key, text.encode(), "sha256").hex()

    wire = b""
    pieces = [BODY[:10_000], BODY[10_000:], b""]
    if bend == "swapped":
        pieces[:2] = reversed(pieces[:2])
    for number, piece in enumerate(pieces):
        empty = hashlib.sha256(b"").hexdigest()
        previous = sign("PAYLOAD", empty, hashlib.sha256(piece).hexdigest())
        claimed = "0" * 64 if bend == f"signature {number}" else previous
        sent = b"Z" + piece[1:] if bend == f"chunk {number}" else piece
        wire += b"%x;chunk-signature=%b\r\n%b" % (len(sent), claimed.encode(), sent)
        wire += b"\r\n" if piece else b""
    trailer = f"x-amz-checksum-crc32:{CRC32}\n"
    last = sign("TRAILER", hashlib.sha256(trailer.encode()).hexdigest())
    if bend == "trailer":
        trailer = trailer.replace(CRC32, OTHER)
    if bend == "trailer signature":
        last = "0" * 64
    if bend != "no trailers":
        wire += trailer.encode().replace(b"\n", b"\r\n")
        if bend != "unsigned trailer":
            wire += f"x-amz-trailer-signature:{last}\r\n".encode()
    wire += b"\r\n"
    return head("PUT", KEY, {**lines, "Content-Length": str(len(wire))}) + wire


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        *((bend, "SignatureDoesNotMatch") for bend in ("chunk 0", "chunk 1", "signature 0")),
        *((bend, "SignatureDoesNotMatch") for bend in ("signature 1", "signature 2", "trailer")),
        ("trailer signature", "SignatureDoesNotMatch"),
        ("swapped", "BadDigest"),
        ("unsigned trailer", "IncompleteBody"),
    ],
)
def test_signed_chunks_that_were_changed(target: Target, bend: str, code: str) -> None:
    """Each chunk and the trailers are bound to the request and to their place."""
    assert target.ask(signed_upload(target, bend)).code == code


@pytest.mark.parametrize("bend", ["", "no trailers"])
def test_signed_chunks_that_are_right(target: Target, bend: str) -> None:
    """What the tests above bend is right when it is left alone."""
    reply = target.ask(signed_upload(target, bend))
    assert reply.status == 200
    target.s3.delete_object(Bucket=BUCKET, Key="body", VersionId=reply.headers["x-amz-version-id"])


@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_a_document_that_was_changed(target: Target, service: str) -> None:
    """The JSON services sign the body itself."""
    operation = "CreateTable" if service == "dynamodb" else "CreateKey"
    request = target.signer.call(service, operation, json.dumps({"Description": "aaa"}).encode())
    assert target.ask(request.replace(b"aaa", b"bbb")).problem == (400, "InvalidSignatureException")


def test_an_object_that_is_too_large(target: Target) -> None:
    """The announced length is enough to refuse; nothing is read."""
    lines = target.signer.headers("PUT", KEY, BODY)
    for length in (5 * 1024**3 + 1, 10**15):
        request = head(
            "PUT", KEY, {**lines, "Content-Length": str(length), "Expect": "100-continue"}
        )
        assert target.ask(request).problem == (400, "EntityTooLarge")


def test_a_document_that_is_too_large(target: Target) -> None:
    """XML, JSON and forms have a limit of their own."""
    length = {"Content-Length": str(17 << 20), "Expect": "100-continue"}
    lines = target.signer.headers("POST", f"/{BUCKET}?delete", b"")
    assert (
        target.ask(head("POST", f"/{BUCKET}?delete", {**lines, **length})).code == "EntityTooLarge"
    )
    call = {"X-Amz-Target": "DynamoDB_20120810.PutItem"}
    lines = target.signer.headers("POST", "/", b"", call, service="dynamodb")
    reply = target.ask(head("POST", "/", {**lines, **length}))
    assert reply.problem == (413, "SerializationException")

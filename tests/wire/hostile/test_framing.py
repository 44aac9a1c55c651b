"""Requests that are framed or named in more than one way, or in none, over a real socket."""

import pytest

from hostile_target import BUCKET, DOMAIN, Target
from raw_http import connected, head

KEY = f"/{BUCKET}/framed"
CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"


def put(target: Target, body: bytes, *lines: str) -> bytes:
    """Return a signed PUT of `hello` with other framing headers and body."""
    signed = head("PUT", KEY, target.signer.headers("PUT", KEY, b"hello"))
    return signed[:-2] + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (("Content-Length: -5",), b"hello"),
        (("Content-Length: 5", "Content-Length: 5"), b"hello"),
        (("Content-Length: 5", "Content-Length: 6"), b"hello!"),
        (("Content-Length: 5, 5",), b"hello"),
        (("Content-Length: +5",), b"hello"),
        (("Content-Length: 0x5",), b"hello"),
        (("Content-Length: " + "9" * 40,), b"hello"),
        (("Content-Length: 5", "Transfer-Encoding: chunked"), CHUNKED),
        (("Transfer-Encoding: chunked", "Content-Length: 5"), CHUNKED),
        (("Transfer-Encoding: chunked, identity",), CHUNKED),
        (("Transfer-Encoding: gzip, chunked",), CHUNKED),
        (("Transfer-Encoding: gzip",), CHUNKED),
        (("Transfer-Encoding: xchunked",), CHUNKED),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), CHUNKED),
        (("Transfer-Encoding : chunked",), CHUNKED),
        (("Transfer-Encoding: chunked",), b"zz\r\nhello\r\n0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"-5\r\nhello\r\n0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"5\r\nhello!!\r\n0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"f" * 20 + b"\r\nhello\r\n0\r\n\r\n"),
    ],
    ids=str,
)
def test_a_body_has_one_length(target: Target, lines: tuple[str, ...], body: bytes) -> None:
    """Whatever two servers could frame in two ways is refused, and the connection closed."""
    with connected(target.address) as peer:
        peer.send(put(target, body, *lines))
        answer = peer.rest()

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert target.objects() == []
    assert target.is_well()


def test_a_body_without_a_length(target: Target) -> None:
    """S3 wants to know how long an object will be."""
    reply = target.ask(put(target, b""))

    assert reply.problem == (411, "MissingContentLength")
    assert target.objects() == []


def test_a_second_request_in_a_body_is_not_run(target: Target) -> None:
    """Bytes that belong to a refused body are never taken for a request."""
    inner = target.signer.request("PUT", f"/{BUCKET}/smuggled", b"x")
    with connected(target.address) as peer:
        peer.send(target.signer.request("PUT", "/no-such-bucket-here/k", inner))
        assert peer.reply().problem == (404, "NoSuchBucket")
        peer.send(target.signer.request("GET", "/"))
        assert peer.reply().status == 200

    assert target.objects() == []


def test_what_follows_a_request_does_not_change_its_answer(target: Target) -> None:
    """Behind a good request garbage is dropped, and the good one is answered truly."""
    good = target.signer.request("PUT", KEY, b"hello")
    with connected(target.address) as peer:
        peer.send(good + b"\0\0 no request\r\n\r\n" + good)
        answer = peer.rest()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert target.objects() == ["framed"]
    target.s3.delete_object(Bucket=BUCKET, Key="framed")
    versions = target.s3.list_object_versions(Bucket=BUCKET)
    for each in [*versions["Versions"], *versions["DeleteMarkers"]]:
        target.s3.delete_object(Bucket=BUCKET, Key="framed", VersionId=each["VersionId"])


def test_pipelined_requests_are_answered_in_order(target: Target) -> None:
    """A few requests at once each get their answer."""
    targets = [f"/{BUCKET}/{name}" for name in "abc"]
    with connected(target.address) as peer:
        peer.send(b"".join(target.signer.request("GET", each) for each in targets))
        replies = [peer.reply() for _ in targets]

    assert [reply.problem for reply in replies] == [(404, "NoSuchKey")] * 3
    assert [f"<Key>{name}</Key>".encode() in r.body for name, r in zip("abc", replies, strict=True)]


def test_a_flood_of_pipelined_requests_is_cut(target: Target) -> None:
    """What waits on one connection is bounded: the rest is dropped with it."""
    with connected(target.address) as peer:
        peer.send(target.signer.request("GET", "/") * 3000)
        answer = peer.rest()

    assert 0 < answer.count(b"HTTP/1.1 200 ") < 100
    assert target.is_well()


@pytest.mark.parametrize(
    "request_line",
    [
        *("GET /\r\n", "get / HTTP/1.1\r\n", "FOO / HTTP/1.1\r\n", "GET / HTTP/3.7\r\n"),
        *("GET / HTTP/2.0\r\n", "GET  HTTP/1.1\r\n", "GET /a b HTTP/1.1\r\n", "GET / HTTQ/1.1\r\n"),
        *(
            "PRI * HTTP/2.0\r\n\r\nSM\r\n",
            "CONNECT a.b:443 HTTP/1.1\r\n",
            "\x16\x03\x01\x02\x00\x01",
        ),
        *("GET /\x00 HTTP/1.1\r\n", "GET /\xc3\xa9 HTTP/1.1\r\n", "GET /k#f HTTP/1.1\r\n"),
        *("GET ://x HTTP/1.1\r\n", "GET http:// HTTP/1.1\r\n", "GET k HTTP/1.1\r\n"),
        *("GET http://a:b@x/ HTTP/1.1\r\n", "GET http://y/ HTTP/1.1\r\n", "\r\n\r\n\r\n\r\n"),
    ],
)
def test_no_request_line(target: Target, request_line: str) -> None:
    """What is no request line of HTTP 1 is refused, and the connection closed."""
    with connected(target.address) as peer:
        peer.send(request_line.encode("latin-1") + b"Host: x\r\n\r\n")
        answer = peer.rest()

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 505 "))
    assert b"<Code>" in answer
    assert target.is_well()


@pytest.mark.parametrize(
    "lines",
    [
        *(b"x-a: b\r\n c", b"x-a: \0", b"x-a: a\rb", b"Host : x", b"no colon", b": x", b"\xff: x"),
        *(b"x a: b", b"Host: other", b"x-a: \x7f\x01"),
    ],
)
def test_broken_headers(target: Target, lines: bytes) -> None:
    """Folded, nameless and binary headers and a second Host are refused."""
    with connected(target.address) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n")
        answer = peer.rest()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_no_host(target: Target) -> None:
    """HTTP 1.1 wants a Host."""
    assert target.ask(b"GET / HTTP/1.1\r\n\r\n").problem == (400, "BadRequest")


def test_http_1_0(target: Target) -> None:
    """An old client is answered, and its connection closed."""
    with connected(target.address) as peer:
        peer.send(target.signer.request("GET", "/").replace(b"HTTP/1.1", b"HTTP/1.0"))
        answer = peer.rest()

    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.3"])
def test_nothing_is_upgraded_to(target: Target, protocol: str) -> None:
    """An upgrade is ignored: the request is answered as it is, and the connection closed."""
    lines = f"\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n".encode()
    with connected(target.address) as peer:
        peer.send(target.signer.request("GET", "/").replace(b"\r\n\r\n", lines) + b"\0" * 50)
        answer = peer.rest()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "LOCK", "PURGE", "PROPFIND", "POST"])
def test_methods_that_s3_does_not_have(target: Target, method: str) -> None:
    """Other methods are not allowed, and a stranger learns not even that."""
    reply = target.ask(target.signer.request(method, KEY))

    assert reply.problem == (405, "MethodNotAllowed")
    assert target.ask(head(method, KEY, {"Host": "x"})).problem == (403, "AccessDenied")


def test_options(target: Target) -> None:
    """Requests of browsers for CORS are not served."""
    assert target.ask(target.signer.request("OPTIONS", KEY)).problem == (501, "NotImplemented")


@pytest.mark.parametrize("query", ["/?list-type=2", "?list-type=2", "/k?"])
@pytest.mark.parametrize("port", ["", ":80"])
def test_a_target_behind_scheme_and_host(target: Target, query: str, port: str) -> None:
    """What clients send to a proxy works as virtual-host style (HTTP_PROXY and a base domain)."""
    host = f"{BUCKET}.{DOMAIN}"
    signed = target.signer.request("GET", query if query[0] == "/" else "/" + query, host=host)
    reply = target.ask(
        signed.replace(b"GET ", f"GET http://{host}{port}".encode(), 1).replace(
            f"http://{host}{port}/?".encode(),
            f"http://{host}{port}{query[: query.find('?') + 1]}".encode(),
        )
    )

    assert reply.problem == ((404, "NoSuchKey") if query == "/k?" else (200, ""))


def test_a_target_with_another_host_than_the_header(target: Target) -> None:
    """The signed Host and the one in the request line have to agree."""
    signed = target.signer.request("GET", "/?list-type=2", host=f"{BUCKET}.{DOMAIN}")
    elsewhere = signed.replace(b"GET /", f"GET http://other.{DOMAIN}/".encode())

    assert target.ask(elsewhere).problem == (400, "BadRequest")


def test_virtual_host_style(target: Target) -> None:
    """The bucket may be in the host; then `-` is a key like any other, and still no bucket."""
    for host in (f"{BUCKET}.{DOMAIN}", f"{BUCKET}.{DOMAIN}:8270"):
        assert target.ask(target.signer.request("GET", "/?list-type=2", host=host)).status == 200
        there = target.signer.request("GET", "/-/healthz", host=host)
        assert target.ask(there).problem == (404, "NoSuchKey")
    shouted = head("GET", "/-/healthz", {"Host": f"{BUCKET.upper()}.{DOMAIN.upper()}"})
    assert target.ask(shouted).problem == (403, "AccessDenied")
    dash = target.signer.request("PUT", "/", host=f"-.{DOMAIN}")
    assert target.ask(dash).problem == (400, "InvalidBucketName")

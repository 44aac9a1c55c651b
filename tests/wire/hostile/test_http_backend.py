"""The `http` backend over a socket: its methods, its bodies, its log, and what strangers try."""

import base64
import hashlib
import json
import uuid

import pytest

from hostile_target import BUCKET, DOMAIN, Target
from raw_http import Reply, connected, head


def credentials(target: Target) -> dict[str, str]:
    """Return the headers of a request by the administrator."""
    key = target.signer
    text = base64.b64encode(f"{key.access_key_id}:{key.secret}".encode()).decode()
    return {"Host": key.host, "Authorization": f"Basic {text}"}


def request(
    target: Target, method: str, key: str, body: bytes = b"", query: str = "", **more: str
) -> bytes:
    """Return the bytes of a request."""
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    headers = {**credentials(target), "Content-Length": str(len(body)), **more}
    if body:
        headers["Content-MD5"] = md5
    return head(method, f"/-/terraform/{BUCKET}/{key}{query}", headers) + body


def in_chunks(target: Target, method: str, key: str, *chunks: bytes) -> bytes:
    """Return the bytes of a request whose body comes in chunks."""
    headers = {**credentials(target), "Transfer-Encoding": "chunked"}
    framed = [f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks]
    path = f"/-/terraform/{BUCKET}/{key}"
    return head(method, path, headers) + b"".join(framed) + b"0\r\n\r\n"


def state(serial: int = 1, size: int = 0) -> bytes:
    """Return a state of at least so many bytes."""
    fields = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "x"}
    outputs = {"long": {"value": "x" * size, "type": "string"}}
    return json.dumps({**fields, "outputs": outputs, "resources": []}).encode()


def lock() -> bytes:
    """Return a new lock document."""
    return json.dumps({"ID": str(uuid.uuid4()), "Operation": "x", "Who": "ann@host"}).encode()


def said(reply: Reply) -> dict[str, str]:
    """Return the reason in an answer."""
    found: dict[str, str] = json.loads(reply.body)
    return found


def test_the_methods_of_terraform_over_a_socket(target: Target) -> None:
    """LOCK and UNLOCK are methods like others; force-unlock is an empty body in chunks."""
    key, document = "http/methods", lock()
    asked = [
        request(target, "GET", key),
        request(target, "LOCK", key, document),
        request(target, "LOCK", key, lock()),
        request(target, "POST", key, state(), f"?ID={json.loads(document)['ID']}"),
        in_chunks(target, "UNLOCK", key),
        request(target, "POST", key, state(2), f"?ID={json.loads(document)['ID']}"),
        request(target, "GET", key),
        request(target, "DELETE", key),
        request(target, "GET", key),
    ]
    with connected(target.address) as peer:
        replies = []
        for one in asked:
            peer.send(one)
            replies.append(peer.reply(one.partition(b" ")[0].decode()))
    assert [reply.status for reply in replies] == [404, 200, 423, 200, 200, 409, 200, 200, 404]
    assert replies[2].body == document
    assert replies[6].body == state()


def test_head_has_a_length_and_no_body(target: Target) -> None:
    """The connection goes on."""
    key = "http/head"
    target.ask(request(target, "POST", key, state()))
    with connected(target.address) as peer:
        for method in ("HEAD", "GET"):
            peer.send(request(target, method, key))
            reply = peer.reply(method)
            assert reply.headers["content-length"] == str(len(state()))
    assert reply.body == state()


@pytest.mark.parametrize("size", [300_000, 3 << 20])
def test_a_long_state_in_chunks(target: Target, size: int) -> None:
    """It is stored as it arrives, and read as it was sent."""
    body = state(size=size)
    pieces = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]
    assert target.ask(in_chunks(target, "POST", f"http/chunks-{size}", *pieces)).status == 200
    assert target.ask(request(target, "GET", f"http/chunks-{size}")).body == body


def test_a_long_state_that_is_cut_leaves_nothing(target: Target) -> None:
    """The client goes away in the middle."""
    before = target.stored()
    with connected(target.address) as peer:
        peer.send(request(target, "POST", "http/cut", state(size=3 << 20))[: 2 << 20])
    assert target.settles(before)
    assert target.ask(request(target, "GET", "http/cut")).status == 404


def test_a_long_state_that_makes_no_progress(target: Target) -> None:
    """503: Terraform sends it again, as it does after no other answer to a write."""
    with connected(target.address) as peer:
        peer.send(request(target, "POST", "http/slow", state(size=1 << 20))[:500_000])
        reply = peer.reply("POST")
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert said(reply)["code"] == "RequestTimeout"


def test_a_long_state_of_a_stranger_is_not_taken(target: Target) -> None:
    """The head is enough to refuse it."""
    before = target.stored()
    whole = request(target, "POST", "http/stranger", state(size=3 << 20))
    wrong = whole.replace(b"Basic ", b"Basic AAAA", 1)
    with connected(target.address) as peer:
        peer.send(wrong[:5000])
        assert peer.reply("POST").status in (401, 403)
    assert target.stored() == before


@pytest.mark.parametrize("method", ["LOCK", "UNLOCK"])
def test_an_endless_lock_document(target: Target, method: str) -> None:
    """It is refused after 64 KiB, whatever was announced."""
    reply = target.ask(in_chunks(target, method, "http/endless", *[b"x" * 50_000] * 8))
    assert reply.status == 413


def test_a_bucket_at_its_own_host_has_no_such_address(target: Target) -> None:
    """There `/-/terraform/...` is a key of the bucket, and a request to S3."""
    headers = {**credentials(target), "Host": f"{BUCKET}.{DOMAIN}"}
    reply = target.ask(head("GET", f"/-/terraform/{BUCKET}/k", headers))
    assert b"<Error>" in reply.body
    base = {**credentials(target), "Host": f"{DOMAIN}:8270"}
    assert said(target.ask(head("GET", f"/-/terraform/{BUCKET}/k", base)))["code"] == "NoSuchKey"


@pytest.mark.parametrize(
    "path",
    [
        *("/-/terraform/b/../k", "/-/terraform/%2e%2e/%2e%2e", "/-/terraform/b/k%00", "/-/lock/b/"),
        *("/-/terraform/b/" + "k" * 2000, "/-/terraform/B_!/k", "/-/terraform/b/%c3%28"),
    ],
)
def test_addresses_of_strange_form(target: Target, path: str) -> None:
    """Refused, and the server is well."""
    for method in ("GET", "POST", "LOCK", "UNLOCK", "DELETE"):
        reply = target.ask(head(method, path, {**credentials(target), "Content-Length": "0"}))
        assert reply.status in (400, 405)
        assert said(reply)["error"]
    assert target.is_well()


def test_the_log_names_the_operation_and_no_secret(target: Target) -> None:
    """Who locked which state; neither the password nor the query."""
    document = lock()
    lock_id = json.loads(document)["ID"]
    target.ask(request(target, "LOCK", "http/logged", document))
    target.ask(request(target, "POST", "http/logged", state(), f"?ID={lock_id}&token=secret-word"))
    target.ask(request(target, "POST", "http/logged", state(2), "?ID=other"))
    lines = [line for line in target.whole_log().splitlines() if "http/logged" in line]
    text = "\n".join(lines)
    assert "operation=LockState" in text
    assert "operation=PutState" in text
    assert "service=http" in text
    assert "user/administrator" in text
    assert "rule=one_lock" in text
    assert target.signer.secret not in text
    assert credentials(target)["Authorization"] not in text
    assert "secret-word" not in text


def test_the_metrics_name_the_operations(target: Target) -> None:
    """By service, operation and status."""
    target.ask(request(target, "GET", "http/counted"))
    target.whole_log()
    page = target.ask(head("GET", "/-/metrics", credentials(target))).body.decode()
    counted = [line for line in page.splitlines() if 'service="http"' in line]
    assert any('operation="GetState"' in line and 'status="404"' in line for line in counted)

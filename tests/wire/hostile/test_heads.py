"""Heads of requests with something changed in them: refused as AWS does, never a defect."""

import logging
import random

import pytest

from holdfast.aws.http import Headers, Request
from in_process import ACCESS_KEY_ID, REGION, SECRET, Aws
from raw_http import JSON_KINDS, TARGETS, Signer

SIGNER = Signer("127.0.0.1:8270", ACCESS_KEY_ID, SECRET, REGION)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CALLS = {
    "s3": ("GET", "/", b"", {}),
    "dynamodb": (
        *("POST", "/", b"{}"),
        {
            "X-Amz-Target": f"{TARGETS['dynamodb']}.ListTables",
            "Content-Type": JSON_KINDS["dynamodb"],
        },
    ),
    "kms": (
        *("POST", "/", b"{}"),
        {"X-Amz-Target": f"{TARGETS['kms']}.ListKeys", "Content-Type": JSON_KINDS["kms"]},
    ),
    "sts": ("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", FORM),
    "iam": ("POST", "/", b"Action=GetUser&Version=2010-05-08", FORM),
}
PIECES = (
    *(
        "",
        " ",
        ",",
        ";",
        "=",
        "/",
        "/////",
        "\xff",
        "\xe9",
        "AWS4-HMAC-SHA256",
        "Credential=",
        "%00",
    ),
    *(
        "00000000T000000Z",
        "99991231T235959Z",
        "Mon, 32 Jan 2026 99:99:99 GMT",
        "Mon",
        "-1",
        "9" * 400,
    ),
    *(
        "1 Jan 1 00:00 +9999",
        "Sun, 06 Nov 94 08:49:37 +",
        "a" * 3000,
        "x-amz-date",
        "host;host",
        "::",
    ),
)


@pytest.mark.parametrize("service", CALLS)
def test_changed_headers(aws: Aws, caplog: pytest.LogCaptureFixture, service: str) -> None:
    """Any one header cut, doubled, emptied or replaced in part, and headers left out."""
    caplog.set_level(logging.WARNING)
    method, target, body, headers = CALLS[service]
    chooser = random.Random(service)
    for number in range(400):
        signed = SIGNER.headers(method, target, body, headers, service=service)
        name = chooser.choice(list(signed))
        value = signed.pop(name)
        low, high = sorted((chooser.randrange(len(value) + 1), chooser.randrange(len(value) + 1)))
        if chooser.random() < 0.9:
            signed[name] = value[:low] + chooser.choice(PIECES) + value[high:]
        if chooser.random() < 0.2:
            signed["Date"] = chooser.choice(PIECES)
        changed = Headers(signed.items())
        # Each is a client of its own: one that fails so often is not looked at any more.
        request = Request(method, target, "", changed, client=f"client-{number}")
        response = aws.send(request, body)
        assert response.status < 500, (signed, response)
    assert caplog.records == []


def test_changed_presigned_urls(aws: Aws, caplog: pytest.LogCaptureFixture) -> None:
    """The same for what a presigned URL says, with parameters left out and repeated."""
    caplog.set_level(logging.WARNING)
    chooser = random.Random(1)
    for turn in range(800):
        path, _, query = SIGNER.presigned("GET", "/bucket/key").partition("?")
        pairs = query.split("&")
        number = chooser.randrange(len(pairs))
        name, _, value = pairs.pop(number).partition("=")
        if chooser.random() < 0.8:
            cut = chooser.randrange(len(value) + 1)
            pairs.append(f"{name}={value[:cut]}{chooser.choice(PIECES)}")
        if chooser.random() < 0.2:
            pairs.append(chooser.choice(pairs))
        host = Headers([("Host", SIGNER.host)])
        request = Request("GET", path, "&".join(pairs), host, client=f"client-{turn}")
        response = aws.send(request)
        assert 400 <= response.status < 500, (pairs, response)
    assert caplog.records == []


@pytest.mark.parametrize("service", CALLS)
def test_a_request_for_another_service(aws: Aws, service: str) -> None:
    """A signature for one service opens no other: the scope decides, and has to fit."""
    method, target, body, headers = CALLS[service]
    for other in CALLS:
        signed = SIGNER.headers(method, target, body, headers, service=other)
        response = aws.send(Request(method, target, "", Headers(signed.items())), body)
        if other != service:
            assert response.status >= 400, other

"""The server's own pages: nobody without a key learns more than that it lives."""

import base64

import pytest

from hostile_target import Target
from raw_http import Reply, head


def get(target: Target, path: str, method: str = "GET", **headers: str) -> Reply:
    """Ask for a page."""
    return target.ask(head(method, path, {"Host": "x", **headers}))


def basic(user: str, password: str) -> str:
    """Return the header's value for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_health_is_open(target: Target) -> None:
    """Anyone may ask whether it lives."""
    assert get(target, "/-/healthz").body == b"ok\n"


@pytest.mark.parametrize(
    "path",
    [
        *("/-/readyz", "/-/metrics", "/-/", "/-/nothing", "/-/healthz/", "/-/healthz/../metrics"),
        *("/-/healthz%2f", "/-//healthz", "/-/%6detrics", "/-/metrics?x=1", "/-/.", "/-/\\..\\"),
    ],
)
def test_other_pages_want_a_key(target: Target, path: str) -> None:
    """Without one, a page that is there cannot be told from one that is not."""
    reply = get(target, path)

    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert b"holdfast_" not in reply.body


@pytest.mark.parametrize(
    "path", ["/-", "/%2D/healthz", "/%2d/metrics", "/./-/healthz", "//-/healthz"]
)
def test_paths_that_only_look_like_pages(target: Target, path: str) -> None:
    """They are requests to S3 like others: a stranger is refused."""
    reply = get(target, path)

    assert reply.problem[0] in (400, 403)
    assert reply.code in ("AccessDenied", "InvalidURI")


def test_wrong_keys(target: Target) -> None:
    """Wrong, empty, broken and foreign credentials open nothing."""
    key, secret = target.signer.access_key_id, target.signer.secret
    wrong = [
        *(basic(key, "x"), basic(key, ""), basic("", secret), basic("", ""), basic(secret, key)),
        *(basic(key.lower(), secret), basic(key, secret + "x"), basic(key, secret[:-1])),
        *("Basic", "Basic !", "Basic " + "A" * 9999, f"Bearer {secret}", "Basic /w==", "\xff\xfe"),
        *(basic(key, "\0" + secret), basic(key + "\0", secret), basic("é" * 500, "é")),
        target.signer.headers("GET", "/-/metrics")["Authorization"],
    ]
    for value in wrong:
        assert get(target, "/-/metrics", Authorization=value).status == 401, value
    assert get(target, "/-/metrics", Authorization=basic(key, secret)).status == 200
    assert get(target, "/-/nothing", Authorization=basic(key, secret)).status == 404


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_pages_are_only_read(target: Target, method: str) -> None:
    """Nothing is changed there."""
    assert get(target, "/-/healthz", method).status == 405


def test_no_bucket_behind_the_pages(target: Target) -> None:
    """A signed upload below `/-/` makes no object and no bucket."""
    for path in ("/-/", "/-/k"):
        assert target.ask(target.signer.request("PUT", path, b"x")).status == 405
    assert target.ask(target.signer.request("PUT", "/-")).problem == (400, "InvalidBucketName")
    assert target.objects() == []

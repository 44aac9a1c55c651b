"""An issuer of web identity tokens: keys of its own, and a server that shows the public ones."""

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

AUDIENCE = "sts.amazonaws.com"
SUBJECT = "repo:acme/infra:ref:refs/heads/main"
_MADE: dict[str, Any] = {}  # by algorithm: RSA keys take long to make


def private_key(algorithm: str) -> Any:
    """Return a private key for an algorithm, always the same one."""
    family = algorithm[:2] if algorithm != "ES384" else algorithm
    if family not in _MADE:
        _MADE[family] = _new(family)
    return _MADE[family]


def _new(family: str) -> Any:
    if family in ("RS", "PS"):
        return rsa.generate_private_key(65537, 2048)
    if family == "Ed":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP384R1() if family == "ES384" else ec.SECP256R1())


def jwk(key: Any, algorithm: str, kid: str = "key-1", **more: Any) -> dict[str, Any]:
    """Return a public key as a key set lists it."""
    document: dict[str, Any] = get_default_algorithms()[algorithm].to_jwk(
        key.public_key(), as_dict=True
    )
    return {**document, "kid": kid, "use": "sig", "alg": algorithm, **more}


def key_document(*keys: dict[str, Any]) -> bytes:
    """Return a key set; with the usual key if none is given."""
    listed = keys or (jwk(private_key("ES256"), "ES256"),)
    return json.dumps({"keys": listed}).encode()


def token(
    issuer: str,
    *,
    algorithm: str = "ES256",
    kid: str | None = "key-1",
    key: Any = None,
    headers: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Return a signed token; a claim that is None is left out."""
    now = int(time.time())
    usual = {"iss": issuer, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 600}
    payload = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    head = {**({"kid": kid} if kid else {}), **(headers or {})}
    return jwt.encode(payload, key or private_key(algorithm), algorithm, headers=head)


class Published:
    """What an issuer serves, by path; anything else is not found."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def say(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        """Serve something under a path."""
        self.pages[path] = (status, headers, body)

    def say_all(self, *keys: dict[str, Any]) -> None:
        """Serve what an issuer does: where its keys are, and the keys."""
        found = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.say("/.well-known/openid-configuration", json.dumps(found).encode())
        self.say("/keys", key_document(*keys))


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Published]:
    """Serve an issuer on this machine: by http, or by https."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked.append(self.path)
            status, headers, body = published.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https" if tls else "http"
        published = Published(f"{scheme}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield published
        finally:
            server.shutdown()
            thread.join()


def key_file(folder: Path, *keys: dict[str, Any]) -> Path:
    """Write a key set to a file."""
    path = folder / "keys.json"
    path.write_bytes(key_document(*keys))
    return path

"""Requests as the `http` backends of Terraform and OpenTofu send them, to a server in this process.

Source: internal/backend/remote-state/http/client.go of both.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import lockers
from holdfast.aws.http import Headers, Request
from in_process import ACCESS_KEY_ID, SECRET, Aws
from lockers import BUCKET, KEY

STATE: dict[str, Any] = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 1,
    "lineage": "6e8dc0ee-7c0e-7f66-0d0b-9a4ad5d7d8c4",
    "outputs": {},
    "resources": [],
    "check_results": None,
}


def state(serial: int = 1, **fields: Any) -> bytes:
    """Return a state."""
    return json.dumps({**STATE, "serial": serial, **fields}).encode()


def document(who: str = "ann@host", operation: str = "OperationTypeApply") -> bytes:
    """Return a new lock document, in which this backend names no path."""
    return lockers.document(who, operation, path="")


def bare(lock_id: str) -> bytes:
    """Return what OpenTofu's force-unlock sends."""
    fields = {"ID": lock_id, "Operation": "", "Info": "", "Who": "", "Version": ""}
    zero = {**fields, "Created": "0001-01-01T00:00:00Z", "Path": ""}
    return json.dumps(zero, separators=(",", ":")).encode()


def id_of(lock: bytes) -> str:
    """Return the ID in a lock document."""
    found: str = json.loads(lock)["ID"]
    return found


def basic(user: str = ACCESS_KEY_ID, password: str = SECRET) -> str:
    """Return the header's value for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True)
class Answered:
    """What the server answered."""

    status: int
    headers: dict[str, str]  # by lower-case name
    body: bytes

    @property
    def said(self) -> Any:
        """The reason, as JSON."""
        return json.loads(self.body)


class HttpBackend:
    """A client for one state."""

    def __init__(
        self,
        aws: Aws,
        key: str = KEY,
        *,
        user: str = ACCESS_KEY_ID,
        password: str = SECRET,
        bucket: str = BUCKET,
    ) -> None:
        self._aws = aws
        self._address = f"{bucket}/{key}"
        self._authorization = basic(user, password)

    def ask(
        self, method: str, body: bytes = b"", *, where: str = "terraform", query: str = ""
    ) -> Answered:
        """Send a request; one with a body has the headers that Terraform gives it."""
        headers = {"content-length": str(len(body))}
        if body:
            headers |= {"content-type": "application/json", "content-md5": md5(body)}
        return self.send(method, body, headers, where=where, query=query)

    def send(
        self,
        method: str,
        body: bytes,
        headers: dict[str, str],
        *,
        where: str = "terraform",
        query: str = "",
    ) -> Answered:
        """Send a request with these headers."""
        pairs = {"host": "127.0.0.1:8270", "user-agent": "Go-http-client/1.1", **headers}
        pairs.setdefault("authorization", self._authorization)
        path = f"/-/{where}/{self._address}"
        response = self._aws.send(Request(method, path, query, Headers(pairs.items())), body)
        whole = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        found = {name.lower(): value for name, value in response.headers}
        return Answered(response.status, found, whole)

    def get(self) -> Answered:
        """Read the state."""
        return self.ask("GET")

    def post(self, body: bytes, lock_id: str = "") -> Answered:
        """Write the state, as the holder of a lock if its ID is given."""
        return self.ask("POST", body, query=f"ID={lock_id}" if lock_id else "")

    def lock(self, lock: bytes) -> Answered:
        """Take the lock."""
        return self.ask("LOCK", lock)

    def unlock(self, lock: bytes) -> Answered:
        """Release the lock."""
        return self.ask("UNLOCK", lock)

    def force_unlock(self) -> Answered:
        """Break the lock as Terraform does: nothing says which, and the empty body is chunked."""
        headers = {
            "transfer-encoding": "chunked",
            "content-type": "application/json",
            "content-md5": md5(b""),
        }
        return self.send("UNLOCK", b"", headers)


def md5(body: bytes) -> str:
    """Return what Content-MD5 says of a body."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()

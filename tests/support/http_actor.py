"""One who keeps a state over Terraform's `http` backend; see `server_actors`."""

import base64
import http.client
import json
import random
import uuid
from urllib.parse import urlsplit

from botocore.exceptions import ConnectionClosedError

from server_actors import BUCKET, Clients


class HttpStateHolder:
    """Locks, writes the state as the lock's holder, unlocks."""

    def __init__(self, key: str) -> None:
        self.acknowledged = 0
        self._path = f"/-/terraform/{BUCKET}/{key}"
        self._serial = 0  # the last one that was acknowledged
        self._tried = 0  # the last one that was sent
        self._held = b""  # the document of a lock that was acknowledged, and no release was sent
        self._last = b""  # the last document that was sent

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `Actor`."""
        document = self._last = _document()
        self._held = b""
        assert self._ask(aws, "LOCK", document)[0] == 200
        self._held = document
        self._tried += 1
        # Up to 1.5 MiB: within one transaction, and staged in several.
        body = _state(self._tried, chance.choice((10, 200_000, 3 << 19)))
        lock_id = json.loads(document)["ID"]
        assert self._ask(aws, "POST", body, f"?ID={lock_id}")[0] == 200
        self._serial = self._tried
        self._held = b""
        assert self._ask(aws, "UNLOCK", document)[0] == 200
        self.acknowledged += 1

    def check(self, aws: Clients) -> None:
        """See `Actor`. Gives the lock back, so that the next round can go on."""
        status, body = self._ask(aws, "GET")
        found = json.loads(body)["serial"] if status == 200 else 0
        assert self._serial <= found <= self._tried, "the state went back, or half of it is there"
        self._serial = found
        if self._held:
            assert self._ask(aws, "LOCK", _document()) == (423, self._held), "a lock is gone"
        if self._last:
            # Whether the last lock is held or not, its holder gets it and may give it back.
            assert self._ask(aws, "LOCK", self._last)[0] == 200, "somebody is locked out by himself"
            assert self._ask(aws, "UNLOCK", self._last)[0] == 200
        self._held = b""

    def _ask(
        self, aws: Clients, method: str, body: bytes = b"", query: str = ""
    ) -> tuple[int, bytes]:
        env = aws.server.env
        user = f"{env['AWS_ACCESS_KEY_ID']}:{env['AWS_SECRET_ACCESS_KEY']}"
        headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()}
        connection = http.client.HTTPConnection(urlsplit(aws.server.endpoint).netloc, timeout=60)
        try:
            connection.request(method, self._path + query, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionClosedError(endpoint_url=aws.server.endpoint) from error
        finally:
            connection.close()


def _document() -> bytes:
    fields = {"ID": str(uuid.uuid4()), "Operation": "OperationTypeApply", "Who": "ann@host"}
    return json.dumps(fields).encode()


def _state(serial: int, size: int) -> bytes:
    fields = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "x"}
    outputs = {"long": {"value": "x" * size, "type": "string"}}
    return json.dumps({**fields, "outputs": outputs, "resources": []}).encode()

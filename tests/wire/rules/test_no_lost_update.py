"""Processes that read, lock, write and break each other's locks in any order: no update is lost."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from in_process import Aws
from lockers import BUCKET, document, prepare, session
from state_documents import instance, resource, state, written

ACTIONS = ("read", "read", "write", "write", "write", "lock", "finish", "break")
STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTIONS)), min_size=20, max_size=40)


class Process:
    """A terraform process: it reads once, then writes what it has, and counts on when that fails."""

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key
        self.reset()

    def reset(self) -> None:
        """Begin anew, as the next process of the same session does."""
        self.locked = False
        self.has_read = False
        self.based_on = ""  # the name of the write that its state comes from
        self._serial = 0

    def lock(self) -> None:
        """Take the lock, before anything is read."""
        if not self.has_read and not self.locked:
            self.locked = done(
                self._client.put_object, self._key + ".tflock", document(), IfNoneMatch="*"
            )

    def read(self) -> None:
        """Read the state, once."""
        if self.has_read:
            return
        found = stored(self._client, self._key)
        self.based_on, self._serial = found["outputs"]["name"]["value"], found["serial"]
        self.has_read = True

    def write(self) -> bool:
        """Write the next state; say whether it was accepted."""
        if not self.has_read:
            return False
        self._serial += 1
        name = uuid.uuid4().hex
        body = content(self._serial, name)
        if not done(self._client.put_object, self._key, body):
            return False
        self.based_on = name
        return True

    def finish(self) -> None:
        """End; a lock is given back if it is still its own."""
        if self.locked:
            self.unlock()
        self.reset()

    def unlock(self) -> None:
        """Delete the lock, whosever it is."""
        self._client.delete_object(Bucket=BUCKET, Key=self._key + ".tflock")


def done(put: Any, key: str, body: bytes, **options: Any) -> bool:
    """Put an object; say whether it was accepted."""
    try:
        put(Bucket=BUCKET, Key=key, Body=body, **options)
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return False
    return True


def content(serial: int, name: str) -> bytes:
    """Return a state that says which write it is."""
    outputs = {"name": {"value": name, "type": "string"}}
    return written(state(resource("aws_x.y", instance()), outputs=outputs, serial=serial))


def stored(client: Any, key: str) -> dict[str, Any]:
    """Return the state that is stored."""
    found: dict[str, Any] = json.loads(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    return found


@pytest.fixture
def clients(aws: Aws) -> list[Any]:
    """Clients of three sessions."""
    prepare(aws)
    return [aws.client("s3", **session(aws)) for _ in range(3)]


@given(steps=STEPS)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_written_comes_from_what_was_there(
    aws: Aws, clients: list[Any], steps: list[tuple[int, str]]
) -> None:
    """Nobody replaces a state that they have not seen, with a lock or without."""
    key = f"{uuid.uuid4().hex}.tfstate"
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=content(1, "first"))
    processes = [Process(client, key) for client in clients]
    now = "first"
    for number, action in steps:
        process = processes[number]
        if action == "break":
            process.unlock()
        elif action == "write":
            known = process.based_on
            if process.write():
                assert known == now
                now = process.based_on
        else:
            getattr(process, action)()
    assert stored(aws.s3, key)["outputs"]["name"]["value"] == now

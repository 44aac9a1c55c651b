"""Clients that do what Terraform, OpenTofu, our library and people do, one request after the other.

Each is a generator: it yields requests and pauses in seconds, and is sent the answers. Sources:
Terraform's and OpenTofu's `internal/backend/remote-state/s3/client.go` and `.../http/client.go`.
"""

import hashlib
import json
from collections.abc import Generator
from typing import Any

from lockers import document
from race_server import BUCKET, TABLE, Asked, Told
from state_documents import instance, resource, state, written

FILE, ITEM = "file", "item"
Script = Generator[Asked | float, Told, Any]


class Wrong(AssertionError):
    """A client saw what it must not see."""


def name_of(body: bytes) -> str:
    """Return the name of the write that a state comes from."""
    found: str = json.loads(body)["outputs"]["name"]["value"]
    return found


def of_write(serial: int, name: str) -> bytes:
    """Return a state that says which write it is."""
    outputs = {"name": {"value": name, "type": "string"}}
    return written(state(resource("aws_x.y", instance()), outputs=outputs, serial=serial))


class Requests:
    """The requests about one state."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.lock_id = f"{BUCKET}/{key}"

    def put(self, place: str, lock: bytes) -> Asked:
        """Take the lock."""
        if place == FILE:
            key = self.key + ".tflock"
            params = {"Bucket": BUCKET, "Key": key, "Body": lock, "IfNoneMatch": "*"}
            return Asked("PutObject", params)
        item = {"LockID": {"S": self.lock_id}, "Info": {"S": lock.decode()}}
        condition = "attribute_not_exists(LockID)"
        return Asked(
            "PutItem", {"TableName": TABLE, "Item": item, "ConditionExpression": condition}
        )

    def read(self, place: str) -> Asked:
        """Read the lock."""
        if place == FILE:
            return Asked("GetObject", {"Bucket": BUCKET, "Key": self.key + ".tflock"})
        return Asked("GetItem", {"TableName": TABLE, "Key": {"LockID": {"S": self.lock_id}}})

    def delete(self, place: str, expected: bytes = b"") -> Asked:
        """Delete the lock, on the condition that it is what is expected if that is said."""
        if place == FILE:
            tag = {"IfMatch": hashlib.md5(expected, usedforsecurity=False).hexdigest()}
            params = {"Bucket": BUCKET, "Key": self.key + ".tflock", **(tag if expected else {})}
            return Asked("DeleteObject", params)
        condition: dict[str, Any] = {
            "ConditionExpression": "Info = :info",
            "ExpressionAttributeValues": {":info": {"S": expected.decode()}},
        }
        key = {"LockID": {"S": self.lock_id}}
        extra = condition if expected else {}
        return Asked("DeleteItem", {"TableName": TABLE, "Key": key, **extra})

    def get_state(self) -> Asked:
        """Read the state."""
        return Asked("GetObject", {"Bucket": BUCKET, "Key": self.key})

    def put_state(self, body: bytes, lock_id: str = "") -> Asked:
        """Write the state; over HTTP with the ID of a lock."""
        about = {"ID": lock_id} if lock_id else {}
        return Asked("PutObject", {"Bucket": BUCKET, "Key": self.key, "Body": body, **about})

    def get_digest(self) -> Asked:
        """Read the digest."""
        key = {"LockID": {"S": self.lock_id + "-md5"}}
        return Asked("GetItem", {"TableName": TABLE, "Key": key})

    def put_digest(self, body: bytes) -> Asked:
        """Write the digest."""
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        item = {"LockID": {"S": self.lock_id + "-md5"}, "Digest": {"S": md5}}
        return Asked("PutItem", {"TableName": TABLE, "Item": item})


def shown(place: str, told: Told) -> bytes:
    """Return the lock document in an answer to a read; nothing if there is none."""
    if not told.done:
        return b""
    if place == FILE:
        body = told.result["Body"]
        return body if isinstance(body, bytes) else b"".join(body.pieces)
    return told.result["Item"]["Info"]["S"].encode() if "Item" in told.result else b""


def body_of(told: Told) -> bytes:
    """Return the bytes of an object that was read."""
    body = told.result["Body"]
    return body if isinstance(body, bytes) else b"".join(body.pieces)


class Client:
    """One process, with what it believes.

    Attributes:
        held: the lock that it believes to hold.
        based_on: the write that its state comes from.
    """

    tool = "Terraform/1.11.4"

    def __init__(self, name: str, key: str, places: tuple[str, ...], world: Any) -> None:
        self.name = name
        self.places = places
        self.world = world
        self.ask = Requests(key)
        self.held = b""
        self.meant = b""  # the lock that its next deletion means
        self.based_on = ""
        self.serial = 0
        self.writes = 0

    def lost(self, lock: bytes) -> bool:
        """Say whether a lock was taken from its holder."""
        return bool(self.world.is_lost(lock))

    # ---- what every process does ---------------------------------------------------------------

    def run(self, cycles: int) -> Script:
        """Lock, read, write and unlock some times."""
        for _ in range(cycles):
            yield self.world.chance.choice((0.0, 0.01, 0.1, 2.0))
            lock = document(who=self.name)
            for pause in self.pauses():
                if (yield from self.lock(lock)):
                    break
                yield pause
            else:
                raise Wrong(f"{self.name} waited too long")
            self.held = lock
            self.world.began(self)
            yield from self.work(lock)
            self.held = b""
            yield from self.unlock(lock)
            self.world.ended(self, lock)

    def pauses(self) -> Any:
        """Yield the pauses between attempts to take the lock, as -lock-timeout makes them."""
        for attempt in range(60):
            yield min(16.0, 2.0**attempt)

    def work(self, lock: bytes) -> Script:
        """Read the state, and write it some times."""
        yield from self.read()
        for _ in range(self.world.chance.choice((0, 1, 1, 2))):
            yield self.world.chance.choice((0.0, 0.0, 0.1, 5.0))
            if not (yield from self.write(lock)) and not self.lost(lock):
                raise Wrong(f"{self.name} holds the lock, and its write was refused")

    def read(self) -> Script:
        """Read the state, and its digest where there is a table."""
        told = yield self.ask.get_state()
        body = body_of(told)
        self.based_on, self.serial = name_of(body), json.loads(body)["serial"]
        if ITEM in self.places:
            told = yield self.ask.get_digest()

    def write(self, lock: bytes) -> Script:
        """Write the next state; say whether it was accepted."""
        self.serial += 1
        self.writes += 1
        name = f"{self.name}-{self.writes}"
        body = of_write(self.serial, name)
        told = yield self.ask.put_state(body, id_of(lock) if self.by_id else "")
        if not told.done:
            return False
        self.based_on = name
        if ITEM in self.places:
            yield self.ask.put_digest(body)
        return True

    by_id = False  # names its lock with a write
    locks = True

    # ---- the lock ------------------------------------------------------------------------------

    def lock(self, lock: bytes) -> Script:
        """Try to take the lock everywhere; say whether it did."""
        taken: list[str] = []
        for place in self.places:
            since = self.world.restarts
            told = yield self.ask.put(place, lock)
            if told.done:
                taken.append(place)
                continue
            holder = shown(place, (yield self.ask.read(place)))
            for other in taken:
                yield from self.give_up(other, lock)
            excused = self.may_miss_holder or self.lost(lock) or self.world.restarts > since
            if not holder and not excused:
                raise Wrong(f"{self.name} was refused, and shown no holder in the {place}")
            return False
        return True

    may_miss_holder = False

    def give_up(self, place: str, lock: bytes) -> Script:
        """Give back what was taken in one place, because it was refused in the next."""
        if shown(place, (yield self.ask.read(place))) == lock:
            self.meant = lock
            yield self.ask.delete(place)

    def unlock(self, lock: bytes) -> Script:
        """Read, compare and delete in every place."""
        for place in self.places:
            found = shown(place, (yield self.ask.read(place)))
            if found != lock:
                self.complain(lock, f"{self.name} was shown {found!r} for its lock in the {place}")
                continue
            self.meant = lock
            told = yield self.deletion(place, lock)
            if not told.done:
                self.complain(lock, f"{self.name} was refused its unlock in the {place}: {told}")

    def complain(self, lock: bytes, said: str) -> None:
        """Fail, unless the lock was taken from its holder."""
        if not self.lost(lock):
            raise Wrong(said)

    def deletion(self, place: str, lock: bytes) -> Asked:
        """Return the request that deletes the lock: whosever it is by now."""
        del lock
        return self.ask.delete(place)

    def force(self, lock: bytes) -> Script:
        """Break a lock, as somebody does who was told its ID."""
        for place in self.places:
            if shown(place, (yield self.ask.read(place))) == lock:
                self.meant = lock
                yield self.deletion(place, lock)


class OpenTofu(Client):
    """Deletes the item on the condition that it is its own."""

    tool = "OpenTofu/1.11.0"

    def deletion(self, place: str, lock: bytes) -> Asked:
        """Return the request that deletes the lock."""
        return self.ask.delete(place, lock if place == ITEM else b"")


class Library(Client):
    """Our own: deletes on condition, tries at once when the holder has just left."""

    tool = "Boto3/1.40 holdfast/0.1.0"
    may_miss_holder = True

    def pauses(self) -> Any:
        """Yield short pauses."""
        for attempt in range(400):
            yield min(5.0, 0.25 * 2.0**attempt) * self.world.chance.uniform(0.5, 1)

    def deletion(self, place: str, lock: bytes) -> Asked:
        """Return the request that deletes the lock."""
        return self.ask.delete(place, lock)

    def unlock(self, lock: bytes) -> Script:
        """Delete in every place; look only where that fails."""
        for place in self.places:
            self.meant = lock
            told = yield self.deletion(place, lock)
            attempts = self.world.attempts_of(self)
            if told.done:
                continue
            found = shown(place, (yield self.ask.read(place)))
            if found or attempts < 2:
                self.complain(lock, f"{self.name} lost its lock in the {place}: {told}, {found!r}")


class Http(Client):
    """The `http` backend."""

    tool = "Go-http-client/1.1"
    by_id = True

    def _request(self, operation: str, body: bytes) -> Asked:
        return Asked(operation, {"Key": self.ask.key, "Body": body})

    def lock(self, lock: bytes) -> Script:
        """Try to take the lock."""
        told = yield self._request("LockState", lock)
        if not told.done and not told.document:
            raise Wrong(f"{self.name} was refused, and shown no holder: {told}")
        return told.done

    def unlock(self, lock: bytes) -> Script:
        """Release the lock."""
        self.meant = lock
        told = yield self._request("UnlockState", lock)
        if not told.done:
            self.complain(lock, f"{self.name} was refused its unlock: {told}")

    def force(self, lock: bytes) -> Script:
        """Break a lock: nothing says which."""
        self.meant = lock
        yield self._request("UnlockState", b"")


class Unlocked(Client):
    """Writes without a lock, as with -lock=false."""

    locks = False

    def run(self, cycles: int) -> Script:
        """Read and write some times."""
        for _ in range(cycles):
            yield from self.read()
            for _ in range(self.world.chance.choice((1, 2, 3))):
                yield self.world.chance.choice((0.0, 0.1, 2.0))
                yield from self.write(b"")


class Looker(Client):
    """Looks at the lock by hand."""

    tool = "aws-cli/2.31.0"
    locks = False

    def run(self, cycles: int) -> Script:
        """Look some times."""
        for _ in range(5 * cycles):
            yield self.world.chance.choice((0.0, 0.1, 2.0))
            yield self.ask.read(self.world.chance.choice((FILE, ITEM)))


def id_of(lock: bytes) -> str:
    """Return the ID in a lock document."""
    found: str = json.loads(lock)["ID"] if lock else ""
    return found

"""Runs clients against a server, request by request in an order by chance, with faults; and judges.

Answers get lost and requests are sent again, take their time, processes are killed between any two
requests, the server forgets what is in its memory, locks are broken.
"""

import heapq
import random
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from holdfast.aws.http import PRESENT, Peer
from holdfast.server.caller import Caller
from race_clients import Client, Wrong, id_of, name_of, of_write
from race_server import Asked, RaceServer, Told

_TAKES = ("PutObject", "PutItem", "LockState")
_LONGEST_WAIT = 15.0  # seconds after the end of a hold
_GIVES_UP = 3600.0  # seconds, for everything


def lock_in(asked: Asked) -> bytes:
    """Return the lock document in a request that takes a lock."""
    if "Item" in asked.params:
        return bytes(asked.params["Item"]["Info"]["S"].encode())
    return bytes(asked.params["Body"])


class Faults(NamedTuple):
    """What may go wrong, each as the chance of it at a request."""

    lost: float = 0.0  # the answer: the request is sent again
    slow: float = 0.0  # a second or so on the way
    killed: float = 0.0
    restarted: float = 0.0
    forced: float = 0.0  # somebody breaks the lock
    echoed: float = 0.0  # it arrives once more, later


class Race:
    """One run: all the clients of one state."""

    def __init__(
        self, server: RaceServer, seed: int, faults: Faults, *, one_key: bool, connections: str
    ) -> None:
        self.chance = random.Random(seed)
        self.forced: set[str] = set()  # IDs of locks that were taken from their holders
        self.restarts = 0
        self.log: list[str] = []
        self._server = server
        self._faults = faults
        self._one_key = one_key
        self._connections = connections
        self.key = f"{uuid.uuid4()}.tfstate"
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._time = 0.0
        self._peers: dict[Client, Peer] = {}
        self._shared = Peer()
        self._scripts: dict[Client, Any] = {}
        self._attempts: dict[Client, int] = {}
        self._owners: dict[str, Client] = {}  # of locks, by ID
        self._ended: dict[str, float] = {}  # when their holders had given them back
        self._clients: list[Client] = []
        self._current = "first"
        self._documents: dict[str, bytes] = {}  # of locks, by ID
        first = Client("first", self.key, (), self)
        self._execute(first, first.ask.put_state(of_write(1, "first")))

    # ---- what clients call ---------------------------------------------------------------------

    def is_lost(self, lock: bytes) -> bool:
        """Say whether a lock was taken from its holder, or may have been."""
        return id_of(lock) in self.forced or self._mixed

    def attempts_of(self, client: Client) -> int:
        """Return how often the last request of a client was sent."""
        return self._attempts.get(client, 1)

    def began(self, client: Client) -> None:
        """A client believes to hold the lock."""
        for other in self._scripts:
            if other is not client and other.held and not self.is_lost(other.held):
                raise Wrong(f"{client.name} and {other.name} both hold the lock")

    def ended(self, client: Client, lock: bytes) -> None:
        """A client believes to have given the lock back."""
        self._ended[id_of(lock)] = self._time
        held = self._server.state(self.key).lock
        if held is not None and held.id == id_of(lock) and held.id not in self.forced:
            raise Wrong(f"{client.name} has given its lock back, and it is there")

    # ---- running -------------------------------------------------------------------------------

    def start(self, client: Client, script: Any) -> None:
        """Let a process begin."""
        self._clients.append(client)
        self._scripts[client] = script
        self._peers[client] = Peer()
        self._after(self.chance.random(), lambda: self._resume(client, None))

    def run(self) -> None:
        """Run to the end, and see what is left."""
        while self._queue:
            at, _, act = heapq.heappop(self._queue)
            self._server.wait(at - self._time)
            self._time = at
            if at > _GIVES_UP:
                raise Wrong(f"{sorted(one.name for one in self._scripts)} are not through")
            act()
            self._rescue()
        self._server.wait(_LONGEST_WAIT)
        left = self._server.left(self.key)
        if left:
            raise Wrong(f"after all, there is {left}")
        self._check_digest()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._queue, (self._time + seconds, self._number, act))

    def _resume(self, client: Client, told: Told | None) -> None:
        script = self._scripts.get(client)
        if script is None:
            return
        try:
            wanted = script.send(told)
        except StopIteration:
            self._end(client)
            return
        if isinstance(wanted, float):
            self._after(wanted, lambda: self._resume(client, None))
            return
        self._number += 1
        self._attempts[client] = 0
        self._send(client, wanted, f"request-{self._number}")

    def _send(self, client: Client, asked: Asked, invocation: str) -> None:
        self._misfortune(client)
        self._after(self._travel(), lambda: self._arrive(client, asked, invocation))

    def _arrive(self, client: Client, asked: Asked, invocation: str) -> None:
        told = self._execute(client, asked, invocation)
        marked = not client.by_id  # nothing tells a copy of a request over HTTP
        if marked and self._happens(self._faults.echoed):
            pause = self.chance.uniform(0, 3)
            self._after(pause, lambda: self._echo(client, asked, invocation))
        if client not in self._scripts:
            return
        self._attempts[client] = attempt = self._attempts.get(client, 0) + 1
        if attempt < 3 and self._happens(self._faults.lost):
            self.log.append(f"{self._time:8.3f} the answer to {client.name} is lost")
            pause = self.chance.uniform(0, 0.7)
            self._after(pause, lambda: self._send(client, asked, invocation))
        else:
            self._after(self._travel(), lambda: self._resume(client, told))

    def _echo(self, client: Client, asked: Asked, invocation: str) -> None:
        self._execute(client, asked, invocation)

    def _travel(self) -> float:
        slow = self._happens(self._faults.slow)
        return self.chance.uniform(0.3, 1.2) if slow else self.chance.uniform(0.001, 0.02)

    def _happens(self, chance: float) -> bool:
        return self.chance.random() < chance

    def _end(self, client: Client) -> None:
        """A process ends, by itself or not."""
        script = self._scripts.pop(client, None)
        if script is not None:
            script.close()
        self._peers[client].gone = True

    # ---- misfortune ----------------------------------------------------------------------------

    def _misfortune(self, client: Client) -> None:
        if self._happens(self._faults.killed) and client.name[0] != "~":
            self.log.append(f"{self._time:8.3f} {client.name} is killed")
            self._end(client)
        if self._happens(self._faults.restarted):
            self.log.append(f"{self._time:8.3f} restart")
            self.restarts += 1
            for peer in self._peers.values():
                peer.gone = True
            self._peers = {one: Peer() for one in self._peers}
            self._shared = Peer()
            self._server.restart()
        if self._happens(self._faults.forced):
            self._force()

    def _force(self) -> None:
        """Let somebody break the lock that is held."""
        held = self._server.state(self.key).lock
        owner = self._owners.get(held.id) if held is not None else None
        if owner is None or held is None:
            return
        like = self.chance.choice([one for one in self._clients if one.locks])
        forcer = type(like)(f"~{len(self._clients)}", self.key, like.places, self)
        self.start(forcer, forcer.force(self._documents[held.id]))

    def _rescue(self) -> None:
        """Let somebody break the lock of a process that is dead."""
        if any(one.name[0] == "~" for one in self._scripts):
            return
        held = self._server.state(self.key).lock
        owner = self._owners.get(held.id) if held is not None else None
        if owner is not None and owner not in self._scripts:
            self._force()

    # ---- the server, and what is true ----------------------------------------------------------

    def _execute(self, client: Client, asked: Asked, invocation: str = "") -> Told:
        before = self._server.state(self.key).lock
        peer = self._peer(client)
        told = self._server.ask(self._caller(client, peer, invocation), asked)
        after = self._server.state(self.key).lock
        if client.name[0] == "~" and asked.operation.startswith("Delete"):
            self.forced.add(id_of(client.meant))
        about = asked.params.get("Body") or asked.params.get("Item") or ""
        self.log.append(
            f"{self._time:8.3f} {client.name} {invocation} {asked.operation} "
            f"{asked.params.get('Key', '')} {str(about)[:110]} -> {told.code or 'ok'} "
            f"{before.id[:6] if before else '-'} > {after.id[:6] if after else '-'}"
        )
        if after is not None and (before is None or after.id != before.id):
            self._owners.setdefault(after.id, client)
            self._documents[after.id] = lock_in(asked)
        if before is not None and (after is None or after.id != before.id):
            self._lock_ended(client, before.id)
        if asked.operation in _TAKES:
            self._judge_put(client, asked, told)
        return told

    def _peer(self, client: Client) -> Peer:
        if self._connections == "shared":
            return self._shared
        return PRESENT if self._connections == "many" else self._peers.get(client, PRESENT)

    def _caller(self, client: Client, peer: Peer, invocation: str) -> Caller:
        key = "AKIASHARED" if self._one_key else f"AKIA{client.name}"
        arn = "arn:aws:iam::123456789012:user/ci"
        given = "" if client.by_id else invocation
        tool = client.tool
        return Caller(arn, "AIDA", key, user_agent=tool, peer=peer, invocation_id=given)

    @property
    def _mixed(self) -> bool:
        """Whether processes with one key count as one: one went on whose lock was broken."""
        return self._one_key and bool(self.forced)

    def _lock_ended(self, client: Client, lock_id: str) -> None:
        owner = self._owners[lock_id]
        blind = (
            client.by_id and client.name[0] == "~"
        )  # over HTTP nothing says which lock is broken
        if id_of(client.meant) != lock_id and not blind and not self._mixed:
            raise Wrong(f"{client.name} ended the lock of {owner.name}, and meant another")
        if owner is not client:
            self.forced.add(lock_id)

    def _judge_put(self, client: Client, asked: Asked, told: Told) -> None:
        body = asked.params.get("Body", b"")
        if asked.params.get("Key") == self.key and asked.operation == "PutObject":
            if told.done and name_of(body) != self._current:
                forgotten = self.restarts and not client.locks  # that its view is out of date
                if client.based_on != self._current and not self._mixed and not forgotten:
                    said = f"{client.name} wrote what is based on {client.based_on}"
                    raise Wrong(f"{said}, over {self._current}")
                self._current = name_of(body)
            return
        if not told.done:
            self._justified(client)

    def _justified(self, client: Client) -> None:
        """Judge a refusal of the lock: it is held, or was a moment ago."""
        held = self._server.state(self.key).lock
        if held is not None:
            if held.id in self._ended and held.id not in self.forced:
                raise Wrong(f"{client.name} was refused by a lock that was given back")
            return
        last = max(self._ended.values(), default=self._time)
        if self._time - last > _LONGEST_WAIT:
            raise Wrong(f"{client.name} was refused, and nobody holds the lock")

    def _check_digest(self) -> None:
        checker = Client("checker", self.key, (), self)
        item = self._execute(checker, checker.ask.get_digest()).result.get("Item")
        md5 = self._server.state(self.key).md5
        if item is not None and item["Digest"]["S"] != md5:
            raise Wrong("the digest does not fit the state")

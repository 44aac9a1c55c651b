"""A server whose time, connections and memory a simulation holds in its hand; one request at a time."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from holdfast.aws.errors import ServiceError
from holdfast.cli.server.judging import state_rules
from holdfast.engine.bodies import BodyWriter
from holdfast.engine.open import open_directory
from holdfast.engine.records import Object
from holdfast.engine.state_records import State
from holdfast.server.caller import Caller
from holdfast.server.judging import Locked, Refusal
from holdfast.server.operation import Answer, Context, ReceivedBody, Site, Snapshot, Transaction
from holdfast.server.services import SERVICES

BUCKET, TABLE = "states", "locks"
START = datetime(2026, 1, 2, tzinfo=UTC)
_ADMIN = Caller("arn:aws:iam::123456789012:user/admin", "AIDA", "AKIAADMIN")


class Asked(NamedTuple):
    """A request."""

    operation: str  # AWS's name, or LockState and UnlockState of the `http` backend
    params: Mapping[str, Any]


class Told(NamedTuple):
    """An answer."""

    code: str = ""  # of an error
    result: Mapping[str, Any] = {}
    document: bytes = b""  # of the lock that refuses, over HTTP

    @property
    def done(self) -> bool:
        """Whether it is no error."""
        return not self.code


class RaceServer:
    """Runs requests in transactions of their own, without authentication."""

    def __init__(self, folder: Path) -> None:
        """Make a server with a bucket that keeps versions and a lock table."""
        self._directory = open_directory(folder / "data")
        self.now = START
        self.restart()
        self.ask(_ADMIN, Asked("CreateBucket", {"Bucket": BUCKET}))
        versioning = {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}
        self.ask(_ADMIN, Asked("PutBucketVersioning", versioning))
        table = {
            "TableName": TABLE,
            "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        assert self.ask(_ADMIN, Asked("CreateTable", table)).done

    def close(self) -> None:
        """Let go of the files."""
        self._directory.close()

    def restart(self) -> None:
        """Forget what is in memory only."""
        vault = self._directory.vault
        self._site = Site("123456789012", "us-east-1", vault, os.urandom, state_rules(vault))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def state(self, key: str) -> State:
        """Return what is known of a state."""
        found = self._directory.engine.view(lambda tx: tx.get(State, BUCKET, key))
        return found or State(bucket=BUCKET, key=key)

    def ask(self, caller: Caller, asked: Asked) -> Told:
        """Answer a request."""
        context = Context(self._site, caller, self.now, "id", self._directory.engine.view)
        if asked.operation in ("LockState", "UnlockState"):
            return self._http(context, asked)
        return self._aws(context, asked)

    def left(self, key: str) -> list[str]:
        """Return what is left of locks of a state."""
        item = self.ask(_ADMIN, Asked("Scan", {"TableName": TABLE})).result["Items"]
        found = [one["LockID"]["S"] for one in item if one["LockID"]["S"] == f"{BUCKET}/{key}"]
        file = self._directory.engine.view(lambda tx: tx.get(Object, BUCKET, key + ".tflock"))
        if file is not None and not file.delete_marker:
            found.append(key + ".tflock")
        return found + (["lock"] if self.state(key).lock is not None else [])

    def _http(self, context: Context, asked: Asked) -> Told:
        rules = self._site.rules
        act = rules.take_lock if asked.operation == "LockState" else rules.release_lock
        key, document = asked.params["Key"], asked.params["Body"]

        def work(writer: Any) -> Any:
            return act(Transaction(writer, context), BUCKET, key, document)

        answer = self._directory.engine.update(work)
        if isinstance(answer, Locked):
            return Told("Locked", {}, answer.document)
        return Told(answer.rule) if isinstance(answer, Refusal) else Told()

    def _aws(self, context: Context, asked: Asked) -> Told:
        engine = self._directory.engine
        service = next(name for name in ("s3", "dynamodb") if asked.operation in SERVICES[name])
        handler = SERVICES[service][asked.operation]
        params = dict(asked.params)
        if lock_id := params.pop("ID", ""):
            context = replace(context, caller=replace(context.caller, lock_id=lock_id))
        if "Body" in params:
            params["Body"] = self._received(params["Key"], params["Body"])
        try:
            if handler.writes:
                answer = engine.update(lambda tx: handler(Transaction(tx, context), params))
            else:
                answer = engine.view(lambda tx: handler(Snapshot(tx, context), params))
        except ServiceError as error:
            return Told(error.code)
        if isinstance(answer, ServiceError):
            return Told(answer.code)
        return Told("", (answer.result if isinstance(answer, Answer) else answer) or {})

    def _received(self, key: str, body: bytes) -> ReceivedBody:
        inspector = self._site.rules.inspector(BUCKET, key, len(body))
        facts = None
        if inspector is not None:
            inspector.feed(body)
            facts = inspector.finish()
        writer = BodyWriter(self._directory.engine, self.now, os.urandom)
        writer.write(body)
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        return ReceivedBody(writer.finish(), md5, {}, facts)

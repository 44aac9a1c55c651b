"""S3 handlers on a real engine, without the wire: many calls in one transaction."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from holdfast.aws.errors import ServiceError
from holdfast.engine.bodies import BodyWriter
from holdfast.engine.port import Engine, Writer
from holdfast.engine.records import Bucket
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.vault import Vault
from holdfast.server.caller import Caller
from holdfast.server.operation import (
    Answer,
    Context,
    ReceivedBody,
    Site,
    Stream,
    Transaction,
)
from holdfast.server.s3.operations import OPERATIONS

BUCKET = "bucket"
START = datetime(2025, 1, 1, tzinfo=UTC)
_HANDLERS = {operation.name: operation for operation in OPERATIONS}

T = TypeVar("T")


def attempted(call: Callable[[], T]) -> T | ServiceError:
    """Return what a call returns, or the error it raises."""
    try:
        return call()
    except ServiceError as error:
        return error


class _Undone(Exception):
    """Carries an answer out of a transaction that is not to be kept."""


class S3:
    """One bucket on an engine of its own, within one transaction after the other."""

    def __init__(self, folder: Path) -> None:
        """Make an engine with its files in this folder."""
        self.engine: Engine = SqliteEngine(folder / "holdfast.db")
        self.site = Site("123456789012", "us-east-1", Vault(b"r" * 32), os.urandom)

    def transact(self, work: Callable[["Calls"], T], *, keep: bool = False) -> T:
        """Call `work` in one transaction with an empty bucket, and undo all of it at the end."""
        answers: list[T] = []

        def run(tx: Writer) -> None:
            if tx.get(Bucket, BUCKET) is None:
                tx.put(Bucket(name=BUCKET, created=START, region="us-east-1"))
            answers.append(work(Calls(tx, self.site, self.engine)))
            if not keep:
                raise _Undone

        with contextlib.suppress(_Undone):
            self.engine.update(run)
        return answers[0]


class Calls:
    """Operations on the one bucket; time stands still unless it is moved."""

    def __init__(self, writer: Writer, site: Site, engine: Engine) -> None:
        self.now = START
        self.writer = writer
        self._site = site
        self._engine = engine

    @property
    def tx(self) -> Transaction:
        """The transaction, as a request at this moment sees it."""
        caller = Caller(arn="arn:aws:iam::123456789012:user/a", user_id="AIDA", access_key_id="A")
        context = Context(self._site, caller, self.now, "id", self._engine.view)
        return Transaction(self.writer, context)

    def move(self, seconds: float) -> None:
        """Move the clock, also back."""
        self.now += timedelta(seconds=seconds)

    def body(self, data: bytes) -> ReceivedBody:
        """Return a short body as it arrives at a handler."""
        writer = BodyWriter(self._engine, self.now, os.urandom)
        writer.write(data)
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        return ReceivedBody(writer.finish(), md5, {})

    def call(self, name: str, **params: Any) -> Mapping[str, Any]:
        """Call a handler for the bucket; a body to put is given as bytes, one that is read too."""
        if "Body" in params:
            params["Body"] = self.body(params["Body"])
        answer = _HANDLERS[name](self.tx, {"Bucket": BUCKET, **params})
        if isinstance(answer, ServiceError):
            raise answer
        result = answer.result if isinstance(answer, Answer) else (answer or {})
        if isinstance(result.get("Body"), Stream):
            return {**result, "Body": b"".join(result["Body"].pieces)}
        return result

    def versioning(self, status: str) -> None:
        """Set the versioning state of the bucket."""
        bucket = self.writer.get(Bucket, BUCKET)
        assert bucket is not None
        self.writer.put(
            Bucket(
                name=bucket.name, created=bucket.created, region=bucket.region, versioning=status
            )
        )

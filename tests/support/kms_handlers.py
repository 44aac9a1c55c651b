"""KMS handlers on a real engine, without the wire."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import Engine, Reader
from holdfast.engine.records import Key
from holdfast.server.caller import Caller
from holdfast.server.kms.operations import OPERATIONS
from holdfast.server.operation import Answer, Context, Site, Snapshot, Staging, Transaction

T = TypeVar("T")

ACCOUNT = "123456789012"
REGION = "eu-central-1"


class Kms:
    """Calls operations by name, each in a transaction of its own, at a time that tests set."""

    def __init__(self, engine: Engine, site: Site) -> None:
        self.engine = engine
        self.site = site
        self.now = datetime(2030, 1, 1, tzinfo=UTC)
        self.caller = Caller(f"arn:aws:iam::{ACCOUNT}:user/admin", "AIDAEXAMPLE", "AKIAEXAMPLE")

    def __call__(self, name: str, **params: Any) -> Mapping[str, Any]:
        """Call an operation and return its result."""
        called = next(operation for operation in OPERATIONS if operation.name == name)
        given: Mapping[str, Any] = params
        if called.prepare:
            given = called.prepare(Staging(self.engine, self._context()), params)
        run = self.update if called.writes else self.view
        result = run(lambda tx: called(tx, given))
        assert not isinstance(result, Answer | ServiceError)
        return result or {}

    def view(self, work: Callable[[Any], T]) -> T:
        """Call with a snapshot."""
        return self.engine.view(lambda reader: work(Snapshot(reader, self._context())))

    def update(self, work: Callable[[Any], T]) -> T:
        """Call with a transaction."""
        return self.engine.update(lambda writer: work(Transaction(writer, self._context())))

    def create(self, **params: Any) -> str:
        """Make a key and return its id."""
        key_id: str = self("CreateKey", **params)["KeyMetadata"]["KeyId"]
        return key_id

    def record(self, key_id: str) -> Key | None:
        """Return a key's record."""

        def read(reader: Reader) -> Key | None:
            return reader.get(Key, key_id)

        return self.engine.view(read)

    def advance(self, **spans: float) -> None:
        """Let time pass."""
        self.now += timedelta(**spans)

    def _context(self) -> Context:
        return Context(self.site, self.caller, self.now, "request", self.engine.view)

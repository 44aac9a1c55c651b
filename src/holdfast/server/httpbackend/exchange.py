"""A request of the `http` backend from first byte to answer.

It goes through the steps of every other exchange, and runs S3's own handlers: the states, versions,
rules and locks are the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from holdfast.aws.claims import UNSIGNED, without_signature
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.aws.models import service
from holdfast.aws.payload import Payload
from holdfast.aws.routing import Target
from holdfast.aws.sigv4 import SigningContext
from holdfast.server.access import admission
from holdfast.server.access.asked_again import ask_again
from holdfast.server.access.by_password import authenticate
from holdfast.server.access.call import Call
from holdfast.server.exchange import Exchange
from holdfast.server.httpbackend.address import addressed
from holdfast.server.httpbackend.answers import problem
from holdfast.server.httpbackend.asked import Asked
from holdfast.server.httpbackend.locking import LARGEST_DOCUMENT, LOCKED, lock_state, unlock_state
from holdfast.server.httpbackend.reading import get_state, head_state
from holdfast.server.httpbackend.writing import (
    CONTENT_TYPE,
    LARGEST_MISTAKEN,
    delete_state,
    put_state,
    refuse_lock_document,
)
from holdfast.server.operation import CHECKSUM, INSPECTOR, Context, Snapshot, Transaction
from holdfast.server.serving import Serving
from holdfast.server.state_names import LOCK_FILE_SUFFIX

_READ: Mapping[str, Callable[[Snapshot, Asked], Response]] = {
    "GetState": get_state,
    "HeadState": head_state,
}
_WRITE: Mapping[str, Callable[[Transaction, Asked], Response | ServiceError]] = {
    "PutState": put_state,
    "DeleteState": delete_state,
    "LockState": lock_state,
    "UnlockState": unlock_state,
}
# What somebody who does the same through S3 has to be allowed: the operation, and whether it is one
# on the lock file.
_SAME: Mapping[str, tuple[str, bool]] = {
    "GetState": ("GetObject", False),
    "HeadState": ("HeadObject", False),
    "PutState": ("PutObject", False),
    "DeleteState": ("DeleteObject", False),
    "LockState": ("PutObject", True),
    "UnlockState": ("DeleteObject", True),
}
_UNSIGNED_BODY = SigningContext(b"", "", "", "", UNSIGNED)
_LOCK_ID = "ID"  # the query parameter with the lock's ID


class StateExchange(Exchange):
    """One request on its way. `response` is set once it is answered."""

    def __init__(self, serving: Serving, request: Request) -> None:
        """Begin with nothing but the head."""
        super().__init__(serving, request)
        self.service = "http"
        self._beginning = bytearray()  # of a state: enough to tell a lock document

    def open(self) -> None:
        """Find out what it is for, authenticate, authorize, and prepare to take the body."""
        found = addressed(self.request.method, self.request.raw_path)
        self._target = Target(found.operation, found.bucket, found.key)
        serving = self._serving
        self.identity = authenticate(
            serving.engine, serving.site, serving.attempts, self.request, self.now
        )
        self.streams = found.operation == "PutState"
        self._params = {"Bucket": found.bucket, "Key": found.key}
        self._admit()
        self._refuse_length(self._announced_length())
        self._refuse_lost_unlock()
        limits = self._serving.limits
        most = limits.body_bytes if self.streams else LARGEST_DOCUMENT
        self._payload = Payload(self.request, _UNSIGNED_BODY, most)
        if self.streams:
            self._open_state()

    def refuse(self, error: ServiceError) -> None:
        """Answer with an error, whatever was taken so far."""
        self._give_up()
        self.error_code = error.code
        target = self._target
        bucket, key = (target.bucket, target.key) if target else ("", "")
        self.response = problem(error, self.request_id, bucket or "", key or "")

    # ---- the head ------------------------------------------------------------------------------

    def _admit(self) -> None:
        """Check that the caller may do the same through S3; maybe with something left out.

        Raises:
            ServiceError: AccessDenied.
        """
        assert self.identity is not None  # noqa: S101 - set by open
        engine, call = self._serving.engine, self._call()
        if admission.unbound(engine, self.identity.user, "s3", call.params):
            return
        admitted = admission.admit(engine, call)
        # What authorization adds says how much of the state may be read.
        self._params = {**admitted, **self._params}

    def _call(self) -> Call:
        assert self.identity is not None  # noqa: S101 - set by open
        operation, on_lock_file = _SAME[self.operation]
        params = dict(self._params)
        if on_lock_file:
            params["Key"] += LOCK_FILE_SUFFIX
        site, who = self._serving.site, self.identity
        claims = without_signature(
            "s3",
            self.now,
            access_key_id=who.access_key_id,
            region=site.region,
            payload=UNSIGNED,
        )
        return Call(
            service="s3",
            operation=operation,
            params=params,
            request=self.request,
            claims=claims,
            site=site,
            now=self.now,
            identity=who,
        )

    def _refuse_length(self, length: int) -> None:
        most = self._serving.limits.body_bytes if self.streams else LARGEST_DOCUMENT
        if length > most:
            said = f"The body is longer than {most} bytes, which is the most that is taken here."
            raise ServiceError("EntityTooLarge", said)

    def _refuse_lost_unlock(self) -> None:
        """Refuse to delete a state for who means to unlock it: only that one says what its body is."""
        headers = self.request.headers
        if self.operation == "DeleteState" and ("content-md5" in headers or self._has_body()):
            raise ServiceError(
                "InvalidRequest",
                "DELETE of this address deletes the state, and takes no body. To unlock with DELETE, "
                "let unlock_address begin with /-/lock/ in place of /-/terraform/.",
            )

    def _has_body(self) -> bool:
        return "transfer-encoding" in self.request.headers or self._announced_length() > 0

    def _open_state(self) -> None:
        self._model = service("s3").operations["PutObject"]  # which names the body among the params
        length = self.request.headers.get("content-length")
        size = {"ContentLength": int(length)} if length.isdecimal() else {}
        prepare = self._serving.services["s3"]["PutObject"].prepare
        self._params = {**self._params, **size, "ContentType": CONTENT_TYPE}
        if prepare is not None:
            self._params = prepare(self._staging(), self._params)
        if self._payload is not None and CHECKSUM in self._params:
            self._payload.default_to(self._params[CHECKSUM])
        self._inspector = self._params.get(INSPECTOR)
        self._sink = self._staging().body()

    def _new_context(self) -> Context:
        context = super()._new_context()
        lock_id = self.request.parameter(_LOCK_ID)
        if not lock_id or self.operation not in ("PutState", "DeleteState"):
            return context
        return replace(context, caller=replace(context.caller, lock_id=lock_id))

    # ---- the operation -------------------------------------------------------------------------

    def _take(self, data: bytes | memoryview) -> None:
        if self.streams and len(self._beginning) <= LARGEST_MISTAKEN:
            self._beginning += data[: LARGEST_MISTAKEN + 1]
        super()._take(data)

    def _settle(self) -> None:
        self._digests = self._payload.finish() if self._payload else None
        self._settled = True

    def _run(self) -> None:
        if not self._settled:
            self._settle()
        if self._sink is not None and self._digests is not None:
            if len(self._beginning) <= LARGEST_MISTAKEN:
                refuse_lock_document(bytes(self._beginning))
            self._params = {**self._params, **self._streamed(self._sink, self._digests)}
        ask_again(self._serving, self.now, self._call, streams=True)
        answer = self._answered()
        if isinstance(answer, ServiceError):
            raise answer
        if answer.status == LOCKED:
            self.error_code = "Locked"
        self.response = replace(
            answer, headers=(*answer.headers, ("x-amz-request-id", self.request_id))
        )

    def _answered(self) -> Response | ServiceError:
        assert self._target is not None  # noqa: S101 - set by open
        name, context = self.operation, self._context()
        params: dict[str, Any] = dict(self._params)
        asked = Asked(
            bucket=params["Bucket"],
            key=params["Key"],
            params=params,
            document=bytes(self._document),
            handlers=self._serving.services["s3"],
        )
        engine = self._serving.engine
        if name in _READ:
            return engine.view(lambda tx: _READ[name](Snapshot(tx, context), asked))
        return engine.update(lambda tx: _WRITE[name](Transaction(tx, context), asked))

"""A request from first byte to answer: authenticate, route, parse, run in one transaction, serialize.

`open` looks at the head, `feed` takes the body, `finish` runs the operation; `guard` turns whatever
goes wrong in a step into the answer. Synchronous. Nobody else opens transactions for requests.
"""

import hashlib
import logging
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from holdfast.aws import payload, protocols, routing, sigv4
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.aws.models import OperationModel, service
from holdfast.aws.routing import Target
from holdfast.engine.bodies import BodyWriter, discard
from holdfast.engine.port import CorruptData, EngineError, NoSpace, Outcome, Reader, Writer
from holdfast.server.access import admission, unsigned
from holdfast.server.access.asked_again import ask_again
from holdfast.server.access.call import Call
from holdfast.server.access.calling import caller_of
from holdfast.server.access.credentials import ANONYMOUS, Identity, identify
from holdfast.server.access.finishing import finishing, verify
from holdfast.server.body_lengths import announced, refuse_length
from holdfast.server.judging import Inspector
from holdfast.server.operation import (
    CHECKSUM,
    INSPECTOR,
    MAY_WRITE,
    Answer,
    Context,
    Operation,
    Params,
    ReceivedBody,
    Result,
    Snapshot,
    Staging,
    Stream,
    Transaction,
    every_state,
)
from holdfast.server.overload import overload
from holdfast.server.serving import Serving

log = logging.getLogger("holdfast.request")

_INTERNAL = {"s3": "InternalError", "dynamodb": "InternalServerError"}
# What a client is told of the engine's errors; of the others nothing but that there was one.
_SAID: tuple[tuple[type[EngineError], str], ...] = (
    (
        CorruptData,
        "What is stored is not what was written; `holdfast check` on the server says more.",
    ),
    (NoSpace, "The server's disk is full; nothing was written. Try again once there is room."),
)


class Exchange:
    """One request on its way. `response` is set once it is answered."""

    def __init__(self, serving: Serving, request: Request) -> None:
        """Begin with nothing but the head."""
        self.request = request
        self.service = routing.service_of(request)
        self.response: Response | None = None
        self.error_code = ""
        self.identity: Identity | None = None
        self.streams = False  # whether the body is stored as it arrives, rather than held
        self.now = serving.clock()
        raw = serving.site.random(16).hex().upper()
        self.request_id = raw[:16]
        self._host_id = raw[16:] + raw
        self._serving = serving
        self._target: Target | None = None
        self._model: OperationModel | None = None
        self._claims: sigv4.Claims | None = None
        self._handler: Operation[Any]  # once it is routed
        self._context_made: Context | None = None
        self._payload: payload.Payload | None = None
        self._sink: BodyWriter | None = None
        self._inspector: Inspector | None = None
        self._document = bytearray()
        self._params: Params = {}
        self._received = 0
        self._digests: payload.Digests | None = None
        self._settled = False

    @property
    def operation(self) -> str:
        """AWS's name of the operation, or nothing while it is not known."""
        return self._target.operation if self._target else ""

    # ---- the steps -----------------------------------------------------------------------------

    def open(self) -> None:
        """Authenticate; for S3 also route, and prepare to take a streamed body."""
        stranger = unsigned.claims(self.request, self.service, self.now)
        claims = self._claims = stranger or sigv4.claims(self.request, self.service)
        # Of a stranger only the body says who it might be.
        if not stranger and self._serving.attempts.refuses(
            self.request.client, claims.access_key_id
        ):
            raise overload(self.service)
        site = self._serving.site
        grace = self._serving.limits.finish_seconds
        identity = self.identity = self._serving.engine.view(
            lambda tx: identify(tx, site.vault, site.account, claims, self.now, grace)
        )
        # S3 declares the body's hash in the head, so nothing is taken from a stranger. The other
        # services sign a hash that only the body gives, and may name the operation in it.
        if self.service == "s3":
            signing = verify(claims, self.request, identity, self.now)
            self._serving.attempts.succeeded(self.request.client, claims.access_key_id)
            self._route(b"")
            self._open_payload(signing)
        self._refuse_length(self._announced_length())
        if self.streams:
            self._parse(b"")
            if self._payload is not None and CHECKSUM in self._params:
                self._payload.default_to(self._params[CHECKSUM])
            self._inspector = self._params.get(INSPECTOR)
            self._sink = self._staging().body()

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the body, as they are on the wire; nobody may change them later."""
        if self.response is None:
            self.guard(lambda: self._take(data))

    def finish(self) -> None:
        """The body is complete: run the operation."""
        if self.response is None:
            self.guard(self._run)

    def take(self, body: bytes) -> None:
        """Take a whole body, check what only it gives, and know the operation."""
        if self.response is None:
            self.guard(lambda: self._take_whole(body))

    @property
    def brief(self) -> bool:
        """Whether what is left takes microseconds. Once the body is taken."""
        return self._handler.brief

    @property
    def writes(self) -> bool:
        """Whether the operation may write. Once the body is taken."""
        return self._handler.writes

    def work(self) -> Callable[[Writer], Result] | None:
        """Return the transaction of a writing operation; None if it is refused before that.

        The caller runs it, and hands its answer to `conclude`.
        """
        self.guard(self._take_params)
        if self.response is not None:
            return None
        handler, context, params = self._handler, self._context(), self._params
        return lambda tx: handler(Transaction(tx, context), params)

    def conclude(self, outcome: Outcome) -> None:
        """Answer with what became of the transaction."""
        self.guard(lambda: self._conclude(outcome))

    def collect(self) -> None:
        """Read a body that is streamed to its end."""
        self.guard(self._collect)

    def abandon(self) -> None:
        """The client went away before the end: keep nothing of it."""
        self._give_up()

    def refuse(self, error: ServiceError) -> None:
        """Answer with an error, whatever was taken so far."""
        self._give_up()
        self.error_code = error.code
        self._serving.attempts.refused(self.request.client, self._claims, error.code)
        self.response = protocols.serialize_error(
            self.service,
            error,
            self.request,
            self.request_id,
            self._host_id,
            self.request.raw_path,
        )

    def guard(self, step: Callable[[], None]) -> None:
        """Run a step; whatever it raises becomes the answer."""
        try:
            step()
        except ServiceError as error:
            if error.code in admission.UNSEEN:
                error = admission.told(self._serving.engine, self._call(), error)
            self.refuse(error)
        except EngineError as error:
            log.error("request %s %s: %s", self.request_id, self.operation, error)  # noqa: TRY400
            message = next((text for kind, text in _SAID if isinstance(error, kind)), "")
            self.refuse(ServiceError(_INTERNAL.get(self.service, "InternalFailure"), message))
        except Exception:
            # A defect of ours: the client gets AWS's answer for it, the log gets the trace.
            log.exception("request %s %s failed", self.request_id, self.operation)
            self.refuse(ServiceError(_INTERNAL.get(self.service, "InternalFailure")))

    def summary(self) -> dict[str, Any]:
        """Return what the access log says of the request. Never a secret, never a query string."""
        return {
            "request_id": self.request_id,
            "client": self.request.client,
            "principal": self.identity.arn if self.identity else "",
            "access_key": self.identity.access_key_id if self.identity else "",
            "service": self.service,
            "operation": self.operation,
            "bucket": (self._target.bucket or "") if self._target else "",
            "key": (self._target.key or "") if self._target else "",
            "table": str(self._params.get("TableName", "")),
            "kms_key": str(self._params.get("KeyId", "")),
            "error": self.error_code,
        }

    # ---- the head ------------------------------------------------------------------------------

    def _route(self, body: bytes) -> None:
        base = self._serving.base_domain
        self._target = routing.route(self.service, self.request, body, base)
        operation = self._target.operation
        self._model = service(self.service).operations[operation]
        self._handler = self._serving.services[self.service][operation]
        self.streams = self._model.streams_input

    def _announced_length(self) -> int:
        return announced(self.request)

    def _refuse_length(self, length: int) -> None:
        limits, most = self._serving.limits, unsigned.LONGEST if self.identity is ANONYMOUS else 0
        refuse_length(self.service, length, limits, streams=self.streams, most=most)

    def _open_payload(self, signing: sigv4.SigningContext) -> None:
        headers = self.request.headers
        if self.streams and "content-length" not in headers and "transfer-encoding" not in headers:
            raise ServiceError("MissingContentLength")
        if not self.streams and payload.is_absent(self.request, signing):
            return
        # CompleteMultipartUpload's checksum header is about the object that it completes.
        of_body = self.operation != "CompleteMultipartUpload"
        most = self._serving.limits.body_bytes
        self._payload = payload.Payload(self.request, signing, most, checksum_is_of_body=of_body)

    def _take(self, data: bytes | memoryview) -> None:
        self._received += len(data)
        self._refuse_length(self._received)
        for piece in self._payload.feed(data) if self._payload else (data,):
            if self._sink is not None:
                self._sink.write(piece)
                if self._inspector is not None:
                    self._inspector.feed(piece)
            else:
                self._document += piece

    def _take_whole(self, body: bytes) -> None:
        self._take(body)
        self._settle()

    # ---- the operation -------------------------------------------------------------------------

    def _run(self) -> None:
        if not self._settled:
            self._settle()
        self._take_params()
        self._answer(self._transact())

    def _settle(self) -> None:
        self._digests = self._payload.finish() if self._payload else None
        if self.service != "s3":
            self._authenticate_document()
        self._settled = True

    def _take_params(self) -> None:
        if self._sink is not None and self._digests is not None:
            self._params = {**self._params, **self._streamed(self._sink, self._digests)}
        else:
            self._parse(bytes(self._document))
        ask_again(self._serving, self.now, self._call, streams=self.streams)

    def _conclude(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            raise outcome.error
        self._answer(outcome.result)

    def _answer(self, result: Result) -> None:
        if isinstance(result, ServiceError):
            raise result
        if self.service == "sts":
            self._serving.attempts.issued(self.request.client, self._claims, result)
        self.response = self._serialized(
            result if isinstance(result, Answer) else Answer(result or {})
        )

    def _collect(self) -> None:
        assert self.response is not None  # noqa: S101 - the caller looked
        if not isinstance(self.response.body, bytes):
            body = b"".join(self.response.body)
            self.response = replace(self.response, body=body)

    def _streamed(self, sink: BodyWriter, digests: payload.Digests) -> Params:
        assert self._model is not None  # noqa: S101 - routed by open
        facts = self._inspector.finish() if self._inspector is not None else None
        body = ReceivedBody(sink.finish(), digests.md5, digests.checksums, facts)
        return {self._model.payload: body}

    def _authenticate_document(self) -> None:
        assert self._claims is not None and self.identity is not None  # noqa: S101, PT018
        if self.identity is ANONYMOUS:
            body, attempts = bytes(self._document), self._serving.attempts
            self._claims = unsigned.taken(self.request, body, self._claims, attempts)
        else:
            digest = hashlib.sha256(self._document).hexdigest()
            verify(self._claims, self.request, self.identity, self.now, digest)
            self._serving.attempts.succeeded(self.request.client, self._claims.access_key_id)
        self._route(bytes(self._document))

    def _parse(self, body: bytes) -> None:
        assert self._target is not None and self._model is not None  # noqa: S101, PT018
        self._params = protocols.parse(self.service, self._model, self.request, self._target, body)
        if self.identity is not None and self.identity.expired:
            self._handler = finishing(self._handler, self._staging(), self.service, self._params)
        engine, who = self._serving.engine, self.identity
        if who is None or not admission.unbound(engine, who.user, self.service, self._params):
            self._params = admission.admit(engine, self._call())
        prepare = self._handler.prepare
        if prepare is not None:
            self._params = prepare(self._staging(), self._params)

    def _call(self) -> Call:
        assert self.identity is not None and self._claims is not None  # noqa: S101, PT018
        site, params, claims = self._serving.site, self._params, self._claims
        who = self.identity
        return Call(self.service, self.operation, params, self.request, claims, site, self.now, who)

    def _staging(self) -> Staging:
        return Staging(self._serving.engine, self._context())

    def _context(self) -> Context:
        if self._context_made is None:
            self._context_made = self._new_context()
        return self._context_made

    def _new_context(self) -> Context:
        assert self.identity is not None  # noqa: S101 - set by open
        request, site = self.request, self._serving.site
        caller = caller_of(request, self.identity)
        site.rules.seen(caller, self.now)
        facts = (site, caller, self.now, self.request_id, self._serving.engine.view, request.host)
        return Context(*facts, self._may_write, self._may_read)

    def _may_write(self, *where: Any) -> bool:
        return bool(self._params.get(MAY_WRITE, every_state)(*where))

    def _may_read(self, reader: Reader, bucket: str, key: str) -> bool:
        return admission.may_read(reader, self._call(), bucket, key)

    def _transact(self) -> Result:
        handler, context, params = self._handler, self._context(), self._params
        engine = self._serving.engine
        if handler.writes:
            return engine.update(lambda tx: handler(Transaction(tx, context), params))
        return engine.view(lambda tx: handler(Snapshot(tx, context), params))

    def _serialized(self, answer: Answer) -> Response:
        assert self._model is not None  # noqa: S101 - routed by now
        result, body = answer.result, None
        if self._model.streams_output:
            streamed = self._model.output_payload
            body = result.get(streamed)
        response = protocols.serialize(
            self.service, self._model, result, self.request_id, status=answer.status
        )
        headers = (*response.headers, *answer.headers)
        if self.service == "s3":
            headers = (*headers, ("x-amz-id-2", self._host_id))
        if isinstance(body, Stream):
            return Response(response.status, headers, body.pieces, body.length)
        return Response(response.status, headers, response.body if body is None else body)

    def _give_up(self) -> None:
        """Discard bodies that no record links. If even that fails they are collected later."""
        try:
            if self._sink is not None:
                self._sink.discard()
            for value in self._params.values():
                if isinstance(value, ReceivedBody):
                    discard(self._serving.engine, value.new)
        except EngineError as error:
            log.warning("request %s left a body to be collected: %s", self.request_id, error)

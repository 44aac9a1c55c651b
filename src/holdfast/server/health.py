"""The pages under `/-/` for machines: alive, ready, metrics.

`/-/healthz` is open to anyone; the others take an access key as HTTP Basic user and password.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.engine.port import Engine, EngineError
from holdfast.engine.records import Setting
from holdfast.server.access.by_password import authenticate
from holdfast.server.access.failed_attempts import FailedAttempts
from holdfast.server.metrics import Metrics
from holdfast.server.operation import Site

log = logging.getLogger("holdfast.health")

_TEXT = ("content-type", "text/plain; charset=utf-8")


class Health:
    """Answers `/-/healthz`, `/-/readyz` and `/-/metrics`."""

    def __init__(
        self,
        engine: Engine,
        site: Site,
        metrics: Metrics,
        attempts: FailedAttempts | None = None,
    ) -> None:
        """Join what the pages report on, and the failed attempts of the whole server."""
        self._attempts = attempts or FailedAttempts()
        self._engine = engine
        self._site = site
        self._metrics = metrics
        self._pages: dict[str, Callable[[], Response]] = {
            "/-/readyz": self._ready,
            "/-/metrics": self._exposition,
        }

    def answer(self, request: Request) -> Response:
        """Answer a request whose path begins with `/-/`."""
        if request.method not in ("GET", "HEAD"):
            return _text(405, "only GET and HEAD are answered here\n", ("allow", "GET, HEAD"))
        if request.raw_path == "/-/healthz":
            return _text(200, "ok\n")
        if (refusal := self._refusal(request)) is not None:
            return refusal
        page = self._pages.get(request.raw_path)
        return page() if page else _text(404, "there is no such page\n")

    def _refusal(self, request: Request) -> Response | None:
        """Return the answer to who shows no access key; None to anybody else."""
        now = datetime.now(UTC)
        try:
            authenticate(self._engine, self._site, self._attempts, request, now)
        except ServiceError as error:
            if error.status == 503:
                return _text(
                    503, "too many failed attempts came from there\n", ("retry-after", "3")
                )
            return _unknown()
        except EngineError as error:
            log.error("nobody can be authenticated: %s", error)  # noqa: TRY400 - it says enough
            return _unknown()
        return None

    def _ready(self) -> Response:
        try:
            self._engine.view(lambda tx: tx.get(Setting, "first_start"))
        except EngineError as error:
            log.error("not ready: %s", error)  # noqa: TRY400 - it says enough
            return _text(503, "the store does not answer\n")
        return _text(200, "ready\n")

    def _exposition(self) -> Response:
        from holdfast.server.exposition import page

        kind = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
        return Response(200, (kind,), page(self._metrics))


def _unknown() -> Response:
    challenge = ("www-authenticate", 'Basic realm="holdfast", charset="UTF-8"')
    return _text(401, "give an access key id and its secret as user and password\n", challenge)


def _text(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(status, (_TEXT, *headers), text.encode())

"""The pages under `/-/` for machines: alive, ready, metrics.

`/-/healthz` is open to anyone; the others take an access key as HTTP Basic user and password.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from holdfast.aws.http import Request, Response
from holdfast.engine.port import Engine, EngineError
from holdfast.engine.records import Setting
from holdfast.server.access.basic import basic
from holdfast.server.access.credentials import Identity, find
from holdfast.server.metrics import Metrics
from holdfast.server.operation import Site

log = logging.getLogger("holdfast.health")

_TEXT = ("content-type", "text/plain; charset=utf-8")


class Health:
    """Answers `/-/healthz`, `/-/readyz` and `/-/metrics`."""

    def __init__(self, engine: Engine, site: Site, metrics: Metrics) -> None:
        """Join what the pages report on."""
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
        if not self._known(request):
            challenge = ("www-authenticate", 'Basic realm="holdfast", charset="UTF-8"')
            return _text(
                401, "give an access key id and its secret as user and password\n", challenge
            )
        page = self._pages.get(request.raw_path)
        return page() if page else _text(404, "there is no such page\n")

    def _known(self, request: Request) -> bool:
        try:
            return basic(request.headers.get("authorization"), self._find) is not None
        except EngineError as error:
            log.error("nobody can be authenticated: %s", error)  # noqa: TRY400 - it says enough
            return False

    def _find(self, access_key_id: str) -> Identity | None:
        site, now = self._site, datetime.now(UTC)
        return self._engine.view(lambda tx: find(tx, site.vault, site.account, access_key_id, now))

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


def _text(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(status, (_TEXT, *headers), text.encode())

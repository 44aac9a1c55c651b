"""What answers requests: the engine, the operations and the limits, joined for the life of a server."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.engine.port import Engine
from holdfast.server.exchange import Exchange
from holdfast.server.limits import Limits
from holdfast.server.operation import Operation, Site

Services = Mapping[str, Mapping[str, Operation[Any]]]


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


class Pipeline:
    """Begins and answers exchanges. Synchronous, and safe to use from many threads."""

    def __init__(
        self,
        engine: Engine,
        site: Site,
        services: Services,
        *,
        clock: Callable[[], datetime] = utc_now,
        limits: Limits | None = None,
        base_domain: str = "",
    ) -> None:
        """Join an engine, an identity and the operations that are served.

        Args:
            engine: where the records are.
            site: account, region, vault and randomness.
            services: operations by service and AWS's name.
            clock: the time in UTC.
            limits: bounds on what is accepted.
            base_domain: for virtual-host addressing, `BUCKET.base_domain`; path style only if empty.
        """
        self.engine = engine
        self.site = site
        self.services = services
        self.clock = clock
        self.limits = limits or Limits()
        self.base_domain = base_domain

    def begin(self, request: Request) -> Exchange:
        """Check the head of a request. If it is refused, the exchange has its `response` already."""
        exchange = Exchange(self, request)
        exchange.guard(exchange.open)
        return exchange

    def answer(self, request: Request, body: bytes) -> Exchange:
        """Answer a request whose body is at hand."""
        exchange = self.begin(request)
        if body and exchange.response is None:
            exchange.feed(body)
        if exchange.response is None:
            exchange.finish()
        return exchange

    def refuse(self, request: Request, error: ServiceError) -> Exchange:
        """Answer a request with an error, unread."""
        exchange = Exchange(self, request)
        exchange.refuse(error)
        return exchange

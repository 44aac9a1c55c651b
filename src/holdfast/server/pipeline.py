"""The door to the exchanges: begin one, answer one whose body is at hand, refuse one unread."""

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.server.exchange import Exchange
from holdfast.server.httpbackend.address import is_address
from holdfast.server.httpbackend.exchange import StateExchange
from holdfast.server.serving import Serving


class Pipeline:
    """Answers requests. Synchronous, and safe to use from many threads."""

    def __init__(self, serving: Serving) -> None:
        """Answer with this engine, these operations and these limits."""
        self.serving = serving

    def begin(self, request: Request) -> Exchange:
        """Check the head of a request. If it is refused, the exchange has its `response` already."""
        exchange = self._exchange(request)
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
        exchange = self._exchange(request)
        exchange.refuse(error)
        return exchange

    def _exchange(self, request: Request) -> Exchange:
        if is_address(request.raw_path) and self.serving.on_base_host(request):
            return StateExchange(self.serving, request)
        return Exchange(self.serving, request)

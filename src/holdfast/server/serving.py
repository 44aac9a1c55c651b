"""What every request is answered with: the engine, the operations, who the server is, its limits."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from holdfast.aws.http import Request
from holdfast.engine.port import Engine
from holdfast.server.access.failed_attempts import FailedAttempts
from holdfast.server.limits import Limits
from holdfast.server.operation import Operation, Site

Services = Mapping[str, Mapping[str, Operation[Any]]]

_DEFAULTS = Limits()


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


class Serving(msgspec.Struct, frozen=True):
    """The same for the life of a server."""

    engine: Engine
    site: Site
    services: Services  # operations by service and AWS's name
    clock: Callable[[], datetime] = utc_now
    limits: Limits = _DEFAULTS
    # For virtual-host addressing, `BUCKET.base_domain`; path style only if empty.
    base_domain: str = ""
    attempts: FailedAttempts = msgspec.field(default_factory=FailedAttempts)

    def on_base_host(self, request: Request) -> bool:
        """Say whether a request is for the server itself, rather than for BUCKET.base_domain."""
        base = self.base_domain
        return not base or not request.host.partition(":")[0].lower().endswith("." + base)

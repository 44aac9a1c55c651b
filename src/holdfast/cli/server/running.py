"""Runs the application on a socket until a signal stops it."""

import resource
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from holdfast.cli.server.settings import ServerSettings
from holdfast.server.connection import limited
from holdfast.server.direct import Direct
from holdfast.server.edge import Edge
from holdfast.server.limits import Limits

_OWN_FILES = 256  # open besides connections: the database for each thread, logs, and room


class _Server(uvicorn.Server):
    """uvicorn, with a call when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_ready()


def limits_of(settings: ServerSettings) -> Limits:
    """Return the bounds on requests that the settings ask for."""
    return Limits(
        header_bytes=settings.max_header_bytes,
        document_bytes=settings.max_document_bytes,
        body_bytes=settings.max_object_bytes,
        connections=settings.max_connections,
        requests=settings.max_requests,
        threads=settings.threads,
        header_seconds=settings.header_timeout,
        stall_seconds=settings.stall_timeout,
        idle_seconds=settings.idle_timeout,
        drain_seconds=settings.drain_timeout,
    )


def allow_files(connections: int) -> None:
    """Let this process open as many files as it takes connections, if the system permits it.

    Args:
        connections: how many may be open.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OWN_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(
    application: Edge,
    listener: socket.socket,
    settings: ServerSettings,
    on_ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is under way, for a bounded time.

    Args:
        application: what answers.
        listener: a socket that is bound.
        settings: for TLS and limits.
        on_ready: called once, when requests are answered.
    """
    limits = limits_of(settings)
    allow_files(limits.connections)
    config = uvicorn.Config(
        application,
        http=limited(limits, Direct(application)),
        ws="none",
        lifespan="off",
        loop="uvloop",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=1024,
        timeout_keep_alive=max(1, round(limits.idle_seconds)),
        timeout_graceful_shutdown=max(1, round(limits.drain_seconds)),
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    server = _Server(config, on_ready)

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn takes the signals over while it runs, and raises them again when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run(sockets=[listener])

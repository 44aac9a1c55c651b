"""Runs the application on a socket until a signal stops it."""

import resource
import socket
import ssl
from collections.abc import Callable

from holdfast.cli.server.http_server import HttpServer
from holdfast.cli.server.settings import ServerSettings
from holdfast.server.connection import limited
from holdfast.server.direct import Direct
from holdfast.server.edge import Edge
from holdfast.server.http_protocol import Shared
from holdfast.server.limits import Limits

_OWN_FILES = 256  # open besides connections: the database for each thread, logs, and room


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
        finish_seconds=settings.finish_after_expiry,
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
    protocol = limited(limits, Direct(application))
    server = HttpServer(protocol, Shared(application, limits.idle_seconds), limits.drain_seconds)
    server.run(listener, _tls(settings), on_ready)


def _tls(settings: ServerSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context

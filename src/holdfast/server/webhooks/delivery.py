"""One attempt to deliver a message: bounded in time, no redirect followed, hardly anything read."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 5.0  # to connect, and for each wait
TOTAL_SECONDS = 10.0  # for all that follows


def post(url: str, headers: Mapping[str, str], body: bytes) -> str:
    """Send a message; return why it was not taken, nothing if it was.

    Args:
        url: http or https. Certificates are checked against the system's authorities.
        headers: of the request.
        body: of the request.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts)
    # A receiver that drips its answer would keep every single wait short.
    cut = threading.Timer(TOTAL_SECONDS, _cut, (connection,))
    cut.daemon = True
    try:
        # Reading the authorities takes a while, and none of the receiver's time.
        authorities = ssl.create_default_context() if parts.scheme == "https" else None
        connection.connect()
        if authorities is not None:
            # It has its last socket before the first wait: what is cut is not exchanged meanwhile.
            connection.sock = authorities.wrap_socket(
                connection.sock, server_hostname=parts.hostname, do_handshake_on_connect=False
            )
        cut.start()
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        connection.request("POST", target, body, dict(headers))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        return f"{type(problem).__name__}: {problem}"
    finally:
        cut.cancel()
        connection.close()
    return "" if 200 <= status < 300 else f"it answered {status}"


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    usual = http.client.HTTPS_PORT if parts.scheme == "https" else http.client.HTTP_PORT
    host, port = parts.hostname or "", parts.port or usual
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    connection.default_port = usual  # the Host header leaves it out
    return connection


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):  # it may be closed at this moment
        connection.sock.shutdown(socket.SHUT_RDWR)

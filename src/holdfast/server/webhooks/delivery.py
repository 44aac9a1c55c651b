"""One attempt to deliver a message: bounded in time, no redirect followed, hardly anything read."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0  # to connect, and for each wait
TOTAL_SECONDS = 10.0  # for all of it


def post(url: str, headers: Mapping[str, str], body: bytes) -> str:
    """Send a message; return why it was not taken, nothing if it was.

    Args:
        url: http or https. Certificates are checked against the system's authorities.
        headers: of the request.
        body: of the request.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts.scheme, parts.netloc)
    try:
        connection.connect()
        # A receiver that drips its answer would keep every single wait short.
        cut = threading.Timer(TOTAL_SECONDS, _cut, (connection.sock,))
        cut.daemon = True
        cut.start()
        try:
            connection.request("POST", target, body, dict(headers))
            status = connection.getresponse().status
        finally:
            cut.cancel()
    except (OSError, http.client.HTTPException) as problem:
        return f"{type(problem).__name__}: {problem}"
    finally:
        connection.close()
    return "" if 200 <= status < 300 else f"it answered {status}"


def _connection(scheme: str, place: str) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(place, timeout=CONNECT_SECONDS, context=context)
    return http.client.HTTPConnection(place, timeout=CONNECT_SECONDS)


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)

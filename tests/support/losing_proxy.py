"""A proxy that loses answers: the server has done what was asked, and the client never hears of it."""

import select
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def losing(endpoint: str, lost: Mapping[str, int]) -> Iterator[tuple[str, Counter[str]]]:
    """Run a proxy before a server; yields its address, and how many requests came by method.

    Args:
        endpoint: of the server, plain HTTP.
        lost: how many answers are lost, from the first on, by method.
    """
    upstream = urlsplit(endpoint)
    seen: Counter[str] = Counter()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((upstream.hostname or "", upstream.port or 80)) as server:
                method = ""
                while True:
                    ready, _, _ = select.select([self.request, server], [], [], 60)
                    if self.request in ready:
                        data = self.request.recv(65536)
                        name = data.partition(b" ")[0]
                        if name.isalpha() and name.isupper():
                            method = name.decode()
                            seen[method] += 1
                        server.sendall(data)
                    else:
                        data = server.recv(65536) if ready else b""
                        if seen[method] <= lost.get(method, 0):
                            return
                        self.request.sendall(data)
                    if not data:
                        return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()

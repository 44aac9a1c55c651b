"""One attempt to deliver: why it failed, and that it ends."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certificates import certificate
from holdfast.server.webhooks import delivery
from holdfast.server.webhooks.delivery import post
from webhook_receiver import receiving


@contextmanager
def dripping(pieces: bytes, first: bytes = b"") -> Iterator[str]:
    """Answer a little again and again, without end; yield the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(4096)
            client.sendall(first)
            while not over.wait(0.02):
                try:
                    client.sendall(pieces)
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    over.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_success_is_taken(status: int) -> None:
    """Whichever it is."""
    with receiving() as receiver:
        receiver.answers = [status]
        assert post(receiver.url, {}, b"{}") == ""


@pytest.mark.parametrize("status", [301, 400, 410, 500])
def test_any_other_answer_says_its_status(status: int) -> None:
    """A redirect is one of them: what is sent goes to the address that was set."""
    with receiving() as receiver:
        receiver.answers = [status]
        assert post(receiver.url, {}, b"{}") == f"it answered {status}"
        assert len(receiver.received) == 1


def test_nobody_there_is_said() -> None:
    """The port is closed."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    assert "ConnectionRefusedError" in post(f"http://127.0.0.1:{port}", {}, b"{}")


def test_a_receiver_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the longest wait."""
    monkeypatch.setattr(delivery, "CONNECT_SECONDS", 0.05)
    with receiving() as receiver:
        receiver.released.clear()
        assert "timed out" in post(receiver.url, {}, b"{}")


@pytest.mark.parametrize("pieces", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_receiver_that_drips_is_left(pieces: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though none of the waits is long."""
    monkeypatch.setattr(delivery, "TOTAL_SECONDS", 0.3)
    with dripping(pieces) as url:
        assert post(url, {}, b"{}")


def test_a_receiver_that_drips_its_certificate_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything was sent."""
    monkeypatch.setattr(delivery, "TOTAL_SECONDS", 0.3)
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"  # a long one, of a handshake
    with dripping(b"\x00", record) as url:
        assert post(url.replace("http://", "https://"), {}, b"{}")


def test_a_machine_that_is_slow_takes_none_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is cut while TLS begins would leave a socket behind, which warns of itself."""
    read = ssl.create_default_context

    def read_slowly() -> ssl.SSLContext:
        time.sleep(0.3)
        return read()

    monkeypatch.setattr(ssl, "create_default_context", read_slowly)
    monkeypatch.setattr(delivery, "TOTAL_SECONDS", 0.2)
    with dripping(b"\x00", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc") as url:
        assert post(url.replace("http://", "https://"), {}, b"{}")


def test_tls_is_spoken_where_the_certificate_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its authority is one of those in SSL_CERT_FILE; the host is the one in the address."""
    files = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with receiving(files) as receiver:
        assert post(f"{receiver.url}/hook", {}, b"{}") == ""
        (received,) = receiver.received
        assert received.headers["host"] == receiver.url.removeprefix("https://")
        wrong = receiver.url.replace("127.0.0.1", "localhost")
        assert "CERTIFICATE_VERIFY_FAILED" in post(wrong, {}, b"{}")
    assert len(receiver.received) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    """TLS is checked: here is none at all."""
    with receiving() as receiver:
        url = receiver.url.replace("http://", "https://")
        assert "SSL" in post(url, {}, b"{}")
        assert receiver.received == []

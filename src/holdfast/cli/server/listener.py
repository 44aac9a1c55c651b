"""The socket to listen on, and the TLS files: checked before anything is made or started."""

import errno
import socket
import ssl
from pathlib import Path

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed
from holdfast.cli.server.settings import ServerSettings
from holdfast.cli.server.values import Address


def refuse_exposure(settings: ServerSettings) -> None:
    """Refuse to carry states over a network in the clear, unless that was asked for.

    Raises:
        CommandFailed: the address is not loopback, and there is neither TLS nor `insecure`.
    """
    if settings.listen.is_loopback or settings.secure or settings.insecure:
        return
    raise CommandFailed(
        f"refused to listen on {settings.listen} without TLS: "
        "states and locks would cross the network in the clear",
        "Give --tls-certificate FILE --tls-key FILE, or say --insecure if that is what you want.",
        ExitCode.REFUSED,
    )


def check_tls(settings: ServerSettings) -> None:
    """Load the TLS files once, to find out what is wrong with them.

    Raises:
        CommandFailed: they cannot be read, are no PEM, or do not belong together.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None or key is None:
        return
    for path in (certificate, key):
        try:
            path.read_bytes()
        except OSError as bad:
            raise CommandFailed(f"cannot read {path}: {bad.strerror}", "", ExitCode.USAGE) from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as bad:
        reason = getattr(bad, "reason", None) or str(bad)
        raise CommandFailed(
            f"{certificate} and {key} are not a TLS certificate and its key ({reason})",
            "Both must be PEM, the key not encrypted, and the certificate made for that key.",
            ExitCode.USAGE,
        ) from None


def self_signed(certificate: Path) -> bool:
    """Whether the last certificate of a chain signed itself, so that clients must be told of it."""
    from cryptography import x509

    try:
        last = x509.load_pem_x509_certificates(certificate.read_bytes())[-1]
    except ValueError:
        return False
    return last.issuer == last.subject


def bind(address: Address) -> socket.socket:
    """Bind, without listening yet.

    Raises:
        CommandFailed: the address is in use, not of this machine, or not allowed.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(1024)
    except OSError as bad:
        listener.close()
        raise _bind_failed(address, bad) from None
    listener.setblocking(False)
    return listener


def _bind_failed(address: Address, bad: OSError) -> CommandFailed:
    if bad.errno == errno.EADDRINUSE:
        return CommandFailed(
            f"the address {address} is in use by another process",
            "Stop it, or choose another port: holdfast serve --listen "
            f"{Address(address.host, 0)} lets the system choose.",
            ExitCode.IN_USE,
        )
    return CommandFailed(
        f"cannot listen on {address}: {bad.strerror}",
        "Choose an address of this machine: holdfast serve --listen HOST:PORT",
    )

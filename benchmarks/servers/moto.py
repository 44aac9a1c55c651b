"""moto_server: AWS in memory, for tests."""

from pathlib import Path

from benchmarks.servers.installing import python_package
from benchmarks.servers.peer import Peer, Plan, Program
from benchmarks.servers.process import free_port
from benchmarks.wire.requests import Signer


def moto() -> Peer:
    """Return moto_server."""
    return Peer("moto", "in memory only; signatures are not checked", _install, _plan)


def _install(cache: Path) -> str:
    return python_package(cache, "moto", "moto[server,s3,dynamodb]")


def _plan(cache: Path, folder: Path) -> Plan:
    del folder
    port = free_port()
    command = (str(cache / "moto" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port))
    endpoint = f"http://127.0.0.1:{port}"
    return Plan((Program(command, {}, endpoint),), Signer(endpoint, endpoint, "moto", "moto"), None)

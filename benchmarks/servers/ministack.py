"""MiniStack: an emulator of many AWS services, with its persistence and authentication on."""

from pathlib import Path

from benchmarks.servers.installing import python_package
from benchmarks.servers.peer import Peer, Plan, Program
from benchmarks.servers.process import free_port
from benchmarks.wire.requests import Signer

_ACCESS_KEY_ID, _SECRET = "AKIABENCHMARK0000001", "benchmark-secret"


def ministack() -> Peer:
    """Return MiniStack."""
    keeps = "objects on disk, not synced; items in memory, written at its end; authenticated"
    return Peer("ministack", keeps, _install, _plan)


def _install(cache: Path) -> str:
    return python_package(cache, "ministack", "ministack")


def _plan(cache: Path, folder: Path) -> Plan:
    port, data = free_port(), folder / "data"
    data.mkdir()
    environment = {
        "BIND_HOST": "127.0.0.1",  # it would listen on every interface
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "AWS_ACCESS_KEY_ID": _ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "LOG_LEVEL": "WARNING",
        "HOME": str(folder),
        "TMPDIR": str(folder),
    }
    endpoint = f"http://127.0.0.1:{port}"
    program = Program((str(cache / "ministack" / "bin" / "ministack"),), environment, endpoint)
    return Plan((program,), Signer(endpoint, endpoint, _ACCESS_KEY_ID, _SECRET), data)

"""dynalite and s3rver: DynamoDB on LevelDB and S3 on files, two processes of Node."""

from pathlib import Path

from benchmarks.servers.installing import node_packages
from benchmarks.servers.peer import Peer, Plan, Program
from benchmarks.servers.process import free_port
from benchmarks.wire.requests import Signer

_FOLDER = "dynalite"


def dynalite() -> Peer:
    """Return both, as one server."""
    keeps = "on disk, not synced; signatures of DynamoDB requests are not checked"
    return Peer("dynalite+s3rver", keeps, _install, _plan)


def _install(cache: Path) -> str:
    return node_packages(cache, _FOLDER, ["dynalite@4", "s3rver@3"])


def _plan(cache: Path, folder: Path) -> Plan:
    tools = cache / _FOLDER / "node_modules" / ".bin"
    data = folder / "data"
    (data / "items").mkdir(parents=True)
    (data / "objects").mkdir()
    items, objects = free_port(), free_port()
    database = (
        *(str(tools / "dynalite"), "--host", "127.0.0.1", "--port", str(items)),
        *("--path", str(data / "items"), "--createTableMs", "0"),
    )
    files = (
        *(str(tools / "s3rver"), "-a", "127.0.0.1", "-p", str(objects)),
        *("-d", str(data / "objects"), "--silent", "--no-vhost-buckets"),
    )
    s3, dynamodb = f"http://127.0.0.1:{objects}", f"http://127.0.0.1:{items}"
    signer = Signer(s3, dynamodb, "S3RVER", "S3RVER")  # the key that s3rver knows
    return Plan((Program(database, {}, dynamodb), Program(files, {}, s3)), signer, data)

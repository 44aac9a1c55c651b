"""Buckets and tables of a fresh server."""

from benchmarks.servers.peer import Running, Unsupported
from benchmarks.wire.load import ask, must
from benchmarks.wire.requests import Request, Signer

BUCKET, VERSIONED, TABLE = "bench-bucket", "bench-versioned", "bench-locks"
_VERSIONING = (
    b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Status>Enabled</Status></VersioningConfiguration>"
)


def make_places(server: Running) -> None:
    """Make a bucket and a lock table.

    Raises:
        Refused: The server does not make them.
    """
    for request in places(server.signer):
        must(request)


def places(signer: Signer) -> list[Request]:
    """Return the requests that make a bucket and a lock table."""
    key = {"AttributeName": "LockID"}
    parameters = {
        "TableName": TABLE,
        "AttributeDefinitions": [{**key, "AttributeType": "S"}],
        "KeySchema": [{**key, "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    return [signer.s3("PUT", f"/{BUCKET}"), signer.dynamodb("CreateTable", parameters)]


def make_versioned(signer: Signer) -> None:
    """Make a bucket that keeps versions.

    Raises:
        Unsupported: The server has none.
    """
    must(signer.s3("PUT", f"/{VERSIONED}"))
    answer = ask(signer.s3("PUT", f"/{VERSIONED}?versioning=", _VERSIONING))
    if answer.status != 200:
        raise Unsupported(f"keeps no versions: PutBucketVersioning answers {answer.status}")

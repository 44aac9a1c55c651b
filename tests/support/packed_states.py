"""States with a history, packed: what the tests of packing have in common."""

import json
import random
from datetime import timedelta
from typing import Any

from holdfast.engine.kinds import KINDS
from holdfast.engine.port import Writer
from holdfast.engine.record import Record
from holdfast.engine.records import Chunk, Object, ObjectVersion, Packed, ToPack
from holdfast.server.problem import Problem
from holdfast.server.s3.packer import pack_some
from holdfast.server.verify import verify
from in_process import Aws

BUCKET = "states"
DAY = timedelta(days=1)


def state(serial: int, size: int = 20_000, seed: int = 0) -> bytes:
    """Return a state of about so many bytes; another serial changes a little of it."""
    chance = random.Random(seed)
    changing = random.Random(f"{seed}/{serial}")
    resources = [
        {
            "type": "aws_instance",
            "name": f"node-{number}",
            "attributes": {
                "id": f"i-{chance.getrandbits(64):016x}",
                "note": chance.randbytes(40).hex(),
            },
        }
        for number in range(size // 200)
    ]
    for _ in range(3):
        changing.choice(resources)["id"] = f"i-{changing.getrandbits(64):016x}"
    return json.dumps({"version": 4, "serial": serial, "resources": resources}, indent=1).encode()


def make_bucket(aws: Aws) -> None:
    """Make the bucket, with versioning."""
    aws.s3.create_bucket(Bucket=BUCKET)
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def put(aws: Aws, key: str, body: bytes, **options: Any) -> str:
    """Write a version and return its id."""
    return aws.s3.put_object(Bucket=BUCKET, Key=key, Body=body, **options)["VersionId"]


def got(aws: Aws, key: str, version: str | None = None, **options: Any) -> bytes:
    """Return the bytes of a version."""
    if version is not None:
        options["VersionId"] = version
    return aws.s3.get_object(Bucket=BUCKET, Key=key, **options)["Body"].read()


def pack_all(aws: Aws) -> int:
    """Let the packer deal with everything that is due; return how many notes that were."""
    done = 0
    while found := pack_some(aws.engine, aws.site, aws.clock()):
        done += found
    return done


def forget_notes(aws: Aws, *keys: str) -> None:
    """Drop the notes of what is to be packed, as if there had been no packing; of all keys or some."""

    def drop(tx: Writer) -> None:
        for one in tx.scan(ToPack):
            if one.key in keys or not keys:
                tx.drop(ToPack, one.at, one.bucket, one.key, one.order)

    aws.engine.update(drop)


def records(aws: Aws, kind: type[Record]) -> list[Any]:
    """Return all records of a kind."""
    assert kind in KINDS
    return aws.engine.view(lambda tx: list(tx.scan(kind)))


def body_id(aws: Aws, key: str, version: str | None = None) -> bytes:
    """Return the id of a version's only body; of the newest version without an id."""

    def find(found: ObjectVersion) -> bool:
        newest = aws.engine.view(lambda tx: tx.get(Object, BUCKET, key))
        wanted = version or (newest.version_id if newest else None)
        return found.key == key and found.version_id == wanted

    (one,) = (found.stored[0].id for found in records(aws, ObjectVersion) if find(found))
    return bytes(one)


def packed(aws: Aws, key: str, version: str | None = None) -> Packed | None:
    """Return the packed form of a version's body, or None if it is whole, its chunks checked."""
    found = body_id(aws, key, version)
    form = aws.engine.view(lambda tx: tx.get(Packed, found))
    chunks = aws.engine.view(lambda tx: list(tx.scan(Chunk, found)))
    assert bool(chunks) is (form is None)
    return form


def problems(aws: Aws) -> list[Problem]:
    """Return what a verification finds."""
    return list(verify(aws.engine, aws.site, aws.clock(), lambda *_: None))

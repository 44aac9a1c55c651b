"""The requests that Terraform's S3 backend makes, in the order in which it makes them."""

import hashlib
import json
import random
from uuid import UUID

from benchmarks.scenarios.places import BUCKET, TABLE
from benchmarks.wire.requests import Request, Signer

KIB = 1000
_INFO = {
    "ID": "5f0e1e7c-2f4b-4b8e-9f5e-0c9c7f1f3b57",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "ci@runner",
    "Version": "1.11.4",
    "Created": "2026-01-01T00:00:00.000000000Z",
}
LOCK_FILE = json.dumps(_INFO).encode()


def take_lock(signer: Signer, name: str, client: int = 0) -> Request:
    """Return the PutItem that takes a lock if nobody holds it; each client's has an ID of its own."""
    info = json.dumps({**_INFO, "ID": str(UUID(int=client)), "Path": name})
    parameters = {
        "TableName": TABLE,
        "Item": {"LockID": {"S": name}, "Info": {"S": info}},
        "ConditionExpression": "attribute_not_exists(LockID)",
    }
    return signer.dynamodb("PutItem", parameters)


def give_lock(signer: Signer, name: str) -> Request:
    """Return the DeleteItem that gives a lock back."""
    return signer.dynamodb("DeleteItem", {"TableName": TABLE, "Key": {"LockID": {"S": name}}})


def get_item(signer: Signer, name: str, wanted: str) -> Request:
    """Return the GetItem for one attribute of a lock or digest."""
    parameters = {
        "TableName": TABLE,
        "Key": {"LockID": {"S": name}},
        "ConsistentRead": True,
        "ProjectionExpression": f"LockID, {wanted}",
    }
    return signer.dynamodb("GetItem", parameters)


def lock_cycle(signer: Signer, name: str) -> list[Request]:
    """Return taking, looking at and giving back a lock."""
    return [take_lock(signer, name), get_item(signer, name, "Info"), give_lock(signer, name)]


def state_write(signer: Signer, key: str, body: bytes) -> list[Request]:
    """Return writing a state and its digest."""
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    item = {"LockID": {"S": f"{BUCKET}/{key}-md5"}, "Digest": {"S": md5}}
    digest = signer.dynamodb("PutItem", {"TableName": TABLE, "Item": item})
    return [signer.put(BUCKET, key, body), digest]


def state_read(signer: Signer, key: str, length: int) -> list[Request]:
    """Return reading a state of so many bytes, and its digest."""
    path = f"/{BUCKET}/{key}"
    return [
        signer.s3("HEAD", path),
        signer.s3("GET", path, length=length),
        get_item(signer, f"{BUCKET}{path}-md5", "Digest"),
    ]


def lock_file_cycle(signer: Signer, key: str) -> list[Request]:
    """Return making, looking at and deleting a lock file."""
    path = f"/{BUCKET}/{key}"
    return [
        take_lock_file(signer, key),
        signer.s3("GET", path, length=len(LOCK_FILE)),
        signer.s3("DELETE", path, good=(200, 204)),
    ]


def take_lock_file(signer: Signer, key: str) -> Request:
    """Return the PutObject that makes a lock file if there is none."""
    return signer.put(BUCKET, key, LOCK_FILE, {"If-None-Match": "*"})


def state(length: int, serial: int = 1) -> bytes:
    """Return a state of about so many bytes; the next serial's differs in a few places.

    Half of it is text as providers write it, half are ids and hashes that do not compress.
    """
    ids = random.Random(length)
    resources: list[dict[str, object]] = []
    size = 300
    while size < length:
        number = len(resources)
        attributes: dict[str, object] = {
            "id": f"i-{ids.randbytes(8).hex()}",
            "arn": f"arn:aws:ec2:us-east-1:123456789012:instance/{ids.randbytes(8).hex()}",
            "tags": {"Name": f"instance-{number}", "Owner": "platform", "Serial": "0"},
            "user_data_hash": ids.randbytes(120).hex(),
        }
        resource: dict[str, object] = {
            "mode": "managed",
            "type": "aws_instance",
            "name": f"instance_{number}",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": 1, "attributes": attributes}],
        }
        resources.append(resource)
        size += 900
        if serial % 50 == number % 50:
            attributes["tags"] = {"Name": f"instance-{number}", "Serial": str(serial)}
    document = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "b"}
    text = json.dumps({**document, "outputs": {}, "resources": resources}, indent=2)
    return text.encode()

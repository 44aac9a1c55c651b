"""A fresh bucket and lock table on a real server, and backends that use them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from holdfast.client.backend import Backend
from holdfast.client.settings import BackendSettings
from real_clients import Server

LINEAGE = "3f1b6a52-5d2c-4f3e-9a55-0d5f1f7e9c01"
KEY = "app/terraform.tfstate"
LOCKS = {
    "table": {"dynamodb_table": True},
    "file": {"use_lockfile": True},
    "both": {"dynamodb_table": True, "use_lockfile": True},
    "none": {},
}


@dataclass(frozen=True)
class Site:
    """A bucket that keeps versions and a lock table, used by this test only."""

    server: Server
    bucket: str
    table: str

    def settings(self, key: str = KEY, lock: str = "both", **more: Any) -> BackendSettings:
        """Return settings; `lock` is table, file, both or none."""
        use = LOCKS[lock]
        return BackendSettings(
            self.bucket,
            key,
            region="us-east-1",
            dynamodb_table=self.table if use.get("dynamodb_table") else None,
            use_lockfile=use.get("use_lockfile", False),
            **more,
        )

    def backend(
        self, key: str = KEY, lock: str = "both", workspace: str = "default", **more: Any
    ) -> Backend:
        """Return a backend with clients of its own; call it twice for two clients."""
        return Backend(self.settings(key, lock, **more), workspace, cache=False)

    def same_backend(self, lock: str = "both") -> Backend:
        """Return the backend with its clients that the test had before: making clients takes long."""
        if lock not in self._backends:
            self._backends[lock] = self.backend(lock=lock)
        return self._backends[lock]

    @cached_property
    def _backends(self) -> dict[str, Backend]:
        return {}

    @cached_property
    def s3(self) -> Any:
        """A plain client for S3."""
        return _client(self.server, "s3")

    @cached_property
    def dynamodb(self) -> Any:
        """A plain client for DynamoDB."""
        return _client(self.server, "dynamodb")

    def has_table(self) -> bool:
        """Whether its table is there."""
        return self.server.has_table(self.table)

    def item(self, lock_id: str) -> dict[str, str]:
        """Return an item of the table, without types; empty if there is none."""
        answer = self.dynamodb.get_item(TableName=self.table, Key={"LockID": {"S": lock_id}})
        return {name: value["S"] for name, value in answer.get("Item", {}).items()}

    def body(self, key: str = KEY) -> bytes:
        """Return the bytes of an object."""
        found: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return found

    def keys(self) -> list[str]:
        """Return the keys of all objects."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def block(self, key: str = KEY, lock: str = "both") -> str:
        """Return the backend block for terraform."""
        arguments = [
            f'bucket = "{self.bucket}"',
            f'key = "{key}"',
            'region = "us-east-1"',
        ]
        if LOCKS[lock].get("dynamodb_table"):
            arguments.append(f'dynamodb_table = "{self.table}"')
        if LOCKS[lock].get("use_lockfile"):
            arguments.append("use_lockfile = true")
        lines = "\n    ".join(arguments)
        return f'terraform {{\n  backend "s3" {{\n    {lines}\n  }}\n}}\n'


_clients: dict[tuple[str, str, str], Any] = {}  # making one takes longer than most tests


def _client(server: Server, service: str) -> Any:
    """Return a plain client that all tests of one server share."""
    which = server.endpoint, server.env["AWS_ACCESS_KEY_ID"], service
    if which not in _clients:
        _clients[which] = server.client(service)
    return _clients[which]


def make_site(server: Server, name: str) -> Site:
    """Make a bucket and a table whose names begin with a name."""
    site = Site(server, f"{name}-state", f"{name}-locks")
    site.s3.create_bucket(Bucket=site.bucket)
    site.s3.put_bucket_versioning(Bucket=site.bucket, VersioningConfiguration={"Status": "Enabled"})
    site.dynamodb.create_table(
        TableName=site.table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return site


def made_state(
    serial: int = 1,
    lineage: str = LINEAGE,
    *,
    outputs: Mapping[str, str] | None = None,
    resources: Mapping[str, str] | None = None,
) -> bytes:
    """Return a state as terraform writes it.

    Args:
        serial: its serial.
        lineage: its lineage.
        outputs: name -> text; one output that holds the serial if None.
        resources: names of `terraform_data` resources -> their input.
    """
    texts = {"serial": str(serial)} if outputs is None else outputs
    document = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "outputs": {name: {"value": text, "type": "string"} for name, text in texts.items()},
        "resources": [_resource(name, text) for name, text in (resources or {}).items()],
        "check_results": None,
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def _resource(name: str, text: str) -> dict[str, Any]:
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": name,
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [
            {
                "schema_version": 0,
                "attributes": {
                    "id": f"id-of-{name}",
                    "input": {"value": text, "type": "string"},
                    "output": {"value": text, "type": "string"},
                    "triggers_replace": None,
                },
                "sensitive_attributes": [],
            }
        ],
    }

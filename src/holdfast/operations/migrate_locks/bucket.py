"""What a bucket's settings mean for lock files: hints, read from its policy, lifecycle and object lock.

The pitfalls are those that people met: a policy that names `*.tfstate`, one that demands an encryption
header, and versions of lock files that pile up. A setting that may not be read gives no hint.
"""

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from holdfast.client.connect import Connection
from holdfast.client.settings import BackendSettings
from holdfast.terraform.address import StateAddress

_ENCRYPTION = "s3:x-amz-server-side-encryption"


def hints(connection: Connection, addresses: Iterable[StateAddress]) -> list[str]:
    """Return what should be known or changed about the bucket before locks are files.

    Args:
        connection: the services.
        addresses: the states, all of one bucket.
    """
    settings = connection.settings
    bucket = settings.bucket
    found = _policy_hints(_policy(connection), settings, list(addresses))
    if _asked(connection, "get_bucket_versioning").get("Status") == "Enabled":
        rules = _asked(connection, "get_bucket_lifecycle_configuration").get("Rules", [])
        if not any(_tidies(rule) for rule in rules):
            found.append(
                f"{bucket} keeps versions, and every lock leaves one and a deletion: add a lifecycle "
                "rule with NoncurrentVersionExpiration and ExpiredObjectDeleteMarker (a rule cannot "
                "name a suffix, so it is for the states' old versions too); "
                "'holdfast bootstrap plan' shows one"
            )
    retention = _asked(connection, "get_object_lock_configuration").get("ObjectLockConfiguration")
    if retention and retention.get("Rule"):
        found.append(
            f"{bucket} has a default retention: each version of a lock file is kept for that long"
        )
    return found


def _asked(connection: Connection, operation: str) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = getattr(connection.s3, operation)(
            Bucket=connection.settings.bucket
        )
    except (ClientError, BotoCoreError):
        return {}
    return answer


def _policy(connection: Connection) -> list[dict[str, Any]]:
    try:
        document = json.loads(_asked(connection, "get_bucket_policy").get("Policy", "{}"))
    except ValueError:
        return []
    statements = document.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _policy_hints(
    statements: list[dict[str, Any]], settings: BackendSettings, addresses: list[StateAddress]
) -> list[str]:
    found: list[str] = []
    for number, statement in enumerate(statements, 1):
        name = f"the bucket policy's statement {statement.get('Sid') or number}"
        if statement.get("Effect") == "Allow":
            left_out = [each for each in addresses if _names_only_the_state(statement, each)]
            if left_out:
                example = left_out[0].lock_file_key
                found.append(f"{name} allows the state and not its lock file: add {example}")
        elif not settings.encrypt and _ENCRYPTION in json.dumps(statement.get("Condition", {})):
            found.append(
                f"{name} demands an encryption header, and without 'encrypt = true' lock files "
                "are sent without one"
            )
    return found


def _names_only_the_state(statement: dict[str, Any], address: StateAddress) -> bool:
    if not any(_matches("s3:PutObject", action) for action in _listed(statement.get("Action"))):
        return False
    resources = _listed(statement.get("Resource"))
    return any(_matches(_arn(address, address.object_key), each) for each in resources) and not any(
        _matches(_arn(address, address.lock_file_key), each) for each in resources
    )


def _arn(address: StateAddress, key: str) -> str:
    return f"arn:aws:s3:::{address.bucket}/{key}"


def _matches(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _tidies(rule: dict[str, Any]) -> bool:
    return rule.get("Status") == "Enabled" and "NoncurrentVersionExpiration" in rule

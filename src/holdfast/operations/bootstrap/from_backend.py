"""What a Terraform directory's backend asks for, as far as a backend block can say it."""

from collections.abc import Mapping
from typing import Any

from holdfast.client.settings import BackendSettings


def asked_by(settings: BackendSettings) -> dict[str, Any]:
    """Return the fields of `Desired` that a backend's arguments say, nested ones as mappings.

    `encrypt = true` without a key asks for SSE-S3 in every request, which a bucket that demands a
    key would deny.
    """
    found: dict[str, Any] = {"bucket": settings.bucket}
    if settings.region:
        found["region"] = settings.region
    if len(settings.allowed_account_ids) == 1:
        found["account"] = settings.allowed_account_ids[0]
    if settings.dynamodb_table:
        found["lock"] = "both" if settings.use_lockfile else "table"
        found["table"] = {"name": settings.dynamodb_table}
    elif settings.use_lockfile:
        found["lock"] = "lockfile"
    if settings.kms_key_id:
        found["encryption"] = {"key": settings.kms_key_id}
    elif settings.encrypt and not settings.sse_customer_key:
        found["encryption"] = {"mode": "sse-s3"}
    return found


def without_contradiction(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a directory asks for without the encryption that stronger words replace."""
    if above.get("encryption", {}).keys() & {"mode", "key", "alias"}:
        return {name: value for name, value in below.items() if name != "encryption"}
    return dict(below)

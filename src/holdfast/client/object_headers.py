"""The parameters that Terraform sends with every object of a backend: encryption, checksum, ACL, tags.

Source: Terraform's `internal/backend/remote-state/s3/client.go` (put, get, lockWithFile); tags are
OpenTofu's.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from holdfast.client.errors import NotConfigured
from holdfast.client.settings import BackendSettings


def for_state(settings: BackendSettings) -> dict[str, Any]:
    """Return the parameters of a PutObject of a state."""
    return _for_put(settings, settings.state_tags)


def for_lock_file(settings: BackendSettings) -> dict[str, Any]:
    """Return the parameters of a PutObject of a lock file."""
    return _for_put(settings, settings.lock_tags)


def for_read(settings: BackendSettings) -> dict[str, Any]:
    """Return the parameters of a GetObject or HeadObject: the customer's key, if there is one."""
    if not (settings.encrypt and settings.sse_customer_key):
        return {}
    return {
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": _customer_key(settings.sse_customer_key),
    }


def _for_put(settings: BackendSettings, tags: Mapping[str, str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"ContentType": "application/json", **_encryption(settings)}
    if not settings.skip_s3_checksum:
        parameters["ChecksumAlgorithm"] = "SHA256"
    if settings.acl:
        parameters["ACL"] = settings.acl
    if tags:
        parameters["Tagging"] = urlencode(tags)
    return parameters


def _encryption(settings: BackendSettings) -> dict[str, Any]:
    """Without `encrypt = true` Terraform sends none of these, whatever else is set."""
    if not settings.encrypt:
        return {}
    if settings.kms_key_id:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.kms_key_id}
    return for_read(settings) or {"ServerSideEncryption": "AES256"}


def _customer_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise NotConfigured(
            "sse_customer_key is not a key",
            "It has to be base64 of 32 bytes: openssl rand -base64 32",
        )
    return key

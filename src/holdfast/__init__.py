"""Holdfast keeps Terraform and OpenTofu state: stored, locked, versioned, encrypted, recoverable."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.client.errors import (
        DigestMismatch,
        HoldfastError,
        LockHeld,
        LockLost,
        NoSuchState,
        StaleSerial,
    )
    from holdfast.client.history import Version
    from holdfast.client.settings import BackendSettings
    from holdfast.terraform.address import StateAddress
    from holdfast.terraform.lockinfo import LockInfo

__version__ = "0.1.0"

# Imported when they are first used, so that `import holdfast` costs nothing.
_WHERE = {
    "Backend": "holdfast.client.backend",
    "BackendSettings": "holdfast.client.settings",
    "DigestMismatch": "holdfast.client.errors",
    "HoldfastError": "holdfast.client.errors",
    "LockHeld": "holdfast.client.errors",
    "LockInfo": "holdfast.terraform.lockinfo",
    "LockLost": "holdfast.client.errors",
    "NoSuchState": "holdfast.client.errors",
    "StaleSerial": "holdfast.client.errors",
    "StateAddress": "holdfast.terraform.address",
    "Version": "holdfast.client.history",
}

__all__ = [
    "Backend",
    "BackendSettings",
    "DigestMismatch",
    "HoldfastError",
    "LockHeld",
    "LockInfo",
    "LockLost",
    "NoSuchState",
    "StaleSerial",
    "StateAddress",
    "Version",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})

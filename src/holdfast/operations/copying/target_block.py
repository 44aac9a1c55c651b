"""The backend block with which Terraform goes on at the target of a copy, without secrets."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from holdfast.client.backend import Backend
from holdfast.client.config.rendering import block
from holdfast.client.connect import Connection
from holdfast.terraform.address import StateAddress

SECRET = frozenset({"access_key", "secret_key", "token", "sse_customer_key"})
_BY_US = frozenset({"bucket", "key", "region", "endpoints", "assume_role", "use_path_style"})


def target_block(backend: Backend, address: StateAddress) -> str:
    """Return the block as HCL.

    Args:
        backend: the target. An endpoint that the environment names is written out: it is easily lost.
        address: the state; its key is that of all its workspaces.
    """
    settings, connection = backend.settings, backend.connection
    said: dict[str, Any] = {
        "bucket": address.bucket,
        "key": address.key,
        "region": connection.region,
    }
    for each in dataclasses.fields(settings):
        value = getattr(settings, each.name)
        if each.name not in SECRET | _BY_US and value and value != each.default:
            said[each.name] = _plain(value)
    if settings.assume_role:
        said["assume_role"] = _plain(settings.assume_role[0])
    if not connection.is_aws:
        config: Any = connection.s3.meta.config
        said["use_path_style"] = config.s3.get("addressing_style") == "path"
        said["endpoints"] = _endpoints(connection)
    elif settings.use_path_style is not None:
        said["use_path_style"] = settings.use_path_style
    return block(said)


def left_out(backend: Backend) -> list[str]:
    """Return the names of the secrets that the block needs and does not say."""
    return sorted(name for name in SECRET if getattr(backend.settings, name))


def _endpoints(connection: Connection) -> dict[str, str]:
    """Return the endpoints that Terraform asks: for the account too, before it looks at a state."""
    found = {"s3": connection.s3.meta.endpoint_url}
    if connection.settings.dynamodb_table:
        found["dynamodb"] = connection.dynamodb.meta.endpoint_url
    for name, client in (("sts", connection.sts), ("iam", connection.iam)):
        if ".amazonaws." not in client.meta.endpoint_url:
            found[name] = client.meta.endpoint_url
    return found


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        return {name: _plain(member) for name, member in members.items() if member}
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value

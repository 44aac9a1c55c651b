"""Reading version 4 states, which Terraform 0.12 and later and OpenTofu write.

Source: `internal/states/statefile/version4.go`.
"""

from typing import Any

import msgspec

from holdfast.terraform.exact_json import UnreadableState, check_depth, decode_as, decode_value
from holdfast.terraform.records import Instance, Mode, Output, Path, Resource, StateFile

_NOTHING = msgspec.Raw(b"null")


class _Output(msgspec.Struct, gc=False):
    value: msgspec.Raw = _NOTHING
    type: msgspec.Raw = _NOTHING
    sensitive: bool | None = False


class _Instance(msgspec.Struct):
    index_key: int | str | None = None
    status: str | None = ""
    deposed: str | None = ""
    schema_version: int | None = 0
    attributes: msgspec.Raw = _NOTHING
    attributes_flat: dict[str, str] | None = None
    sensitive_attributes: list[list[dict[str, Any]]] | None = None
    private: str | None = ""
    dependencies: list[str] | None = None
    depends_on: list[str] | None = None
    create_before_destroy: bool | None = False
    provider: str | None = ""  # OpenTofu's provider for_each


class _Resource(msgspec.Struct):
    mode: str
    type: str
    name: str
    module: str | None = ""
    provider: str | None = ""
    instances: list[_Instance] | None = None


class _State(msgspec.Struct):
    terraform_version: str | None = ""
    serial: int | None = 0
    lineage: str | None = ""
    outputs: dict[str, _Output] | None = None
    resources: list[_Resource] | None = None
    check_results: msgspec.Raw = _NOTHING


_DECODER = msgspec.json.Decoder(_State)
_MODES: dict[str, Mode] = {"managed": "managed", "data": "data"}


def read_version_4(body: bytes) -> StateFile:
    """Read a version 4 state.

    Raises:
        UnreadableState: it is not shaped like one.
    """
    state = decode_as(_DECODER, body)
    serial = state.serial or 0
    if serial < 0:
        raise UnreadableState(f"its serial is {serial}, and serials are never negative")
    resources: list[Resource] = []
    instances: list[Instance] = []
    for entry in state.resources or ():
        resource = _resource(entry)
        resources.append(resource)
        instances.extend(_instance(resource, each) for each in entry.instances or ())
    return StateFile(
        format="v4",
        terraform_version=state.terraform_version or "",
        serial=serial,
        lineage=state.lineage or "",
        outputs={name: _output(each) for name, each in (state.outputs or {}).items()},
        resources=tuple(resources),
        instances=tuple(instances),
        raw_check_results=bytes(state.check_results),
    )


def _output(entry: _Output) -> Output:
    return Output(decode_value(entry.value), decode_value(entry.type), bool(entry.sensitive))


def _resource(entry: _Resource) -> Resource:
    mode = _MODES.get(entry.mode)
    if mode is None:
        raise UnreadableState(f"the mode of {entry.type}.{entry.name} is neither managed nor data")
    return Resource(mode, entry.type, entry.name, entry.module or "", entry.provider or "")


def _instance(resource: Resource, entry: _Instance) -> Instance:
    if entry.provider and not resource.provider:
        resource = Resource(
            resource.mode, resource.type, resource.name, resource.module, entry.provider
        )
    raw = bytes(entry.attributes)
    check_depth(raw)
    flat = entry.attributes_flat is not None and raw == b"null"
    return Instance(
        resource=resource,
        index_key=entry.index_key,
        deposed=entry.deposed or "",
        status=entry.status or "",
        schema_version=entry.schema_version or 0,
        sensitive=tuple(_path(steps) for steps in entry.sensitive_attributes or ()),
        dependencies=tuple(entry.dependencies or entry.depends_on or ()),
        create_before_destroy=bool(entry.create_before_destroy),
        flat=flat,
        raw=msgspec.json.encode(entry.attributes_flat) if flat else raw,
        private=entry.private or "",
    )


def _path(steps: list[dict[str, Any]]) -> Path:
    """Return a sensitive path. A step that has no name or number ends it: all below is sensitive."""
    path: list[str | int] = []
    for step in steps:
        value = step.get("value")
        if step.get("type") == "index":
            value = value.get("value") if isinstance(value, dict) else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, str | int):
            break
        path.append(value)
    return tuple(path)

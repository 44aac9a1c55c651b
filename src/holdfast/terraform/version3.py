"""Reading version 3 states, which Terraform 0.9 to 0.11 wrote, the way Terraform upgrades them.

Source: `internal/states/statefile/version3.go` and `version3_upgrade.go`. Values stay the strings of
the legacy form (`tags.%`, `subnets.0`): only a provider's schema could give them their types.
"""

from typing import Any

import msgspec

from holdfast.terraform.exact_json import UnreadableState, decode_as, decode_value
from holdfast.terraform.records import Instance, Mode, Output, Resource, StateFile

_NOTHING = msgspec.Raw(b"null")


class _Object(msgspec.Struct):
    attributes: dict[str, str] | None = None
    meta: dict[str, Any] | None = None
    tainted: bool | None = False


class _Resource(msgspec.Struct):
    type: str | None = ""
    primary: _Object | None = None
    deposed: list[_Object] | None = None
    provider: str | None = ""


class _Output(msgspec.Struct):
    value: msgspec.Raw = _NOTHING
    sensitive: bool | None = False


class _Module(msgspec.Struct):
    path: list[str]
    outputs: dict[str, _Output] | None = None
    resources: dict[str, _Resource] | None = None


class _State(msgspec.Struct):
    terraform_version: str | None = ""
    serial: int | None = 0
    lineage: str | None = ""
    modules: list[_Module] | None = None


_STATE = msgspec.json.Decoder(_State)
_MODULES = msgspec.json.Decoder(list[_Module] | None)


def count_version_3(modules: msgspec.Raw) -> tuple[int, int]:
    """Return how many managed objects and how many root outputs the modules of a state hold."""
    found = decode_as(_MODULES, modules) or []
    managed = sum(
        (entry.primary is not None) + len(entry.deposed or ())
        for module in found
        for name, entry in (module.resources or {}).items()
        if not name.startswith("data.")
    )
    return managed, sum(len(each.outputs or ()) for each in found if each.path == ["root"])


def read_version_3(body: bytes) -> StateFile:
    """Read a version 3 state as what it becomes in version 4.

    Raises:
        UnreadableState: it is not shaped like one.
    """
    state = decode_as(_STATE, body)
    resources: dict[str, Resource] = {}
    instances: list[Instance] = []
    outputs: dict[str, Output] = {}
    for module in state.modules or ():
        if module.path[:1] != ["root"]:
            raise UnreadableState('a module of it does not begin at "root"')
        if len(module.path) == 1:
            outputs = {name: _output(each) for name, each in (module.outputs or {}).items()}
        for name, entry in sorted((module.resources or {}).items()):
            resource, key = _resource(module.path[1:], name, entry)
            # All instances of a resource get the provider of the first one, as in Terraform.
            resource = resources.setdefault(resource.address, resource)
            instances.extend(_instances(resource, key, entry))
    return StateFile(
        format="v3",
        terraform_version=state.terraform_version or "0.0.0",
        serial=state.serial or 0,
        lineage=state.lineage or "",
        outputs=outputs,
        resources=tuple(resources.values()),
        instances=tuple(instances),
    )


def _resource(path: list[str], name: str, entry: _Resource) -> tuple[Resource, int | None]:
    """Read a legacy address such as `data.aws_x.y.0`."""
    parts = name.split(".")
    mode: Mode = "managed"
    if parts[0] == "data":
        mode = "data"
        parts = parts[1:]
    index = parts[2] if len(parts) == 3 else ""
    if len(parts) not in (2, 3) or (index and not (index.isascii() and index.isdecimal())):
        raise UnreadableState(f'it has a resource with the address "{name[:100]}"')
    module = ".".join(f"module.{step}" for step in path)
    provider = _provider(entry.provider or "", module, parts[0])
    return Resource(mode, parts[0], parts[1], module, provider), int(index) if index else None


def _provider(written: str, module: str, resource_type: str) -> str:
    """Return a provider as an absolute legacy address, `module.x.provider.aws.east`."""
    if "provider." in written:
        return written
    named = f"provider.{written or resource_type.partition('_')[0]}"
    return f"{module}.{named}" if module else named


def _instances(resource: Resource, key: int | None, entry: _Resource) -> list[Instance]:
    found = [
        _instance(resource, key, each, f"{number:08x}")
        for number, each in enumerate(entry.deposed or (), start=1)
    ]
    if entry.primary is not None:
        found.append(_instance(resource, key, entry.primary, ""))
    return found


def _instance(resource: Resource, key: int | None, entry: _Object, deposed: str) -> Instance:
    version = (entry.meta or {}).get("schema_version", 0)
    text = str(version)
    return Instance(
        resource=resource,
        index_key=key,
        deposed=deposed,
        status="tainted" if entry.tainted else "",
        schema_version=int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0,
        flat=True,
        raw=msgspec.json.encode(entry.attributes or {}),
    )


def _output(entry: _Output) -> Output:
    value = decode_value(entry.value)
    return Output(value, _implied_type(value), bool(entry.sensitive))


def _implied_type(value: Any) -> Any:
    """Return the type that Terraform infers of JSON, in cty's JSON form."""
    if isinstance(value, dict):
        return ["object", {name: _implied_type(each) for name, each in value.items()}]
    if isinstance(value, list):
        return ["tuple", [_implied_type(each) for each in value]]
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "dynamic" if value is None else "number"

"""From arguments to settings, and what is wrong or surprising about them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from holdfast.client.config.environment import USED_BY_US
from holdfast.client.config.origin import Level, Remark, Source, Sourced
from holdfast.client.config.schema import ENDPOINTS
from holdfast.client.settings import (
    AssumeRole,
    AssumeRoleWithWebIdentity,
    BackendSettings,
    Endpoints,
)

_KNOWN = frozenset(BackendSettings.__dataclass_fields__) - {"endpoints"}
_TUPLES = ("policy_arns", "transitive_tag_keys")


def settings_of(values: Mapping[str, Sourced]) -> BackendSettings:
    """Return the settings that arguments say. What AWS's SDK reads by itself stays None."""
    used = {name: said.value for name, said in values.items() if _is_ours(name, said)}
    options = {name: value for name, value in used.items() if name in _KNOWN}
    options.setdefault("bucket", "")
    role = options.pop("assume_role", None)
    web = options.pop("assume_role_with_web_identity", None)
    services = {
        service: used[f"endpoints.{service}"]
        for service in ENDPOINTS
        if f"endpoints.{service}" in used
    }
    return BackendSettings(
        **options,
        endpoints=Endpoints(**services),
        assume_role=(AssumeRole(**_role(AssumeRole.__dataclass_fields__, role)),) if role else (),
        assume_role_with_web_identity=(
            AssumeRoleWithWebIdentity(**_role(AssumeRoleWithWebIdentity.__dataclass_fields__, web))
            if web
            else None
        ),
    )


def _is_ours(name: str, said: Sourced) -> bool:
    return said.origin.source is not Source.ENVIRONMENT or name in USED_BY_US


def _role(known_members: Iterable[str], members: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in members.items() if name in known_members}
    known.setdefault("role_arn", "")
    return {name: tuple(value) if name in _TUPLES else value for name, value in known.items()}


def problems(values: Mapping[str, Sourced], *, need_key: bool) -> Iterator[Remark]:
    """Yield what is wrong or surprising about arguments, the worst first."""
    yield from _key_problems(values, need_key=need_key)
    yield from _encryption_problems(values)
    yield from _lock_remarks(values)
    yield from _endpoint_remarks(values)


def _key_problems(values: Mapping[str, Sourced], *, need_key: bool) -> Iterator[Remark]:
    for name in ("bucket", "key") if need_key else ("bucket",):
        if name not in values or not values[name].value:
            yield Remark(
                Level.ERROR,
                f"no {name} was said",
                f"Set {name} in the backend block, or say --{name} or --backend-config.",
            )
    for name in ("key", "workspace_key_prefix"):
        said = values.get(name)
        if said and said.value and (said.value.startswith("/") or said.value.endswith("/")):
            yield Remark(Level.ERROR, f"{name} may not begin or end with a slash", "", said.origin)
    key = values.get("key")
    if key and "//" in key.value:
        yield Remark(Level.ERROR, "key may not contain //", "", key.origin)


def _encryption_problems(values: Mapping[str, Sourced]) -> Iterator[Remark]:
    kms, own = values.get("kms_key_id"), values.get("sse_customer_key")
    if kms and own:
        yield Remark(
            Level.ERROR,
            f"kms_key_id and sse_customer_key ({own.origin}) exclude each other",
            "Remove one of them.",
            kms.origin,
        )
    encrypt = values.get("encrypt")
    for said, name in ((kms, "kms_key_id"), (own, "sse_customer_key")):
        if said and not (encrypt and encrypt.value):
            yield Remark(
                Level.NOTE,
                f"{name} has no effect without encrypt = true",
                "Terraform sends no encryption headers then.",
                said.origin,
            )


def _lock_remarks(values: Mapping[str, Sourced]) -> Iterator[Remark]:
    table, file = values.get("dynamodb_table"), values.get("use_lockfile")
    if not (table and table.value) and not (file and file.value):
        yield Remark(
            Level.NOTE,
            "nothing locks the state: two runs at the same time may overwrite each other",
            "Set use_lockfile = true, or dynamodb_table, in the backend block.",
        )


def _endpoint_remarks(values: Mapping[str, Sourced]) -> Iterator[Remark]:
    """Terraform's resolver puts the bucket before an IP address unless told otherwise."""
    said, style = values.get("endpoints.s3"), values.get("use_path_style")
    if not said or (style and style.value):
        return
    if said.origin.name == "AWS_ENDPOINT_URL" or said.origin.source is Source.URL:
        return
    host = said.value.partition("://")[2].partition("/")[0].rpartition(":")[0].strip("[]")
    if host == "localhost" or host.replace(".", "").isdigit() or ":" in host:
        bucket = values["bucket"].value if "bucket" in values else "BUCKET"
        yield Remark(
            Level.NOTE,
            f"Terraform asks for {bucket}.{host} with this endpoint, which has no address",
            "Set use_path_style = true.",
            said.origin,
        )

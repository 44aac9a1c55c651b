"""A file that says which environments and components there are, and the backends that follow from it.

docs/reference/backends-file.md says what it may hold.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import Any

from holdfast.client.config.schema import ARGUMENTS, Misfit, fitted
from holdfast.client.errors import NotConfigured

DEFAULT_FILE = "backends.toml"
_KEY = "{environment}/{component}/terraform.tfstate"
_TEXTS = ("bucket", "region", "key", "lock", "table", "kms_key", "write")
_OWN = (*_TEXTS, "components", "arguments")
_LOCKS: dict[str, tuple[str, ...]] = {
    "file": ("use_lockfile",),
    "table": ("dynamodb_table",),
    "both": ("dynamodb_table", "use_lockfile"),
    "none": (),
}


@dataclass(frozen=True, slots=True)
class Root:
    """A root module: its place in the layout, and its backend."""

    environment: str
    component: str
    path: Path  # of the file that holds its backend
    arguments: Mapping[str, Any]  # of the backend block, in the order in which they are written

    @property
    def state(self) -> tuple[str, str]:
        """Bucket and key, which no other root may have."""
        return self.arguments["bucket"], self.arguments["key"]


def read_layout(path: Path) -> list[Root]:
    """Return the roots that a file describes.

    Raises:
        NotConfigured: it cannot be read, or says something that has no meaning.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotConfigured(
            f"cannot read {path}: {error.strerror}",
            "Write one, or name it; docs/reference/backends-file.md shows how.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotConfigured(f"{path}: {error}") from error
    try:
        return list(_roots(document, path.parent))
    except ValueError as error:
        raise NotConfigured(f"{path}: {error}") from error


def _roots(document: Mapping[str, Any], base: Path) -> Iterator[Root]:
    _check_names(document, (*_OWN, "environments", "environment"), "")
    environments = _names(document, "environments")
    special = document.get("environment", {})
    if not isinstance(special, dict) or not all(isinstance(one, dict) for one in special.values()):
        raise ValueError("environment must hold a table for each environment: [environment.NAME]")
    for name, own in special.items():
        if name not in environments:
            raise ValueError(f"[environment.{name}] is not one of the environments")
        _check_names(own, _OWN, f"environment.{name}.")
    for environment in environments:
        own = special.get(environment, {})
        said = {**document, **own}
        said["arguments"] = {**document.get("arguments", {}), **own.get("arguments", {})}
        for component in _names(said, "components"):
            yield _root(said, environment, component, base)


def _check_names(table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
    for name, value in table.items():
        if name not in known:
            raise ValueError(f"{prefix}{name} has no meaning; known are {', '.join(known)}")
        if name in _TEXTS and not isinstance(value, str):
            raise ValueError(f"{prefix}{name} must be a text")
        if name == "arguments" and not isinstance(value, dict):
            raise ValueError(f"{prefix}arguments must be a table")


def _names(table: Mapping[str, Any], name: str) -> list[str]:
    found = table.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise ValueError(f'{name} must be a list of names, such as ["dev", "prod"]')
    if len(set(found)) != len(found):
        raise ValueError(f"{name} names one twice")
    return found


def _root(said: Mapping[str, Any], environment: str, component: str, base: Path) -> Root:
    fields = {"environment": environment, "component": component}
    texts = {name: _filled(name, said[name], fields) for name in _TEXTS if name in said}
    for name in ("bucket", "write"):
        if not texts.get(name):
            raise ValueError(f"{name} is missing")
    key = texts.get("key") or _filled("key", _KEY, fields)
    if key.startswith("/") or key.endswith("/") or "//" in key:
        raise ValueError(f"the key {key!r} may not begin or end with a slash, nor contain //")
    own: dict[str, Any] = {"bucket": texts["bucket"], "key": key, "region": texts.get("region")}
    own |= {"encrypt": True, "kms_key_id": texts.get("kms_key"), **_lock(texts)}
    found = {name: value for name, value in own.items() if value}
    found |= _more(said["arguments"])
    return Root(environment, component, _path(texts["write"], base), found)


def _filled(name: str, template: str, fields: Mapping[str, str]) -> str:
    try:
        found = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    for field in found:
        if field not in fields:
            known = ", ".join(f"{{{known}}}" for known in fields)
            raise ValueError(f"{name}: {{{field}}} is none of {known}")
    return template.format_map(fields)


def _lock(texts: Mapping[str, str]) -> dict[str, Any]:
    mode = texts.get("lock", "file")
    if mode not in _LOCKS:
        raise ValueError(f"lock must be one of {', '.join(_LOCKS)}")
    found: dict[str, Any] = {}
    if "dynamodb_table" in _LOCKS[mode]:
        if not texts.get("table"):
            raise ValueError(f"lock is {mode!r}, and table is missing")
        found["dynamodb_table"] = texts["table"]
    if "use_lockfile" in _LOCKS[mode]:
        found["use_lockfile"] = True
    return found


def _more(arguments: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in arguments.items():
        if name not in ARGUMENTS:
            raise ValueError(f"arguments.{name} is not an argument of the s3 backend")
        try:
            fitted(ARGUMENTS[name].kind, value)
        except Misfit as error:
            raise ValueError(f"arguments.{name} {error}") from error
    return dict(arguments)


def _path(text: str, base: Path) -> Path:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"write leads out of the directory of the file: {text}")
    if not path.name.endswith((".tf", ".tfbackend")):
        raise ValueError(f"write must end in .tf (a backend block) or .tfbackend: {text}")
    return base / path

"""Finds the backend block of a Terraform directory, as Terraform does: override files replace it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.client.config import hcl
from holdfast.client.config.hcl import Attribute, Expression
from holdfast.client.config.origin import Origin, Source, Sourced
from holdfast.client.errors import NotConfigured

_MAY_HOLD_A_BLOCK = re.compile(r"\bbackend\b|\bcloud\b")
_ENDINGS = (".tf.json", ".tofu.json", ".tf", ".tofu")


@dataclass(frozen=True, slots=True)
class BackendBlock:
    """A `backend` block, or a `cloud` block, and where it begins."""

    kind: str  # `s3`, ..., or `cloud`
    arguments: dict[str, Sourced]
    origin: Origin
    path: Path


def find_block(directory: Path) -> BackendBlock | None:
    """Return the backend block of a directory; None if it has none.

    Raises:
        NotConfigured: there are two blocks; or none, and a file cannot be read.
    """
    usual: list[BackendBlock] = []
    overrides: list[BackendBlock] = []
    unread: list[NotConfigured] = []
    for path in configuration_files(directory):
        try:
            (overrides if is_override(path) else usual).extend(blocks_in(path))
        except NotConfigured as error:
            unread.append(error)
    if unread and not usual and not overrides:
        raise unread[0]
    if len(usual) > 1:
        places = " and ".join(str(block.origin) for block in usual)
        raise NotConfigured(
            f"there are {len(usual)} backend blocks: {places}",
            "A configuration may have one; remove the others.",
        )
    return overrides[-1] if overrides else next(iter(usual), None)


def configuration_files(directory: Path) -> list[Path]:
    """Return the files of a directory that Terraform or OpenTofu reads, in their order."""
    try:
        names = sorted(entry.name for entry in os.scandir(directory) if entry.is_file())
    except OSError as error:
        raise NotConfigured(f"cannot read the directory {directory}: {error.strerror}") from error
    read = [
        name
        for name in names
        if name.endswith(_ENDINGS) and not name.startswith((".", "#")) and not name.endswith("~")
    ]
    # x.tofu replaces x.tf for OpenTofu, and only users of OpenTofu have such files.
    hidden = {name.replace(".tofu", ".tf") for name in read if ".tofu" in name}
    return [directory / name for name in read if name not in hidden]


def has_configuration(directory: Path) -> bool:
    """Whether a directory holds any Terraform configuration."""
    return bool(configuration_files(directory))


def blocks_in(path: Path) -> Iterator[BackendBlock]:
    """Yield the backend and cloud blocks of a file.

    Raises:
        NotConfigured: the file cannot be read, or is not HCL or JSON.
    """
    text = read_text(path)
    if not _MAY_HOLD_A_BLOCK.search(text):
        return  # reading HCL is slow
    if path.name.endswith(".json"):
        yield from _json_blocks(path, text)
        return
    for terraform in parsed(path, text).find("terraform"):
        for block in terraform.blocks:
            if block.kind == "backend" and block.labels:
                kind = block.labels[0]
            elif block.kind == "cloud":
                kind = "cloud"
            else:
                continue
            arguments = arguments_of(block, path, Source.BLOCK)
            yield BackendBlock(kind, arguments, _origin(path, block.line), path)


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        NotConfigured: it cannot be read.
    """
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise NotConfigured(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NotConfigured(f"{path} is not UTF-8 text") from error


def parsed(path: Path, text: str) -> hcl.Block:
    """Return the content of an HCL file.

    Raises:
        NotConfigured: it is not HCL; says the line.
    """
    try:
        return hcl.parse(text)
    except hcl.Unparsable as error:
        raise NotConfigured(
            f"{path}:{error.line}: {error.reason}", "'terraform validate' may say more about it."
        ) from error


def arguments_of(block: hcl.Block, path: Path, source: Source) -> dict[str, Sourced]:
    """Return the arguments in a block or in a file of arguments, nested blocks as objects."""
    found = {one.name: _sourced(one, path, source) for one in block.attributes}
    for inner in block.blocks:
        members = {one.name: one.value for one in inner.attributes}
        found[inner.kind] = Sourced(members, Origin(source, file=str(path), line=inner.line))
    return found


def _sourced(attribute: Attribute, path: Path, source: Source) -> Sourced:
    return Sourced(attribute.value, Origin(source, file=str(path), line=attribute.line))


def _origin(path: Path, line: int) -> Origin:
    return Origin(Source.BLOCK, file=str(path), line=line)


def is_override(path: Path) -> bool:
    """Whether what a file says replaces what others say."""
    name = path.name
    for ending in _ENDINGS:
        if name.endswith(ending):
            name = name.removesuffix(ending)
            break
    return name == "override" or name.endswith("_override")


def _json_blocks(path: Path, text: str) -> Iterator[BackendBlock]:
    document = json_of(path, text)
    for terraform in _each(document, "terraform"):
        for backend in _each(terraform, "backend"):
            for kind, bodies in backend.items():
                for body in bodies if isinstance(bodies, list) else [bodies]:
                    line = line_of(text, "backend")
                    arguments = json_arguments(body, path, text, Source.BLOCK)
                    yield BackendBlock(kind, arguments, _origin(path, line), path)
        for _ in _each(terraform, "cloud"):
            yield BackendBlock("cloud", {}, _origin(path, line_of(text, "cloud")), path)


def json_of(path: Path, text: str) -> Any:
    """Return a JSON document.

    Raises:
        NotConfigured: it is not JSON; says the line.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotConfigured(f"{path}:{error.lineno}: this is not valid JSON") from error


def json_arguments(body: Any, path: Path, text: str, source: Source) -> dict[str, Sourced]:
    """Return the arguments of a JSON object, with the lines in which they seem to be."""
    if not isinstance(body, dict):
        return {}
    return {
        name: Sourced(_json_value(value), Origin(source, file=str(path), line=line_of(text, name)))
        for name, value in body.items()
        if name != "//"  # a comment
    }


def _json_value(value: Any) -> Any:
    if isinstance(value, str) and ("${" in value or "%{" in value):
        return Expression(value)
    return value


def _each(document: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects under a member, which may also be a list of them."""
    inner = document.get(name) if isinstance(document, dict) else None
    for one in inner if isinstance(inner, list) else [inner]:
        if isinstance(one, dict):
            yield one


def line_of(text: str, name: str) -> int:
    """Return the line in which a member of the backend's JSON is first named; 1 if it is nowhere."""
    start = max(text.find('"backend"'), 0)
    at = text.find(json.dumps(name), start)
    return text.count("\n", 0, max(at, 0)) + 1

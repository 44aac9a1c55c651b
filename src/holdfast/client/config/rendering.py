"""Backends as files: a `.tf` file with a backend block, or a `.tfbackend` file, as `fmt` has them."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MARK = "# Made by 'holdfast config generate' from "
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def rendered_file(path: Path, arguments: Mapping[str, Any], source: str) -> str:
    """Return the content of a file.

    Args:
        path: its name says which kind it is.
        arguments: those of the backend.
        source: the name of the file that it is made from.
    """
    head = f"{MARK}{source}; do not edit.\n"
    if path.name.endswith(".tf"):
        return head + block(arguments)
    return head + "\n".join(_lines(arguments, "")) + "\n"


def block(arguments: Mapping[str, Any]) -> str:
    """Return a backend block with these arguments."""
    body = "\n".join(_lines(arguments, "    "))
    return f'terraform {{\n  backend "s3" {{\n{body}\n  }}\n}}\n'


def _lines(arguments: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Yield arguments, the equals signs of neighbouring lines aligned, as `terraform fmt` does."""
    run: list[tuple[str, str]] = []
    for name, value in arguments.items():
        if isinstance(value, dict) and value:
            yield from _aligned(run, indent)
            run = []
            yield f"{indent}{_name(name)} = {{"
            yield from _lines(value, indent + "  ")
            yield f"{indent}}}"
        else:
            run.append((_name(name), _value(value)))
    yield from _aligned(run, indent)


def _aligned(run: list[tuple[str, str]], indent: str) -> Iterator[str]:
    width = max((len(name) for name, _ in run), default=0)
    return (f"{indent}{name.ljust(width)} = {value}" for name, value in run)


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        return quoted.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value)

"""Values as HCL writes them."""

import json
import re
from collections.abc import Mapping
from typing import Any

_ATTRIBUTE = re.compile(r"( *)(\S+|\"[^\"]+\") += (.*[^{[])")


def text(value: str) -> str:
    """Return a quoted string; `${` and `%{` stand for themselves."""
    quoted = json.dumps(value, ensure_ascii=False)
    return quoted.replace("${", "$${").replace("%{", "%%{")


def value(given: Any, indent: int = 0) -> str:
    """Return a value: text, number, boolean, list or mapping.

    Args:
        given: it.
        indent: how far the line stands in that the value begins on.
    """
    inner = " " * (indent + 2)
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int):
        return str(given)
    if isinstance(given, str):
        return text(given)
    if isinstance(given, Mapping):
        if not given:
            return "{}"
        lines = (
            f"{inner}{_name(name)} = {value(each, indent + 2)}\n" for name, each in given.items()
        )
        return "{\n" + "".join(lines) + " " * indent + "}"
    if given and isinstance(given[0], Mapping):
        inside = "".join(f"{inner}{value(each, indent + 2)},\n" for each in given)
        return "[\n" + inside + " " * indent + "]"
    return "[" + ", ".join(value(each, indent) for each in given) + "]"


def _name(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else text(name)


def aligned(code: str) -> str:
    """Return code with the equals signs of neighbouring lines aligned, as `terraform fmt` does.

    An attribute whose value goes on below stands alone.
    """
    done: list[str] = []
    group: list[re.Match[str]] = []
    for line in [*code.split("\n"), ""]:
        found = _ATTRIBUTE.fullmatch(line)
        if group and (found is None or found[1] != group[0][1]):
            done += _padded(group)
            group = []
        if found:
            group.append(found)
        else:
            done.append(line)
    return "\n".join(done[:-1])


def _padded(group: list[re.Match[str]]) -> list[str]:
    width = max(len(line[2]) for line in group)
    return [f"{line[1]}{line[2].ljust(width)} = {line[3]}" for line in group]

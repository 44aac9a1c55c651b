"""Names of what a state holds, as people write them: `ADDRESS`, `ADDRESS.ATTRIBUTE`, `output.NAME`."""

import json
import re
from dataclasses import dataclass

from holdfast.client.errors import HoldfastError
from holdfast.terraform.records import Path, key_suffix

# A name with an optional key: y, y[0], y["a.b"]; or a key alone, after another one.
_STEP = re.compile(r'\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')


class NotAName(HoldfastError):
    """A text does not name a resource, an attribute of one or an output."""


@dataclass(frozen=True, slots=True)
class Name:
    """What was named."""

    address: str  # module.m["q"].aws_x.y["k"]; empty for an output
    attribute: Path = ()  # below it; empty for the whole
    output: str = ""


def parse_name(text: str) -> Name:
    """Read a name. An index after the resource's own name belongs to its address.

    Raises:
        NotAName: it is none.
    """
    steps = _steps(text)
    if steps[:1] == ["output"] and len(steps) > 1 and isinstance(steps[1], str):
        return Name("", tuple(_plain(step) for step in steps[2:]), steps[1])
    at = 0
    while steps[at : at + 1] == ["module"]:
        at = _with_key(steps, at + 2)
    at += steps[at : at + 1] == ["data"]
    named = steps[at : at + 2]
    if len(named) < 2 or not all(isinstance(step, str) for step in named):
        raise _not_a_name(text)
    at = _with_key(steps, at + 2)
    return Name(_address(steps[:at]), tuple(_plain(step) for step in steps[at:]))


def is_address(text: str) -> bool:
    """Whether a text that may be the key of a state is read as the address of a resource.

    So is what begins with `module.` or `data.`, and `TYPE.NAME` or `TYPE.NAME[KEY]` with an underscore
    in the type; but nothing that ends in `.tfstate` or has a slash outside of a `[KEY]`.
    """
    if text.endswith(".tfstate"):
        return False
    try:
        first, *rest = _steps(text)
    except (NotAName, ValueError):
        return False
    if first in {"module", "data"}:
        return bool(rest)
    return isinstance(first, str) and "_" in first and _with_key(rest, 1) == len(rest)


@dataclass(frozen=True, slots=True)
class _Key:
    value: int | str


_Step = str | _Key


def _steps(text: str) -> list[_Step]:
    steps: list[_Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (at == 0) != (not found[0].startswith((".", "["))):
            raise _not_a_name(text)
        if found[1]:
            steps.append(found[1])
        else:
            steps.append(_Key(int(found[2]) if found[2] else _unquoted(text, found[3])))
        at = found.end()
    return steps


def _unquoted(text: str, quoted: str) -> str:
    try:
        value = json.loads(quoted)
    except ValueError:
        raise _not_a_name(text) from None
    return str(value).replace("$${", "${").replace("%%{", "%{")


def _with_key(steps: list[_Step], at: int) -> int:
    return at + 1 if at < len(steps) and isinstance(steps[at], _Key) else at


def _plain(step: _Step) -> int | str:
    return step.value if isinstance(step, _Key) else step


def _address(steps: list[_Step]) -> str:
    text = ""
    for step in steps:
        if isinstance(step, _Key):
            text += key_suffix(step.value)
        else:
            text += f".{step}" if text else step
    return text


def _not_a_name(text: str) -> NotAName:
    return NotAName(
        f"{text!r} names neither a resource nor an output",
        'Names look so: aws_vpc.main, module.net["eu"].aws_subnet.a[0].tags.Name, output.url '
        "(quote them for the shell).",
    )

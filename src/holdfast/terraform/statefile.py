"""Reading a state file of any kind, wholly or only its header; giving it another serial.

Source: Terraform's `internal/states/statefile`; OpenTofu's `internal/encryption/base.go` for the
envelope of encrypted states.
"""

from typing import Any

import msgspec

from holdfast.terraform.exact_json import UnreadableState, check_encoding, decode_as
from holdfast.terraform.records import Format, Instance, Mode, Output, Path, Resource, StateFile
from holdfast.terraform.version3 import count_version_3, read_version_3
from holdfast.terraform.version4 import read_version_4

__all__ = [
    "Format",
    "Header",
    "Instance",
    "Mode",
    "Output",
    "Path",
    "Resource",
    "StateFile",
    "UnreadableState",
    "header",
    "header_if_readable",
    "parse",
    "parse_if_readable",
    "with_serial",
]

_LARGEST_SERIAL = 2**64 - 1  # a uint64 in Terraform


class Header(msgspec.Struct, frozen=True):
    """What can be said of a state without decoding its resources."""

    format: Format
    terraform_version: str = ""
    serial: int = 0
    lineage: str = ""
    resources: int = 0  # instances of managed resources, deposed objects among them
    outputs: int = 0


class _Nothing(msgspec.Struct, gc=False):
    """An object of which only the number is wanted."""


class _Counted(msgspec.Struct):
    mode: str = ""
    instances: list[_Nothing] | None = None


class _Top(msgspec.Struct):
    """The top of any state: enough to tell the formats apart."""

    version: Any = None
    terraform_version: str | None = ""
    serial: int | None = 0
    lineage: str | None = ""
    outputs: dict[str, _Nothing] | None = None
    resources: list[_Counted] | None = None
    modules: msgspec.Raw = msgspec.Raw(b"null")  # of version 3
    encryption_version: Any = None  # of OpenTofu's envelope


_TOP = msgspec.json.Decoder(_Top)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def header(body: bytes) -> Header:
    """Return the serial, the lineage and the counts of a state, reading as little as possible.

    Raises:
        UnreadableState: it is not a state.
    """
    if not body:
        return Header("empty")
    top = decode_as(_TOP, body)
    kind = _format_of(top)
    managed = [each.instances for each in top.resources or () if each.mode == "managed"]
    resources = sum(map(len, filter(None, managed)))
    outputs = len(top.outputs or ())
    if kind == "v3":
        resources, outputs = count_version_3(top.modules)
    serial = top.serial or 0
    if serial < 0:
        raise UnreadableState(f"its serial is {serial}, and serials are never negative")
    return Header(kind, top.terraform_version or "", serial, top.lineage or "", resources, outputs)


def parse(body: bytes) -> StateFile:
    """Read a state: version 4, version 3 as Terraform upgrades it, encrypted or of no bytes.

    Raises:
        UnreadableState: it is not a state, or one from before Terraform 0.9 or of a later format.
    """
    top = header(body)
    check_encoding(body)
    if top.format == "v4":
        return read_version_4(body)
    if top.format == "v3":
        return read_version_3(body)
    return StateFile(top.format, serial=top.serial, lineage=top.lineage)


def header_if_readable(body: bytes) -> Header | None:
    """Return the header of a state; None if it is not a state."""
    try:
        return header(body)
    except UnreadableState:
        return None


def parse_if_readable(body: bytes) -> StateFile | None:
    """Read a state as `parse` does; None if it cannot be read."""
    try:
        return parse(body)
    except UnreadableState:
        return None


def _format_of(top: _Top) -> Format:
    """Tell the format, as Terraform does by `version` and OpenTofu by `encryption_version`."""
    if top.encryption_version and isinstance(top.encryption_version, str):
        return "encrypted"
    version = top.version
    if version == 4 and type(version) is int:
        return "v4"
    if version is None:
        raise UnreadableState('it has no "version", so it is JSON of some other kind')
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise UnreadableState('its "version" is not a number of a state format')
    if version < 3:
        raise UnreadableState(
            f"its format is version {version}, from before Terraform 0.9; "
            "any Terraform from 0.9 to 1.x rewrites it"
        )
    if version > 4:
        raise UnreadableState(f"its format is version {version}; only 3 and 4 are known")
    return "v3"


def with_serial(body: bytes, serial: int, lineage: str | None = None) -> bytes:
    """Return a state with another serial, and another lineage if one is given.

    Every other byte stays as it is, so numbers, order and layout are kept.

    Args:
        body: a version 3 or version 4 state.
        serial: 0 to 2^64 - 1.
        lineage: the new lineage, or None to keep the present one.

    Raises:
        UnreadableState: it is not a state; or encrypted, with a serial that also stands inside.
        ValueError: the serial is out of range.
    """
    if not 0 <= serial <= _LARGEST_SERIAL:
        raise ValueError(f"a serial is between 0 and {_LARGEST_SERIAL}, not {serial}")
    kind = header(body).format
    if kind == "empty":
        raise UnreadableState("it has no bytes, so it has no serial")
    if kind == "encrypted":
        raise UnreadableState("it is encrypted, and its serial also stands inside the encryption")
    wanted = {"serial": str(serial).encode()}
    if lineage is not None:
        wanted["lineage"] = msgspec.json.encode(lineage)
    return _replaced(body, wanted)


def _replaced(body: bytes, wanted: dict[str, bytes]) -> bytes:
    """Put other values to fields of the outermost object, leaving everything around them."""
    spans = _spans_of(body)
    edits = sorted((spans[name], value) for name, value in wanted.items() if name in spans)
    added = [(name, value) for name, value in wanted.items() if name not in spans]
    pieces: list[bytes] = []
    done = 0
    if added:
        done = body.index(b"{") + 1
        pieces.append(body[:done])
        pieces.extend(b'"' + name.encode() + b'":' + value + b"," for name, value in added)
    for (start, end), value in edits:
        pieces += (body[done:start], value)
        done = end
    pieces.append(body[done:])
    return b"".join(pieces)


def _spans_of(body: bytes) -> dict[str, tuple[int, int]]:
    """Return where the values of the outermost object begin and end."""
    fields = decode_as(_FIELDS, body)
    if len({name.casefold() for name in fields}) < len(fields):
        raise UnreadableState("it has a field twice at its top")  # for Go, which ignores case
    spans: dict[str, tuple[int, int]] = {}
    at = body.index(b"{") + 1
    for name, raw in fields.items():
        key_start = body.index(b'"', at)
        key_end = _string_end(body, key_start)
        value = bytes(raw)
        start = _after_space(body, body.index(b":", key_end) + 1)
        at = start + len(value)
        if msgspec.json.decode(body[key_start:key_end]) != name or body[start:at] != value:
            raise UnreadableState("it has a field twice at its top")
        spans[name] = (start, at)
    if body[_after_space(body, at) :].strip() != b"}":
        raise UnreadableState("it has a field twice at its top")
    return spans


def _after_space(body: bytes, at: int) -> int:
    while body[at] in b" \t\r\n":
        at += 1
    return at


def _string_end(body: bytes, start: int) -> int:
    """Return the place after a JSON string that starts at a quote."""
    at = start + 1
    while body[at] != ord('"'):
        at += 2 if body[at] == ord("\\") else 1
    return at + 1

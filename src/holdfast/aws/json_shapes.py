"""Values to and from JSON, by shape. Readers and writers are made once per shape and kept."""

import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any

from holdfast.aws.compiled import Compiled
from holdfast.aws.errors import ServiceError
from holdfast.aws.shapes import Shape
from holdfast.aws.timestamps import epoch, from_any, from_epoch

Read = Callable[[Any, int], Any]  # value, level
Write = Callable[[Any], Any]

# DynamoDB allows 32 levels of attributes, of two levels of JSON each, below a few of the request.
MAX_DEPTH = 100

_readers: Compiled[Read] = Compiled()
_writers: Compiled[Write | None] = Compiled()


# ---- reading -------------------------------------------------------------------------------------


def reader(shape: Shape) -> Read:
    """Return a function that takes decoded JSON and its level, and returns a value of the shape.

    It raises SerializationException for the wrong JSON types. Members of no meaning and nulls are
    left out.
    """
    return _readers.get(shape, lambda: _MAKERS.get(shape.type, _scalar_reader)(shape))


def _structure_reader(shape: Shape) -> Read:
    members: dict[str, tuple[type | None, Read]] = {}

    def read_structure(value: Any, level: int) -> dict[str, Any]:
        if type(value) is not dict:
            raise _not_a_structure(value, shape)
        if level > MAX_DEPTH:
            raise _too_deep()
        result = {}
        level += 1
        for name, inner in value.items():
            if name in members and inner is not None:
                plain, read = members[name]
                result[name] = inner if type(inner) is plain else read(inner, level)
        return result

    _readers.announce(shape, read_structure)  # before its members: it may contain itself
    for member in shape.members.values():
        members[member.wire] = (_plain(member.shape), reader(member.shape))
    return read_structure


def _plain(shape: Shape) -> type | None:
    """Return the JSON type whose values are the shape's as they are, if there is one."""
    expected, convert, _ = _SCALARS.get(shape.type, (None, None, ""))
    return expected if convert is None else None


def _list_reader(shape: Shape) -> Read:
    inner = shape.item.shape
    read, null = reader(inner), _null_of(inner)

    def read_list(value: Any, level: int) -> list[Any]:
        if type(value) is not list:
            raise _not_a_structure(value, shape)
        level += 1
        return [read(null() if item is None else item, level) for item in value]

    return read_list


def _map_reader(shape: Shape) -> Read:
    inner = shape.entry[1].shape
    read, null = reader(inner), _null_of(inner)

    def read_map(value: Any, level: int) -> dict[str, Any]:
        if type(value) is not dict:
            raise _not_a_structure(value, shape)
        level += 1
        return {name: read(null() if item is None else item, level) for name, item in value.items()}

    return read_map


def _null_of(shape: Shape) -> Callable[[], Any]:
    """A null among structures is one without members: an attribute value without a type, say."""

    def refuse() -> Any:
        raise ServiceError("ValidationException", "A collection may not have a null as a member")

    return dict if shape.type == "structure" else refuse


def _scalar_reader(shape: Shape) -> Read:
    expected, convert, java = _SCALARS[shape.type]

    def read_scalar(value: Any, _level: int) -> Any:
        if type(value) is expected:
            return value if convert is None else convert(value)
        return _other(value, shape, java)

    return read_scalar


def _other(value: Any, shape: Shape, java: str) -> Any:
    """Take what is of another JSON type but still a value of the shape, or refuse it."""
    kind = shape.type
    number = type(value) in (int, float)
    if kind in ("integer", "long") and number:
        return _whole(value)
    if kind in ("float", "double") and number:
        return float(value)
    if kind == "timestamp":
        return _moment(value)
    raise _wrong_scalar(value, java)


def _whole(value: float) -> int:
    if not -(2**63) <= value < 2**63:
        raise _serialization(f"Number out of range: {str(value)[:40]}")
    return int(value)


def _moment(value: Any) -> datetime:
    try:
        if type(value) in (int, float):
            return from_epoch(value)
        if isinstance(value, str):
            return from_any(value)
    except ValueError as error:
        raise _serialization(f"Not a timestamp: {str(value)[:40]}") from error
    raise _wrong_scalar(value, "Date")


def _blob(value: str) -> bytes:
    if len(value) % 4:
        message = "Base64 encoded length is expected a multiple of 4 bytes but found: "
        raise _serialization(f"{message}{len(value)}")
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except ValueError as error:
        raise _serialization("Invalid Base64 character") from error


_MAKERS: dict[str, Callable[[Shape], Read]] = {
    "structure": _structure_reader,
    "list": _list_reader,
    "map": _map_reader,
}

_SCALARS: dict[str, tuple[type, Callable[[Any], Any] | None, str]] = {
    "string": (str, None, "String"),
    "boolean": (bool, None, "Boolean"),
    "integer": (int, _whole, "Integer"),
    "long": (int, _whole, "Long"),
    "float": (float, None, "Float"),
    "double": (float, None, "Double"),
    "blob": (str, _blob, "Bytes"),
    "timestamp": (datetime, None, "Date"),
}


def _serialization(message: str) -> ServiceError:
    return ServiceError("SerializationException", message)


def _not_a_structure(value: Any, shape: Shape) -> ServiceError:
    if isinstance(value, list):
        java = "java.util.Map" if shape.type == "map" else shape.name
        return _serialization(f"Unrecognized collection type class {java}")
    if isinstance(value, dict):
        return _serialization("Start of structure or map found where not expected")
    return _serialization("Unexpected field type")


def _wrong_scalar(value: Any, java: str) -> ServiceError:
    if isinstance(value, list):
        return _serialization(f"Unrecognized collection type class java.lang.{java}")
    if isinstance(value, dict):
        return _serialization("Start of structure or map found where not expected")
    if java == "Bytes":
        return _serialization("only base-64-encoded strings are convertible to bytes")
    if java == "Boolean":
        return _serialization("Unexpected token received from parser")
    names = {str: "STRING_VALUE", float: "DECIMAL_VALUE", int: "NUMBER_VALUE"}
    word = f"{str(value).upper()}_VALUE" if isinstance(value, bool) else names[type(value)]
    return _serialization(f"{word} can not be converted to {java}")


def _too_deep() -> ServiceError:
    message = "Nesting Levels have exceeded supported limits"
    return ServiceError("ValidationException", message)


# ---- writing -------------------------------------------------------------------------------------


def writer(shape: Shape) -> Write | None:
    """Return a function that makes a value of the shape ready for the JSON encoder.

    None if that has nothing to do: the encoder writes bytes as base64 by itself, so only shapes with
    timestamps in them need more. Thus DynamoDB's items are encoded as they are.
    """
    return _writers.get(
        shape, lambda: _make_writer(shape) if _has_timestamp(shape, set()) else None
    )


def _has_timestamp(shape: Shape, seen: set[Shape]) -> bool:
    if shape in seen:
        return False
    seen.add(shape)
    inner = [*shape.members.values(), shape.element, shape.value]
    return shape.type == "timestamp" or any(
        _has_timestamp(member.shape, seen) for member in inner if member is not None
    )


def _make_writer(shape: Shape) -> Write:
    if shape.type == "timestamp":
        return epoch
    inner = shape.element or shape.value
    write = writer(inner.shape) if inner else None
    if write is None:
        return _structure_writer(shape)
    if shape.type == "list":
        return lambda value: [write(item) for item in value]
    return lambda value: {name: write(item) for name, item in value.items()}


def _structure_writer(shape: Shape) -> Write:
    members: dict[str, Write] = {}

    def write_structure(value: Any) -> dict[str, Any]:
        result = dict(value)
        for name, write in members.items():
            if name in result:
                result[name] = write(result[name])
        return result

    _writers.announce(shape, write_structure)  # before its members: it may contain itself
    for member in shape.members.values():
        write = writer(member.shape)
        if write is not None:
            members[member.name] = write
    return write_structure

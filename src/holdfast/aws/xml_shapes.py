"""Values from XML, by shape. Readers are made once per shape and kept.

Sources: the XML traits of Smithy's REST XML protocol; S3's schema checks show as MalformedXML.
"""

from collections.abc import Callable
from typing import Any

from holdfast.aws.compiled import Compiled
from holdfast.aws.scalars import convert
from holdfast.aws.shapes import Member, Shape
from holdfast.aws.xml import Element, malformed

Read = Callable[[Element], Any]

# S3 answers these with errors of their own, so their handlers check them.
_CHECKED_ELSEWHERE = frozenset({"BucketLocationConstraint", "Event", "EncodingType"})

_readers: Compiled[Read] = Compiled()


def reader(shape: Shape) -> Read:
    """Return a function that reads a value of the shape from its element.

    It raises MalformedXML for what S3's schema does not allow: missing and unknown elements, numbers
    and timestamps that are none, words outside an enumeration.
    """
    return _readers.get(shape, lambda: _reader(shape))


def _reader(shape: Shape) -> Read:
    if shape.type == "structure":
        return _structure_reader(shape)
    if shape.type == "list":
        name, read = shape.item.wire, reader(shape.item.shape)
        return lambda element: [read(child) for child in _only(element, name)]
    if shape.type == "map":
        return _map_reader(shape)
    return _scalar_reader(shape)


def _only(element: Element, name: str) -> list[Element]:
    if any(child.name != name for child in element.children):
        raise malformed()
    return element.children


def _map_reader(shape: Shape) -> Read:
    key, value = (member.wire for member in shape.entry)
    read = reader(shape.entry[1].shape)

    def read_map(element: Element) -> dict[str, Any]:
        result = {}
        for entry in element.children:
            by_name = {child.name: child for child in entry.children}
            if key not in by_name or value not in by_name:
                raise malformed()
            result[by_name[key].text] = read(by_name[value])
        return result

    return read_map


def _structure_reader(shape: Shape) -> Read:
    fields: dict[str, _Field] = {}
    attributes: list[tuple[str, str]] = []
    required = [member.name for member in shape.members.values() if member.required]

    def read_structure(element: Element) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, wire in attributes:
            if wire in element.attributes:
                result[name] = element.attributes[wire]
        for child in element.children:
            _take(child, fields, result)
        if any(name not in result for name in required):
            raise malformed()
        return result

    _readers.announce(shape, read_structure)  # before its members: it may contain itself
    for member in shape.members.values():
        if member.xml_attribute:
            attributes.append((member.name, member.wire.rpartition(":")[2]))
        elif not member.location:
            fields[member.element_name] = (member.name, _member_reader(member), member.repeats)
    return read_structure


_Field = tuple[str, Read, bool]  # member, reader, repeated


def _take(child: Element, fields: dict[str, _Field], result: dict[str, Any]) -> None:
    if child.name not in fields:
        raise malformed()
    name, read, repeated = fields[child.name]
    if repeated:
        result.setdefault(name, []).append(read(child))
    else:
        result[name] = read(child)


def _member_reader(member: Member) -> Read:
    if member.repeats:
        return reader(member.shape.item.shape)
    return reader(member.shape)


def _scalar_reader(shape: Shape) -> Read:
    allowed = frozenset() if shape.name in _CHECKED_ELSEWHERE else frozenset(shape.enum)

    def read_scalar(element: Element) -> Any:
        if element.children:
            raise malformed()
        try:
            value = convert(shape.type, element.text)
        except ValueError as error:
            raise malformed() from error
        if allowed and value not in allowed:
            raise malformed()
        return value

    return read_scalar

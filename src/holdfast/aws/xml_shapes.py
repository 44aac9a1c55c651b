"""Values to and from XML, by shape. Readers and writers are made once per shape and kept.

Sources: the XML traits of Smithy's REST XML protocol; S3's schema checks show as MalformedXML.
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from holdfast.aws.compiled import Compiled
from holdfast.aws.scalars import convert, text
from holdfast.aws.shapes import Member, Shape
from holdfast.aws.timestamps import http_date, iso_milliseconds, iso_seconds
from holdfast.aws.xml import Element, escape, malformed

Read = Callable[[Element], Any]
Write = Callable[[Any, str, list[str]], None]  # value, element name, output
Form = Callable[[Any], str]

# S3 answers these with errors of their own, so their handlers check them.
_CHECKED_ELSEWHERE = frozenset({"BucketLocationConstraint", "Event", "EncodingType"})

# Lists whose elements S3 mixes, in the order of the listing, which no model says: each element's value
# has its place in that order.
_MIXED = {"ListObjectVersionsOutput": ("Versions", "DeleteMarkers")}
PLACE = "Place"

_readers: Compiled[Read] = Compiled()
_writers: Compiled[Write] = Compiled()


# ---- reading -------------------------------------------------------------------------------------


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
            fields[_element_name(member)] = (member.name, _member_reader(member), _repeats(member))
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
    if _repeats(member):
        return reader(member.shape.item.shape)
    return reader(member.shape)


def _repeats(member: Member) -> bool:
    return member.flattened and member.shape.type == "list"


def _element_name(member: Member) -> str:
    """A flattened list's elements have the member's own name, or the element's if it has none."""
    if member.flattened and not member.explicit and member.shape.element is not None:
        element = member.shape.element
        return element.wire if element.explicit else member.wire
    return member.wire


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


# ---- writing -------------------------------------------------------------------------------------


def writer(shape: Shape, *, milliseconds: bool = True) -> Write:
    """Return a function that appends an element with a value of the shape to a list of pieces.

    Args:
        shape: what the values are.
        milliseconds: whether timestamps have them; S3's do, those of STS and IAM do not.
    """
    make = _WRITERS.get(shape.type, _scalar_writer)
    return _writers.get((shape, milliseconds), lambda: make(shape, milliseconds))


class _Part(NamedTuple):
    """A member of a structure, as an element."""

    key: str
    wire: str
    form: Form | None  # of a scalar, its text
    write: Write  # of anything else


def _structure_writer(shape: Shape, milliseconds: bool) -> Write:
    parts: list[_Part] = []
    attributes: list[tuple[str, str]] = []
    mixed: list[_Part] = []
    namespace = _namespace(shape.xml_namespace, shape.xml_prefix) if shape.xml_prefix else ""
    special = bool(namespace) or any(member.xml_attribute for member in shape.members.values())

    def said(value: Any) -> str:
        return "".join(
            f' {wire}="{escape(value[key])}"' for key, wire in attributes if key in value
        )

    def write_structure(value: Any, name: str, out: list[str]) -> None:
        out.append(f"<{name}{namespace}{said(value)}>" if special else f"<{name}>")
        for key, wire, form, write in parts:
            inner = value.get(key)
            if inner is None:
                continue
            if form is not None:
                out.append(f"<{wire}>{form(inner)}</{wire}>")
            else:
                write(inner, wire, out)
        if mixed:
            _write_mixed(value, mixed, out)
        out.append(f"</{name}>")

    # Before its members: it may contain itself.
    _writers.announce((shape, milliseconds), write_structure)
    for member in shape.members.values():
        if member.xml_attribute:
            attributes.append((member.name, member.wire))
        elif not member.location:
            mix = member.name in _MIXED.get(shape.name, ())
            (mixed if mix else parts).append(_part(member, milliseconds))
    return write_structure


def _part(member: Member, milliseconds: bool) -> _Part:
    repeats = _repeats(member)
    shape = member.shape.item.shape if repeats else member.shape
    form = None if repeats or shape.type in _WRITERS else _form(shape, milliseconds)
    write = _member_writer(member, milliseconds)
    return _Part(member.name, _element_name(member), form, write)


def _write_mixed(value: Any, mixed: list[_Part], out: list[str]) -> None:
    found = [(one.get(PLACE, 0), one, part) for part in mixed for one in value.get(part.key, ())]
    for _, one, part in sorted(found, key=itemgetter(0)):
        part.write((one,), part.wire, out)


def _member_writer(member: Member, milliseconds: bool) -> Write:
    if not _repeats(member):
        return writer(member.shape, milliseconds=milliseconds)
    write = writer(member.shape.item.shape, milliseconds=milliseconds)

    def write_each(value: Any, name: str, out: list[str]) -> None:
        for item in value:
            write(item, name, out)

    return write_each


def _list_writer(shape: Shape, milliseconds: bool) -> Write:
    wire, write = shape.item.wire, writer(shape.item.shape, milliseconds=milliseconds)

    def write_list(value: Any, name: str, out: list[str]) -> None:
        out.append(f"<{name}>")
        for item in value:
            write(item, wire, out)
        out.append(f"</{name}>")

    return write_list


def _map_writer(shape: Shape, milliseconds: bool) -> Write:
    key_name, value_name = (member.wire for member in shape.entry)
    write = writer(shape.entry[1].shape, milliseconds=milliseconds)

    def write_map(value: Any, name: str, out: list[str]) -> None:
        out.append(f"<{name}>")
        for key, item in value.items():
            out.append(f"<entry><{key_name}>{escape(key)}</{key_name}>")
            write(item, value_name, out)
            out.append("</entry>")
        out.append(f"</{name}>")

    return write_map


def _scalar_writer(shape: Shape, milliseconds: bool) -> Write:
    form = _form(shape, milliseconds)

    def write_scalar(value: Any, name: str, out: list[str]) -> None:
        out.append(f"<{name}>{form(value)}</{name}>")

    return write_scalar


_WRITERS: dict[str, Callable[[Shape, bool], Write]] = {
    "structure": _structure_writer,
    "list": _list_writer,
    "map": _map_writer,
}


def _form(shape: Shape, milliseconds: bool) -> Form:
    """Return what makes escaped text of a scalar."""
    if shape.type == "timestamp":
        if shape.timestamp_format == "rfc822":
            return http_date
        return iso_milliseconds if milliseconds else iso_seconds
    if shape.type == "string":
        return escape
    # Nothing in numbers, booleans and base64 needs escaping.
    return str if shape.type in ("integer", "long") else text


def _namespace(uri: str, prefix: str) -> str:
    return f' xmlns:{prefix}="{uri}"'

"""Values to XML, by shape: one function is compiled for each structure, once, and kept.

Listings have a thousand entries; going through the members of each in a loop takes twice the time.
What is compiled is made of names in AWS's models, never of values.

Source: the XML traits of Smithy's REST XML protocol.
"""

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from holdfast.aws.compiled import Compiled
from holdfast.aws.scalars import text
from holdfast.aws.shapes import Member, Shape
from holdfast.aws.timestamps import http_date, iso_milliseconds, iso_seconds
from holdfast.aws.xml import escape

Write = Callable[[Any, str], str]  # value, element name: the element

# Lists whose elements S3 mixes, in the order of the listing, which no model says: each element's value
# has its place in that order.
_MIXED = {"ListObjectVersionsOutput": ("Versions", "DeleteMarkers")}
PLACE = "Place"

_writers: Compiled[Write] = Compiled()
_place = itemgetter(0)


def writer(shape: Shape, *, milliseconds: bool = True) -> Write:
    """Return a function that makes an element of a value of the shape.

    Args:
        shape: what the values are.
        milliseconds: whether timestamps have them; S3's do, those of STS and IAM do not.
    """
    make = _MAKERS.get(shape.type, _scalar_writer)
    return _writers.get((shape, milliseconds), lambda: make(shape, milliseconds))


# ---- structures ----------------------------------------------------------------------------------


def _structure_writer(shape: Shape, milliseconds: bool) -> Write:
    mixed = _MIXED.get(shape.name, ())
    members = [member for member in shape.members.values() if not member.location]
    plain = [one for one in members if not one.xml_attribute and one.name not in mixed]
    names: dict[str, Any] = {**_names(milliseconds), "begin": _beginning(shape)}
    pieces = ["begin(value, name)" if names["begin"] else "f'<{name}>'"]
    pieces += [_piece(member, f"write_{number}") for number, member in enumerate(plain)]
    if mixed:
        pieces.append("mixed(value)")
    pieces.append("f'</{name}>'")
    write = _compiled(f"lambda value, name: join(({', '.join(pieces)}))", names)
    # Before its members: it may contain itself.
    _writers.announce((shape, milliseconds), write)
    for number, member in enumerate(plain):
        names[f"write_{number}"] = writer(_written(member), milliseconds=milliseconds)
    names["mixed"] = _mixed([shape.members[name] for name in mixed], milliseconds)
    return write


def _compiled(code: str, names: dict[str, Any]) -> Write:
    made: Write = eval(code, names)  # noqa: S307 - of names in AWS's models
    return made


def _names(milliseconds: bool) -> dict[str, Any]:
    """Return what the compiled functions call."""
    iso = iso_milliseconds if milliseconds else iso_seconds
    return {
        "join": "".join,
        "escape": escape,
        "word": _word,
        "text": text,
        "http_date": http_date,
        "iso": iso,
    }


# AWS's own words come again and again.
_word = lru_cache(maxsize=256)(escape)


def _piece(member: Member, write: str) -> str:
    """Return the code of a member's elements; `write` is the name of their writer."""
    name, wire, form = repr(member.name), member.element_name, _form(_written(member))
    element = f"f'<{wire}>{{{form}}}</{wire}>'" if form else f"{write}(one, {wire!r})"
    if member.repeats:
        return f"join([{element} for one in value.get({name}) or ()])"
    return f"'' if (one := value.get({name})) is None else {element}"


def _written(member: Member) -> Shape:
    return member.shape.item.shape if member.repeats else member.shape


def _form(shape: Shape) -> str:
    """Return the code that makes escaped text of the scalar `one`; nothing for other shapes."""
    if shape.type in _MAKERS:
        return ""
    if shape.type == "timestamp":
        return "http_date(one)" if shape.timestamp_format == "rfc822" else "iso(one)"
    if shape.type == "string":
        return "word(one)" if shape.enum else "escape(one)"
    # Nothing in numbers, booleans and base64 needs escaping.
    return "one" if shape.type in ("integer", "long") else "text(one)"


def _beginning(shape: Shape) -> Write | None:
    """Return what makes the start of an element that has attributes."""
    named = [(one.name, one.wire) for one in shape.members.values() if one.xml_attribute]
    prefix, uri = shape.xml_prefix, shape.xml_namespace
    namespace = f' xmlns:{prefix}="{uri}"' if prefix else ""
    if not named and not namespace:
        return None

    def begin(value: Any, name: str) -> str:
        said = [f' {wire}="{escape(value[key])}"' for key, wire in named if key in value]
        return f"<{name}{namespace}{''.join(said)}>"

    return begin


def _mixed(members: list[Member], milliseconds: bool) -> Callable[[Any], str]:
    """Return what makes the elements of several lists, in the order of their places."""
    lists = [
        (one.name, one.element_name, writer(_written(one), milliseconds=milliseconds))
        for one in members
    ]

    def mixed(value: Any) -> str:
        found = [
            (one.get(PLACE, 0), write(one, wire))
            for name, wire, write in lists
            for one in value.get(name, ())
        ]
        found.sort(key=_place)
        return "".join([element for _, element in found])

    return mixed


# ---- everything else -----------------------------------------------------------------------------


def _list_writer(shape: Shape, milliseconds: bool) -> Write:
    wire, write = shape.item.wire, writer(shape.item.shape, milliseconds=milliseconds)
    return lambda value, name: f"<{name}>{''.join([write(one, wire) for one in value])}</{name}>"


def _map_writer(shape: Shape, milliseconds: bool) -> Write:
    key_name, value_name = (member.wire for member in shape.entry)
    write = writer(shape.entry[1].shape, milliseconds=milliseconds)

    def write_map(value: Any, name: str) -> str:
        entries = [
            f"<entry><{key_name}>{escape(key)}</{key_name}>{write(one, value_name)}</entry>"
            for key, one in value.items()
        ]
        return f"<{name}>{''.join(entries)}</{name}>"

    return write_map


def _scalar_writer(shape: Shape, milliseconds: bool) -> Write:
    code = f"lambda one, name: f'<{{name}}>{{{_form(shape)}}}</{{name}}>'"
    return _compiled(code, _names(milliseconds))


_MAKERS: dict[str, Callable[[Shape, bool], Write]] = {
    "structure": _structure_writer,
    "list": _list_writer,
    "map": _map_writer,
}

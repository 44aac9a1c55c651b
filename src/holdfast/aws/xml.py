"""XML as AWS needs it: a small element tree read without DTDs or entities, and escaping for output."""

import re
from collections.abc import Iterator
from xml.parsers import expat

import msgspec

from holdfast.aws.errors import ServiceError

PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'

# The deepest document of S3 (a replication rule) has eight levels. The largest lists ten thousand
# parts with up to four elements each.
MAX_DEPTH = 32
MAX_ELEMENTS = 100_000

# Patterns that hardly any text needs; `re` keeps them once they are compiled.
_SPECIAL = r"[&<>\"\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]"
_NO_XML = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class Element(msgspec.Struct):
    """An element with its text, attributes and children. Names are without their namespace."""

    name: str
    attributes: dict[str, str] = {}
    children: list["Element"] = []
    text: str = ""

    def named(self, name: str) -> Iterator["Element"]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)


def malformed() -> ServiceError:
    """Return S3's error for a document that it cannot use."""
    return ServiceError("MalformedXML")


def read(document: bytes) -> Element:
    """Read a document.

    Args:
        document: UTF-8, or whatever else its declaration says, if expat knows it.

    Raises:
        ServiceError: MalformedXML, also for a document type declaration (entities are a way to make
            much of little, and to read files), too many levels or elements.
    """
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise malformed() from error
    return builder.root.children[0]


def escape(text: str) -> str:
    """Escape text for element content and attribute values.

    Characters that XML 1.0 does not allow become numeric references, as in S3's own listings.
    """
    if not text.isprintable():
        return re.sub(_SPECIAL, _reference, text)
    # Nearly all text is printable and has none of these; looking for them so is fastest. The ampersand
    # comes first: it is in all of the references.
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    return text


def readable(text: str) -> str:
    """Return text without what XML 1.0 cannot say: an error document has to be read by any parser."""
    return text if text.isprintable() else re.sub(_NO_XML, "\ufffd", text)


def _reference(match: re.Match[str]) -> str:
    character = match[0]
    return _NAMED.get(character) or f"&#x{ord(character):x};"


class _Builder:
    """Expat's events, made into elements."""

    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]
        self._text: list[str] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise malformed()
        local = {_local(key): value for key, value in attributes.items()}
        element = Element(_local(name), local)
        self._open[-1].children.append(element)
        self._open.append(element)
        self._text.clear()

    def end(self, _name: str) -> None:
        element = self._open.pop()
        if not element.children:
            element.text = "".join(self._text)
        self._text.clear()

    def characters(self, text: str) -> None:
        self._text.append(text)

    def refuse(self, *_declaration: object) -> None:
        raise malformed()


def _local(name: str) -> str:
    return name.rpartition(" ")[2]

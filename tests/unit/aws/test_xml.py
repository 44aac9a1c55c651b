"""Reading and escaping XML."""

import xml.etree.ElementTree as ET
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.aws.xml import MAX_DEPTH, MAX_ELEMENTS, escape, read

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def test_names_lose_their_namespace() -> None:
    """Clients write namespaces in many ways; only local names matter."""
    root = read(f'<s:Delete xmlns:s="{NAMESPACE}"><s:Quiet> true </s:Quiet></s:Delete>'.encode())
    assert root.name == "Delete"
    assert [(child.name, child.text) for child in root.children] == [("Quiet", " true ")]


def test_text_is_joined_across_comments_references_and_sections() -> None:
    """A text is one text, however it was written."""
    root = read("<Key>a<!-- x -->&#34;&lt;<![CDATA[<b>]]>é</Key>".encode())
    assert root.text == 'a"<<b>é'


def test_attributes_are_read() -> None:
    """A grantee's type is an attribute."""
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    root = read(f'<Grantee xmlns:xsi="{xsi}" xsi:type="CanonicalUser"/>'.encode())
    assert root.attributes == {"type": "CanonicalUser"}


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not xml",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>\xff</a>",
        b"<a>&undefined;</a>",
        b"<a b='1' b='2'/>",
        b"<a>\x00</a>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<?xml version="1.0" encoding="base64"?><a/>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        f'<!DOCTYPE a [<!ENTITY l0 "lol">{BOMB}]><a>&l9;</a>'.encode(),
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
    ],
)
def test_what_cannot_be_used_is_malformed(document: bytes) -> None:
    """Broken documents, declarations and bombs are refused alike."""
    with pytest.raises(ServiceError) as caught:
        read(document)
    assert (caught.value.code, caught.value.status) == ("MalformedXML", 400)


@given(st.binary(max_size=60) | st.text("<>a/&;!?['\"]x=", max_size=60).map(str.encode))
def test_any_bytes_get_an_answer(document: bytes) -> None:
    """Reading ends in an element or in MalformedXML."""
    with suppress(ServiceError):
        read(document)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_escaped_text_reads_back(text: str) -> None:
    """Another parser sees the same text, as content and as an attribute."""
    element = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>')  # noqa: S314 - our own
    assert (element.text or "") == text
    assert element.get("b") == text


def test_control_characters_become_references() -> None:
    """Keys may hold what XML may not; S3 writes it as a reference."""
    assert escape("a\x01\r\x0b\uffff") == "a&#x1;&#xd;&#xb;&#xffff;"

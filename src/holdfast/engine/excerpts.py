"""Excerpts of records, for who reads thousands and needs few fields of each.

The fields are those of the record, with the same names and types. Excerpts are read, never written.
"""

from datetime import datetime
from typing import ClassVar

from holdfast.engine.readable import Readable
from holdfast.engine.records import Object, ObjectVersion


class ListedObject(Readable, frozen=True, kw_only=True):
    """What listings say of an `Object`."""

    kind: ClassVar[str] = Object.kind
    key_fields: ClassVar[tuple[str, ...]] = Object.key_fields

    bucket: str
    key: str
    delete_marker: bool = False
    size: int = 0
    etag: str = ""
    last_modified: datetime
    storage_class: str = "STANDARD"
    checksum_algorithm: str = ""
    checksum_type: str = ""


class ListedVersion(Readable, frozen=True, kw_only=True):
    """What listings say of an `ObjectVersion`."""

    kind: ClassVar[str] = ObjectVersion.kind
    key_fields: ClassVar[tuple[str, ...]] = ObjectVersion.key_fields

    bucket: str
    key: str
    order: int
    version_id: str
    delete_marker: bool = False
    size: int = 0
    etag: str = ""
    last_modified: datetime
    storage_class: str = "STANDARD"
    checksums: dict[str, str] = {}
    checksum_type: str = ""


EXCERPTS: tuple[type[Readable], ...] = (ListedObject, ListedVersion)

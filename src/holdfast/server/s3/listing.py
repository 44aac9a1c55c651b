"""Pages of keys, as all of S3's listings cut them: prefix, delimiter, marker, limit.

What is under a common prefix is skipped by seeking past it, not by reading it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote_plus

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.excerpts import ListedObject, ListedVersion
from holdfast.engine.records import Upload
from holdfast.server.operation import Params
from holdfast.server.s3.keys import successor

Listed = TypeVar("Listed", ListedObject, ListedVersion, Upload)
Row_co = TypeVar("Row_co", covariant=True)

LARGEST_PAGE = 1000
# A seek costs about as much as reading a few records, so short groups are read through.
_PATIENCE = 8
_PLAIN = re.compile(r"[A-Za-z0-9_.~/*-]*")  # what encoding leaves as it is


class Scan(Protocol[Row_co]):
    """A scan of one bucket: `Reader.scan` with kind and bucket given."""

    def __call__(
        self, *, start: tuple[Any, ...] = (), after: tuple[Any, ...] = ()
    ) -> Iterator[Row_co]:
        """Yield records in key order, from `start` (inclusive) or `after` (exclusive)."""


class Cut(msgspec.Struct, frozen=True):
    """Which keys a listing is about."""

    prefix: str = ""
    delimiter: str = ""
    limit: int = LARGEST_PAGE

    def group(self, key: str) -> str | None:
        """Return the common prefix that stands for a key, or None if the key is listed itself."""
        if not self.delimiter or not key.startswith(self.prefix):
            return None
        end = key.find(self.delimiter, len(self.prefix))
        return None if end < 0 else key[: end + len(self.delimiter)]


class Page(msgspec.Struct, Generic[Listed]):
    """One page of a listing."""

    entries: list[Listed] = []
    prefixes: list[str] = []
    truncated: bool = False
    last: Listed | str = ""  # the last entry or common prefix

    @property
    def last_key(self) -> str:
        """The key of the last entry, or the last common prefix."""
        return self.last if isinstance(self.last, str) else self.last.key

    def __len__(self) -> int:
        return len(self.entries) + len(self.prefixes)


def page(
    scan: Scan[Listed],
    cut: Cut,
    after: tuple[Any, ...] = (),
    keep: Callable[[Listed], bool] | None = None,
) -> Page[Listed]:
    """Return the next page.

    Args:
        scan: yields the records of the bucket.
        cut: which keys, and how many.
        after: where the last page ended: a key or common prefix, then further key fields if any.
        keep: whether a record is listed at all; all are if it is not given.
    """
    found: Page[Listed] = Page()
    if cut.limit <= 0:
        return found
    rows, passed, room = _begin(scan, cut, after), 0, cut.limit
    group: str | None = None
    while (row := next(rows, None)) is not None and row.key.startswith(cut.prefix):
        if group is not None and row.key.startswith(group):
            passed += 1
            if passed == _PATIENCE:
                rows = _from_successor(scan, group)
            continue
        if keep is not None and not keep(row):
            continue
        if not room:
            found.truncated = True
            break
        room -= 1
        group, passed = cut.group(row.key) if cut.delimiter else None, 0
        if group is None:
            found.entries.append(row)
            found.last = row
        else:
            found.prefixes.append(group)
            found.last = group
    return found


def _begin(scan: Scan[Listed], cut: Cut, after: tuple[Any, ...]) -> Iterator[Listed]:
    # Code points of text compare as UTF-8 bytes do.
    if not after or after[0] < cut.prefix:
        return scan(start=(cut.prefix,)) if cut.prefix else scan()
    if cut.group(after[0]) == after[0]:
        return _from_successor(scan, after[0])
    return scan(after=after)


def _from_successor(scan: Scan[Listed], prefix: str) -> Iterator[Listed]:
    following = successor(prefix)
    return iter(()) if following is None else scan(start=(following,))


def cut_of(params: Params, limit: str = "MaxKeys") -> Cut:
    """Return prefix, delimiter and limit of a listing request.

    Args:
        params: of the request.
        limit: the member that bounds the page.

    Raises:
        ServiceError: InvalidArgument.
    """
    most = params.get(limit, LARGEST_PAGE)
    if not 0 <= most < 2**31:
        name = limit[0].lower() + limit[1:]
        raise ServiceError(
            "InvalidArgument",
            f"Argument {name} must be an integer between 0 and 2147483647",
            ArgumentName=name,
            ArgumentValue=str(most),
        )
    return Cut(params.get("Prefix", ""), params.get("Delimiter", ""), min(most, LARGEST_PAGE))


def encoder_of(params: Params) -> Callable[[str], str]:
    """Return what `encoding-type` does to keys, prefixes, delimiters and markers of an answer.

    Raises:
        ServiceError: InvalidArgument.
    """
    kind = params.get("EncodingType")
    if kind is None:
        return str
    if kind != "url":
        raise ServiceError(
            "InvalidArgument",
            "Invalid Encoding Method specified in Request",
            ArgumentName="encoding-type",
            ArgumentValue=kind,
        )
    return _url_encoded


def _url_encoded(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote_plus(text, safe="/*")


def described(params: Params, cut: Cut, encode: Callable[[str], str]) -> dict[str, Any]:
    """Return what every listing echoes: prefix, delimiter, encoding."""
    result: dict[str, Any] = {"Prefix": encode(cut.prefix)}
    if cut.delimiter:
        result["Delimiter"] = encode(cut.delimiter)
    if params.get("EncodingType"):
        result["EncodingType"] = params["EncodingType"]
    return result


def common_prefixes(found: Page[Any], encode: Callable[[str], str]) -> dict[str, Any]:
    """Return the `CommonPrefixes` member, if there are any."""
    if not found.prefixes:
        return {}
    return {"CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in found.prefixes]}

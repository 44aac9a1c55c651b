"""The order in which S3 lists versions and deletions.

S3 lists the versions of a key newest first, deletions among them, and dates them by the second. The SDK
sorts the two kinds into two lists, after which nothing tells which of the same second came first.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KINDS = {"Version": "Versions", "DeleteMarker": "DeleteMarkers"}
_ORDER = "HoldfastOrder"


def keep_order(s3: "S3Client") -> None:
    """Let a client's answers to ListObjectVersions say in which order their entries stood."""
    s3.meta.events.register("before-parse.s3.ListObjectVersions", _note_order)


def in_order(page: Mapping[str, Any]) -> Iterator[tuple[Any, bool]]:
    """Yield the entries of an answer as S3 listed them, and whether each is a deletion.

    Args:
        page: an answer to ListObjectVersions of a client that keeps the order.
    """
    entries = {kind: iter(page.get(kind, ())) for kind in _KINDS.values()}
    for kind in page[_ORDER]:
        yield next(entries[kind]), kind == "DeleteMarkers"


def _note_order(
    response_dict: Mapping[str, Any], customized_response_dict: MutableMapping[str, Any], **_: Any
) -> None:
    if response_dict["status_code"] != 200:
        return
    try:
        listing = ET.fromstring(response_dict["body"])  # noqa: S314  the SDK parses it the same way
    except ET.ParseError:
        return  # the SDK reads it next, and says what is wrong
    names = (element.tag.rpartition("}")[2] for element in listing)
    customized_response_dict[_ORDER] = [_KINDS[name] for name in names if name in _KINDS]

"""Lists in pages: `Limit` and `Marker` in, `NextMarker` and `Truncated` out."""

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.server.kms.checks import check_range
from holdfast.server.operation import Params

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True):
    """What a client asks for: so many, after the one with this name."""

    after: str
    limit: int

    def cut(self, items: Iterable[T], name: Callable[[T], str]) -> tuple[list[T], dict[str, Any]]:
        """Return the page's items, and the members of the answer that say how it goes on.

        Args:
            items: everything after `after`, in order of names.
            name: what tells the items apart.
        """
        taken = list(islice(items, self.limit + 1))
        if len(taken) <= self.limit:
            return taken, {"Truncated": False}
        page = taken[: self.limit]
        marker = base64.urlsafe_b64encode(name(page[-1]).encode()).decode()
        return page, {"Truncated": True, "NextMarker": marker}


def requested_page(params: Params, *, usual: int, most: int) -> Page:
    """Return the page that a request asks for.

    Args:
        params: the request's.
        usual: the limit if none is given.
        most: the highest limit.

    Raises:
        ServiceError: ValidationException or InvalidMarkerException.
    """
    limit = check_range("limit", params.get("Limit", usual), 1, most)
    try:
        after = base64.b64decode(params.get("Marker", ""), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ServiceError("InvalidMarkerException", "Could not deserialize marker") from None
    return Page(after, limit)

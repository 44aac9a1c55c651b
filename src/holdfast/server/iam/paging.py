"""Lists in pages: `MaxItems` and `Marker` in, `IsTruncated` and `Marker` out."""

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from holdfast.aws.errors import ServiceError
from holdfast.server.operation import Params

T = TypeVar("T")

_USUAL = 100  # items, where a request does not say


def after(params: Params) -> str:
    """Return the name after which a page begins: that of the last item of the page before.

    Raises:
        ServiceError: ValidationError, for a marker that no answer gave.
    """
    try:
        return base64.b64decode(params.get("Marker", ""), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ServiceError("ValidationError", "Invalid Marker.", status=400) from None


def page(
    params: Params, member: str, items: Iterable[T], name: Callable[[T], str]
) -> tuple[list[T], dict[str, Any]]:
    """Return a page's items, and the members of the answer that say how it goes on.

    Args:
        params: the request's.
        member: of the answer that will hold the items; there is one even if it is empty.
        items: everything after the marker, in order of names.
        name: what tells the items apart.
    """
    limit = params.get("MaxItems", _USUAL)
    taken = list(islice(items, limit + 1))
    shown = taken[:limit]
    rest: dict[str, Any] = {member: shown, "IsTruncated": len(taken) > limit}
    if len(taken) > limit:
        rest["Marker"] = base64.urlsafe_b64encode(name(shown[-1]).encode()).decode()
    return shown, rest


def page_of_names(params: Params, member: str, names: Iterable[str]) -> dict[str, Any]:
    """Return an answer that lists names.

    Args:
        params: the request's.
        member: of the answer, such as `PolicyNames`.
        names: all of them, in any order.
    """
    start = after(params)
    return page(params, member, [name for name in sorted(names) if name > start], str)[1]

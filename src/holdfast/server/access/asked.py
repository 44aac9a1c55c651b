"""A request as authorization sees it, and what has to be allowed for it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast.engine.port import Reader
from holdfast.server.access.call import Call
from holdfast.server.access.known import Later
from holdfast.server.access.policies.document import Kind
from holdfast.server.access.policies.patterns import Values


class Asked(Call, frozen=True, kw_only=True):
    """One request, and the records as they are before it."""

    reader: Reader

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:aws:{service}:{self.site.region}:{self.site.account}:{resource}"


class Guard(msgspec.Struct, frozen=True):
    """The policy of the resource itself."""

    text: str  # JSON; empty if it has none
    kind: Kind
    decides: bool  # whether it has to agree; see `Policies.resource_decides`


class Need(msgspec.Struct, frozen=True):
    """One thing that has to be allowed."""

    action: str  # as AWS spells it
    resource: str  # an ARN, or `*`
    values: Values = {}  # condition keys of this need alone, in lower case
    guard: Guard | None = None
    later: Later | None = None  # more of them
    shown: str = ""  # what the resource is called in answers, if the request called it otherwise


def tag_values(params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of the tags that a request brings or names."""
    tags = params.get("Tags")
    pairs = {
        str(tag.get("Key", tag.get("TagKey", ""))): str(tag.get("Value", tag.get("TagValue", "")))
        for tag in (tags if isinstance(tags, list) else ())
        if isinstance(tag, Mapping)
    }
    names = tuple(pairs) + tuple(params.get("TagKeys", ()))
    values: dict[str, tuple[str, ...]]
    values = {f"aws:requesttag/{name.lower()}": (value,) for name, value in pairs.items()}
    return {**values, "aws:tagkeys": names} if names else values

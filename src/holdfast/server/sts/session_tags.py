"""Tags of a session: their form, and those that a role chained from a session takes over.

Source: "Pass session tags in AWS STS" in the IAM user guide.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import Session
from holdfast.server.operation import Params
from holdfast.server.sts.validation import violations

_TAG = re.compile(r"[\w\s.:/=+\-@]*")
_MOST = 50


class SessionTags(msgspec.Struct, frozen=True):
    """The tags of a new session."""

    tags: Mapping[str, str]  # all of them
    transitive: tuple[str, ...]  # keys of those that go on to a role chained from it
    given: Mapping[str, str]  # those that the caller asks for


def given_tags(params: Params) -> Sequence[Mapping[str, str]]:
    """Return the tags as the request lists them."""
    tags: Sequence[Mapping[str, str]] = params.get("Tags", ())
    return tags


def tag_violations(params: Params) -> Iterator[str]:
    """Yield what is wrong with the form of tags, in AWS's words."""
    for number, tag in enumerate(given_tags(params), 1):
        at = f"tags.{number}.member"
        yield from _length(f"{at}.key", tag.get("Key", ""), 1, 128)
        yield from _length(f"{at}.value", tag.get("Value", ""), 0, 256)
        if not _TAG.fullmatch(tag.get("Key", "") + tag.get("Value", "")):
            yield (
                f"Value at '{at}' failed to satisfy constraint: Member must satisfy regular "
                r"expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"
            )
    for name in ("Tags", "TransitiveTagKeys"):
        if len(params.get(name, ())) > _MOST:
            shown = name[0].lower() + name[1:]
            yield (
                f"Value at '{shown}' failed to satisfy constraint: Member must have length less "
                f"than or equal to {_MOST}"
            )


def tags_of(params: Params, chained_from: Session | None) -> SessionTags:
    """Return the tags of a new session.

    Args:
        params: of the request, in form.
        chained_from: the caller's session, if it is one; its transitive tags are taken over.

    Raises:
        ServiceError: a key stands twice, a transitive one is no tag, or one that is taken over would
            be changed.
    """
    given = {tag.get("Key", ""): tag.get("Value", "") for tag in given_tags(params)}
    keys = [tag.get("Key", "").lower() for tag in given_tags(params)]
    if len(set(keys)) != len(keys):
        raise _refused("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    transitive = tuple(params.get("TransitiveTagKeys", ()))
    for key in transitive:
        if key.lower() not in keys:
            raise _refused(
                f"The specified transitive tag key {key} must be included in the requested tags."
            )
    inherited = _inherited(chained_from)
    if {key.lower() for key in inherited}.intersection(keys):
        raise _refused(
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session."
        )
    return SessionTags({**inherited, **given}, (*inherited, *transitive), given)


def _inherited(session: Session | None) -> dict[str, str]:
    if session is None:
        return {}
    kept = {key.lower() for key in session.transitive}
    return {key: value for key, value in session.tags.items() if key.lower() in kept}


def _refused(said: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", said, status=400)


def _length(name: str, value: str, shortest: int, longest: int) -> Iterator[str]:
    yield from violations(name, value, r"(?s:.*)", shortest, longest)

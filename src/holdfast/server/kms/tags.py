"""Tags of keys: TagResource, UntagResource, ListResourceTags."""

from collections.abc import Iterable, Mapping

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Key
from holdfast.server.kms.lookup import find_key, require_not_pending
from holdfast.server.kms.managed import require_customer_managed
from holdfast.server.kms.paging import requested_page
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

_MOST = 50  # per key


@operation("TagResource", writes=True)
def tag_resource(tx: Transaction, params: Params) -> Result:
    """Add tags, or replace the values of tags that exist."""
    key = _changeable(tx, params, "TagResource")
    tags = {**key.tags, **checked_tags(params["Tags"])}
    tx.put(msgspec.structs.replace(key, tags=_not_too_many(tags)))
    return None


@operation("UntagResource", writes=True)
def untag_resource(tx: Transaction, params: Params) -> Result:
    """Remove tags. Removing one that does not exist is no error."""
    key = _changeable(tx, params, "UntagResource")
    gone = set(params["TagKeys"])
    tags = {name: value for name, value in key.tags.items() if name not in gone}
    tx.put(msgspec.structs.replace(key, tags=tags))
    return None


@operation("ListResourceTags")
def list_resource_tags(tx: Snapshot, params: Params) -> Result:
    """List the tags of a key, by name."""
    key = find_key(tx, params["KeyId"], aliases=False)
    page = requested_page(params, usual=50, most=50)
    names, rest = page.cut([name for name in sorted(key.tags) if name > page.after], str)
    tags = [{"TagKey": name, "TagValue": key.tags[name]} for name in names]
    return {"Tags": tags, **rest}


def checked_tags(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return tags by name.

    Raises:
        ServiceError: TagException or LimitExceededException.
    """
    tags: dict[str, str] = {}
    for tag in given:
        name = tag["TagKey"]
        if name.lower().startswith("aws:"):
            raise ServiceError("TagException", "Tags beginning with aws: are reserved")
        if name in tags:
            raise ServiceError("TagException", "Duplicate tag keys")
        tags[name] = tag["TagValue"]
    return _not_too_many(tags)


def _not_too_many(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > _MOST:
        raise ServiceError("LimitExceededException", f"Too many tags: at most {_MOST} per key")
    return tags


def _changeable(tx: Transaction, params: Params, action: str) -> Key:
    key = find_key(tx, params["KeyId"], aliases=False)
    require_customer_managed(tx, key, action)
    return require_not_pending(tx, key)

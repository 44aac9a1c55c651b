"""Tags of users: TagUser, UntagUser, ListUserTags."""

from msgspec.structs import replace

from holdfast.server.iam.key_expiry import clear_ends, set_ends
from holdfast.server.iam.lookup import named_user
from holdfast.server.iam.tag_lists import page_of_tags, with_tags, without_tags
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("TagUser", writes=True)
def tag_user(tx: Transaction, params: Params) -> Result:
    """Add tags to a user, or replace their values. Some say when keys expire: see `key_expiry`."""
    user = named_user(tx, params)
    tags = with_tags(user.tags, params["Tags"])
    clear_ends(tx, user, user.tags.keys() - tags.keys())
    set_ends(tx, user, {tag["Key"]: tag["Value"] for tag in params["Tags"]})
    tx.put(replace(user, tags=tags))
    names = [tag["Key"] for tag in params["Tags"]]
    tx.rules.note(tx, "user-tagged", {"user": user.name, "tags": names})
    return None


@operation("UntagUser", writes=True)
def untag_user(tx: Transaction, params: Params) -> Result:
    """Remove tags from a user."""
    user = named_user(tx, params)
    tags = without_tags(user.tags, params["TagKeys"])
    gone = sorted(user.tags.keys() - tags.keys())
    clear_ends(tx, user, gone)
    tx.put(replace(user, tags=tags))
    tx.rules.note(tx, "user-untagged", {"user": user.name, "tags": gone})
    return None


@operation("ListUserTags")
def list_user_tags(tx: Snapshot, params: Params) -> Result:
    """List the tags of a user, by name."""
    return page_of_tags(params, named_user(tx, params).tags)

"""Tags of roles: TagRole, UntagRole, ListRoleTags."""

from msgspec.structs import replace

from holdfast.server.iam.lookup import named_role
from holdfast.server.iam.tag_lists import page_of_tags, with_tags, without_tags
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("TagRole", writes=True)
def tag_role(tx: Transaction, params: Params) -> Result:
    """Add tags to a role, or replace their values."""
    role = named_role(tx, params)
    tx.put(replace(role, tags=with_tags(role.tags, params["Tags"])))
    names = [tag["Key"] for tag in params["Tags"]]
    tx.rules.note(tx, "role-tagged", {"role": role.name, "tags": names})
    return None


@operation("UntagRole", writes=True)
def untag_role(tx: Transaction, params: Params) -> Result:
    """Remove tags from a role."""
    role = named_role(tx, params)
    tags = without_tags(role.tags, params["TagKeys"])
    tx.put(replace(role, tags=tags))
    gone = sorted(role.tags.keys() - tags.keys())
    tx.rules.note(tx, "role-untagged", {"role": role.name, "tags": gone})
    return None


@operation("ListRoleTags")
def list_role_tags(tx: Snapshot, params: Params) -> Result:
    """List the tags of a role, by name."""
    return page_of_tags(params, named_role(tx, params).tags)

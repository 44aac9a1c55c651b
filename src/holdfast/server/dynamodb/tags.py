"""TagResource, UntagResource and ListTagsOfResource."""

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Table
from holdfast.server.dynamodb.names import table_arn
from holdfast.server.dynamodb.refusals import invalid
from holdfast.server.dynamodb.tag_lists import merged, require_tags
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation

PAGE = 10  # as AWS


@operation("TagResource", writes=True)
def tag_resource(tx: Transaction, params: Params) -> Result:
    """Add tags to a table."""
    table = _table(tx, params["ResourceArn"])
    tags = merged(table.tags, require_tags(params["Tags"]))
    tx.put(msgspec.structs.replace(table, tags=tags))
    return None


@operation("UntagResource", writes=True)
def untag_resource(tx: Transaction, params: Params) -> Result:
    """Remove tags from a table."""
    table = _table(tx, params["ResourceArn"])
    doomed = set(params["TagKeys"])
    tags = {key: value for key, value in table.tags.items() if key not in doomed}
    tx.put(msgspec.structs.replace(table, tags=tags))
    return None


@operation("ListTagsOfResource")
def list_tags_of_resource(tx: Snapshot, params: Params) -> Result:
    """Return the tags of a table, a page at a time."""
    table = _table(tx, params["ResourceArn"])
    tags = sorted(table.tags.items())
    token = params.get("NextToken", "0")
    if not (token.isascii() and token.isdigit() and len(token) < 6):
        raise invalid("Invalid NextToken")
    start = int(token)
    page = [{"Key": key, "Value": value} for key, value in tags[start : start + PAGE]]
    if start + PAGE < len(tags):
        return {"Tags": page, "NextToken": str(start + PAGE)}
    return {"Tags": page}


def _table(tx: Snapshot, arn: str) -> Table:
    prefix = table_arn(tx.site, "")
    if not arn.startswith("arn:"):
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    table = tx.get(Table, arn.removeprefix(prefix)) if arn.startswith(prefix) else None
    if table is None:
        raise ServiceError(
            "ResourceNotFoundException",
            f"Requested resource not found: ResourcArn: {arn} not found",
        )
    return table

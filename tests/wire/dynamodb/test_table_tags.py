"""TagResource, UntagResource, ListTagsOfResource."""

import pytest

from aws_refusals import refused
from in_process import Aws


@pytest.fixture
def arn(aws: Aws, locks: str) -> str:
    """The ARN of a lock table."""
    return aws.dynamodb.describe_table(TableName=locks)["Table"]["TableArn"]


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    """Return the tags of a table, over all pages."""
    pages = aws.dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def test_tags_are_added_replaced_and_removed(aws: Aws, arn: str) -> None:
    """The list follows every change."""
    assert tags_of(aws, arn) == {}
    aws.dynamodb.tag_resource(
        ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    )
    aws.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    assert tags_of(aws, arn) == {"a": "2", "b": ""}
    aws.dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a", "unknown"])
    assert tags_of(aws, arn) == {"b": ""}


def test_tags_are_listed_in_pages_of_ten(aws: Aws, arn: str) -> None:
    """And fifty is the limit."""
    many = {f"k{number:02}": "v" for number in range(50)}
    aws.dynamodb.tag_resource(
        ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in many.items()]
    )
    assert len(aws.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]) == 10
    assert tags_of(aws, arn) == many
    with refused("ValidationException", "exceeds the limit of 50"):
        aws.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "x", "Value": ""}])


def test_an_unknown_table_is_refused(aws: Aws, arn: str) -> None:
    """By its ARN."""
    with refused("ResourceNotFoundException", "Requested resource not found"):
        aws.dynamodb.list_tags_of_resource(ResourceArn=arn + "x")
    with refused("ValidationException", "Invalid TableArn"):
        aws.dynamodb.list_tags_of_resource(ResourceArn="terraform-locks")

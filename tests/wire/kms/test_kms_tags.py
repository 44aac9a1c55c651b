"""TagResource, UntagResource, ListResourceTags."""

import pytest

from aws_refusals import refused
from in_process import Aws


def tags_of(aws: Aws, key: str) -> dict[str, str]:
    """Return a key's tags, over all pages."""
    pages = aws.kms.get_paginator("list_resource_tags").paginate(KeyId=key)
    return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}


def test_tags_are_added_replaced_and_removed(aws: Aws, key: str) -> None:
    """The list follows every change."""
    assert tags_of(aws, key) == {}
    aws.kms.tag_resource(
        KeyId=key,
        Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": ""}],
    )
    aws.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "2"}])
    assert tags_of(aws, key) == {"a": "2", "b": ""}
    aws.kms.untag_resource(KeyId=key, TagKeys=["a", "unknown"])
    assert tags_of(aws, key) == {"b": ""}


def test_tags_are_listed_in_pages(aws: Aws, key: str) -> None:
    """Markers lead through all tags."""
    for name in "abc":
        aws.kms.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": "x"}])
    first = aws.kms.list_resource_tags(KeyId=key, Limit=2)
    assert first["Truncated"] is True
    rest = aws.kms.list_resource_tags(KeyId=key, Limit=2, Marker=first["NextMarker"])
    assert [tag["TagKey"] for tag in first["Tags"] + rest["Tags"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["aws:mine"], "TagException"),
        (["a", "a"], "TagException"),
        (["x" * 129], "ValidationException"),
        ([f"tag{number}" for number in range(51)], "LimitExceededException"),
    ],
)
def test_bad_tags_are_refused(aws: Aws, key: str, names: list[str], code: str) -> None:
    """Reserved, repeated, overlong and too many tags change nothing."""
    with refused(code):
        aws.kms.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": "x"} for name in names])
    assert tags_of(aws, key) == {}

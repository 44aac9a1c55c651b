"""CreateAlias, UpdateAlias, DeleteAlias, ListAliases."""

import pytest

from aws_refusals import refused
from in_process import Aws


def test_alias_is_listed_with_its_target(aws: Aws, key: str) -> None:
    """ListAliases without arguments, as the AWS provider asks, has the alias in full."""
    aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)
    (alias,) = aws.kms.list_aliases()["Aliases"]
    assert alias["AliasName"] == "alias/state"
    assert alias["AliasArn"] == "arn:aws:kms:us-east-1:123456789012:alias/state"
    assert alias["TargetKeyId"] == key
    assert alias["CreationDate"] == alias["LastUpdatedDate"]


def test_alias_may_target_an_arn(aws: Aws, key: str) -> None:
    """A key ARN is as good as its id, and the id is listed."""
    arn = f"arn:aws:kms:us-east-1:123456789012:key/{key}"
    aws.kms.create_alias(AliasName="alias/state", TargetKeyId=arn)
    assert aws.kms.list_aliases()["Aliases"][0]["TargetKeyId"] == key


def test_second_alias_of_a_name_is_refused(aws: Aws, key: str) -> None:
    """A name is given once."""
    aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)
    with refused(
        "AlreadyExistsException",
        "An alias with the name arn:aws:kms:us-east-1:123456789012:alias/state already exists",
    ):
        aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("state", "ValidationException"),
        ("alias/", "ValidationException"),
        ("alias/with space", "ValidationException"),
        ("alias/" + "x" * 251, "ValidationException"),
        ("alias/aws/mine", "NotAuthorizedException"),
        ("alias/a:b", "InvalidAliasNameException"),
    ],
)
def test_bad_name_is_refused(aws: Aws, key: str, name: str, code: str) -> None:
    """Names outside AWS's pattern, and AWS's own, cannot be given."""
    with refused(code):
        aws.kms.create_alias(AliasName=name, TargetKeyId=key)


def test_alias_of_an_alias_is_refused(aws: Aws, key: str) -> None:
    """An alias names a key."""
    aws.kms.create_alias(AliasName="alias/one", TargetKeyId=key)
    with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
        aws.kms.create_alias(AliasName="alias/two", TargetKeyId="alias/one")


def test_update_points_to_another_key(aws: Aws, key: str) -> None:
    """After UpdateAlias the name means the other key."""
    other = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)
    aws.clock.advance(60)
    aws.kms.update_alias(AliasName="alias/state", TargetKeyId=other)
    assert aws.kms.describe_key(KeyId="alias/state")["KeyMetadata"]["KeyId"] == other
    (alias,) = aws.kms.list_aliases()["Aliases"]
    assert alias["LastUpdatedDate"] > alias["CreationDate"]


def test_deleted_alias_is_gone_and_its_key_stays(aws: Aws, key: str) -> None:
    """DeleteAlias removes the name only."""
    aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)
    aws.kms.delete_alias(AliasName="alias/state")
    assert aws.kms.list_aliases()["Aliases"] == []
    assert aws.kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"]
    with refused("NotFoundException", "alias/state is not found."):
        aws.kms.delete_alias(AliasName="alias/state")


def test_update_of_an_unknown_alias_is_refused(aws: Aws, key: str) -> None:
    """UpdateAlias makes none."""
    with refused("NotFoundException", "alias/state is not found."):
        aws.kms.update_alias(AliasName="alias/state", TargetKeyId=key)


def test_list_of_one_key(aws: Aws, key: str) -> None:
    """KeyId restricts the list to that key's aliases."""
    other = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    for name, target in (("alias/a", key), ("alias/b", other), ("alias/c", key)):
        aws.kms.create_alias(AliasName=name, TargetKeyId=target)
    listed = aws.kms.list_aliases(KeyId=key)["Aliases"]
    assert [alias["AliasName"] for alias in listed] == ["alias/a", "alias/c"]


def test_pages_list_every_alias_once(aws: Aws, key: str) -> None:
    """Markers lead through all aliases, in order."""
    names = [f"alias/{number}" for number in range(5)]
    for name in names:
        aws.kms.create_alias(AliasName=name, TargetKeyId=key)
    pages = aws.kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 2})
    assert [alias["AliasName"] for page in pages for alias in page["Aliases"]] == names


def test_alias_of_a_key_pending_deletion_is_refused(aws: Aws, key: str) -> None:
    """A key about to be deleted gets no new name."""
    aws.kms.schedule_key_deletion(KeyId=key)
    with refused("KMSInvalidStateException"):
        aws.kms.create_alias(AliasName="alias/state", TargetKeyId=key)

"""IAM CreateAccessKey, ListAccessKeys, UpdateAccessKey and DeleteAccessKey, and keys that expire."""

from datetime import timedelta
from typing import Any

import pytest

from iam_clients import client_with, refused, user_with_key
from in_process import ACCESS_KEY_ID, ACCOUNT, Aws

EXPIRES = "holdfast:key-expires/"


def test_a_new_key_works(aws: Aws) -> None:
    """What is made signs requests in the user's name."""
    key = user_with_key(aws, "ada")
    assert (key["UserName"], key["Status"]) == ("ada", "Active")
    assert client_with(aws, key, "sts").get_caller_identity()["Arn"] == (
        f"arn:aws:iam::{ACCOUNT}:user/ada"
    )


def test_keys_of_a_user_with_a_path_say_it(aws: Aws) -> None:
    """The path is part of who calls."""
    aws.iam.create_user(UserName="ada", Path="/team/")
    key = aws.iam.create_access_key(UserName="ada")["AccessKey"]
    arn = client_with(aws, {**key}, "sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:user/team/ada"


def test_a_secret_is_told_once(aws: Aws) -> None:
    """Lists have no secrets."""
    key = user_with_key(aws, "ada")
    listed = aws.iam.list_access_keys(UserName="ada")["AccessKeyMetadata"]
    assert [each["AccessKeyId"] for each in listed] == [key["AccessKeyId"]]
    assert key["SecretAccessKey"] not in repr(listed)
    assert "SecretAccessKey" not in repr(listed)


def test_a_secret_is_kept_sealed(aws: Aws) -> None:
    """No file of the data directory holds it."""
    secret = user_with_key(aws, "ada")["SecretAccessKey"].encode()
    files = [path for path in aws.directory.rglob("*") if path.is_file()]
    assert any(b"ada" in path.read_bytes() for path in files)
    assert not any(secret in path.read_bytes() for path in files)


def test_five_keys_and_no_more(aws: Aws) -> None:
    """A user has at most five."""
    aws.iam.create_user(UserName="ada")
    for _ in range(5):
        aws.iam.create_access_key(UserName="ada")
    assert refused(aws.iam.create_access_key, UserName="ada") == (
        "LimitExceeded",
        409,
        "Cannot exceed quota for AccessKeysPerUser: 5",
    )


def test_keys_are_listed_in_pages(aws: Aws) -> None:
    """A marker goes on where the page before ended."""
    aws.iam.create_user(UserName="ada")
    made = {aws.iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"] for _ in "abc"}
    first = aws.iam.list_access_keys(UserName="ada", MaxItems=2)
    second = aws.iam.list_access_keys(UserName="ada", Marker=first["Marker"])
    pages = [*first["AccessKeyMetadata"], *second["AccessKeyMetadata"]]
    assert len(pages) == 3
    assert {each["AccessKeyId"] for each in pages} == made


def test_a_key_is_switched_off_at_once_and_on_again(aws: Aws) -> None:
    """The next request is refused as if there were no such key."""
    key = user_with_key(aws, "ada")
    sts, name = client_with(aws, key, "sts"), key["AccessKeyId"]
    sts.get_caller_identity()

    aws.iam.update_access_key(UserName="ada", AccessKeyId=name, Status="Inactive")
    assert aws.iam.list_access_keys(UserName="ada")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"

    aws.iam.update_access_key(UserName="ada", AccessKeyId=name, Status="Active")
    sts.get_caller_identity()


def test_a_deleted_key_is_refused(aws: Aws) -> None:
    """A key that is deleted stops at once, S3 saying so in its own words."""
    key = user_with_key(aws, "ada")
    s3 = client_with(aws, key, "s3")
    aws.iam.delete_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"])
    assert refused(s3.list_buckets)[0] == "InvalidAccessKeyId"
    assert aws.iam.list_access_keys(UserName="ada")["AccessKeyMetadata"] == []


def test_the_key_of_another_user(aws: Aws) -> None:
    """A key is found only with the user it belongs to."""
    key = user_with_key(aws, "ada")["AccessKeyId"]
    aws.iam.create_user(UserName="bo")
    for call, more in (
        (aws.iam.delete_access_key, {}),
        (aws.iam.update_access_key, {"Status": "Inactive"}),
    ):
        assert refused(call, UserName="bo", AccessKeyId=key, **more) == (
            "NoSuchEntity",
            404,
            f"The Access Key with id {key} cannot be found.",
        )


def test_the_administrators_last_key_stays(aws: Aws) -> None:
    """It can be neither switched off nor deleted nor given an end, until there is another one."""
    iam = aws.iam
    off = {"AccessKeyId": ACCESS_KEY_ID, "Status": "Inactive"}
    tags = [{"Key": EXPIRES + ACCESS_KEY_ID, "Value": "2999-01-01T00:00:00Z"}]
    assert refused(iam.update_access_key, **off)[:2] == ("UnmodifiableEntity", 400)
    assert refused(iam.delete_access_key, AccessKeyId=ACCESS_KEY_ID)[0] == "UnmodifiableEntity"
    assert refused(iam.tag_user, UserName="administrator", Tags=tags)[0] == "UnmodifiableEntity"

    other = iam.create_access_key()["AccessKey"]
    iam.delete_access_key(AccessKeyId=ACCESS_KEY_ID)
    left = client_with(aws, {**other}, "iam")
    assert len(left.list_access_keys()["AccessKeyMetadata"]) == 1


def test_the_administrators_last_lasting_key_is_one_that_works(aws: Aws) -> None:
    """Keys that are off or expire do not count."""
    iam = aws.iam
    off = iam.create_access_key()["AccessKey"]["AccessKeyId"]
    iam.update_access_key(AccessKeyId=off, Status="Inactive")
    ending = iam.create_access_key()["AccessKey"]["AccessKeyId"]
    end = "2999-01-01T00:00:00Z"
    iam.tag_user(UserName="administrator", Tags=[{"Key": EXPIRES + ending, "Value": end}])
    assert refused(iam.delete_access_key, AccessKeyId=ACCESS_KEY_ID)[0] == "UnmodifiableEntity"
    iam.delete_access_key(AccessKeyId=off)


def test_a_key_expires_when_its_users_tag_says(aws: Aws) -> None:
    """Until then it works, from then on it is refused; without the tag it works again."""
    key = user_with_key(aws, "ada")
    sts, name = client_with(aws, key, "sts"), EXPIRES + key["AccessKeyId"]
    end = aws.clock() + timedelta(minutes=10)  # signatures of clients live for fifteen
    aws.iam.tag_user(UserName="ada", Tags=[{"Key": name, "Value": end.isoformat()}])
    sts.get_caller_identity()

    aws.clock.advance(601)
    assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"

    aws.iam.untag_user(UserName="ada", TagKeys=[name])
    sts.get_caller_identity()


def test_the_tag_goes_with_its_key(aws: Aws) -> None:
    """A deleted key leaves no tag behind; other tags stay."""
    key = user_with_key(aws, "ada")["AccessKeyId"]
    tags: Any = [
        {"Key": EXPIRES + key, "Value": "2999-01-01T00:00:00Z"},
        {"Key": "team", "Value": "one"},
    ]
    aws.iam.tag_user(UserName="ada", Tags=tags)
    aws.iam.delete_access_key(UserName="ada", AccessKeyId=key)
    assert aws.iam.list_user_tags(UserName="ada")["Tags"] == [tags[1]]


@pytest.mark.parametrize(
    "value",
    ["", "soon", "2027-03-01", "2027-03-01T00:00:00", "0001-01-01T00:00:00+14:00"],
)
def test_an_end_that_is_no_time(aws: Aws, value: str) -> None:
    """A time that is not understood is refused, and nothing is kept of it."""
    key = user_with_key(aws, "ada")["AccessKeyId"]
    tag = {"Key": EXPIRES + key, "Value": value}
    assert refused(aws.iam.tag_user, UserName="ada", Tags=[tag])[:2] == ("InvalidInput", 400)
    assert aws.iam.list_user_tags(UserName="ada")["Tags"] == []


def test_an_end_for_the_key_of_another(aws: Aws) -> None:
    """A tag of one user cannot end the key of another."""
    key = user_with_key(aws, "ada")["AccessKeyId"]
    tag = {"Key": EXPIRES + key, "Value": "2027-03-01T00:00:00Z"}
    aws.iam.create_user(UserName="bo")
    assert refused(aws.iam.tag_user, UserName="bo", Tags=[tag])[0] == "NoSuchEntity"
    assert refused(aws.iam.create_user, UserName="cy", Tags=[tag])[0] == "NoSuchEntity"

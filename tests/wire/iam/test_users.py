"""IAM CreateUser, GetUser, ListUsers and DeleteUser."""

import pytest

from iam_clients import client_with, policy, refused, user_with_key
from in_process import ACCOUNT, Aws


def test_a_user_is_made_and_described(aws: Aws) -> None:
    """What is made is told, and told again."""
    made = aws.iam.create_user(
        UserName="ada", Path="/team/one/", Tags=[{"Key": "Team", "Value": "one"}]
    )["User"]

    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/one/ada"
    assert made["Tags"] == [{"Key": "Team", "Value": "one"}]
    assert aws.iam.get_user(UserName="ada")["User"] == made


@pytest.mark.parametrize("name", ["ada", "ADA"])
def test_a_name_that_is_taken(aws: Aws, name: str) -> None:
    """Names are the same in upper and lower case."""
    aws.iam.create_user(UserName="ada")
    assert refused(aws.iam.create_user, UserName=name) == (
        "EntityAlreadyExists",
        409,
        f"User with name {name} already exists.",
    )


def test_users_are_listed_in_pages(aws: Aws) -> None:
    """A marker goes on where the page before ended; nothing is told twice or left out."""
    for name in ("cy", "ada", "bo"):
        aws.iam.create_user(UserName=name)
    first = aws.iam.list_users(MaxItems=3)
    second = aws.iam.list_users(Marker=first["Marker"])

    assert [user["UserName"] for user in first["Users"]] == ["ada", "administrator", "bo"]
    assert first["IsTruncated"]
    assert [user["UserName"] for user in second["Users"]] == ["cy"]
    assert not second["IsTruncated"]


def test_users_are_listed_by_path(aws: Aws) -> None:
    """A prefix of the path chooses."""
    aws.iam.create_user(UserName="ada", Path="/team/")
    found = aws.iam.list_users(PathPrefix="/te")["Users"]
    assert [user["UserName"] for user in found] == ["ada"]


def test_a_marker_that_no_answer_gave(aws: Aws) -> None:
    """A marker that is none is refused."""
    code, status, _ = refused(aws.iam.list_users, Marker="!")
    assert (code, status) == ("ValidationError", 400)


def test_a_deleted_user_is_gone(aws: Aws) -> None:
    """Once it has nothing left, a user can be deleted."""
    aws.iam.create_user(UserName="ada")
    aws.iam.delete_user(UserName="ada")
    assert refused(aws.iam.get_user, UserName="ada")[0] == "NoSuchEntity"
    assert refused(aws.iam.delete_user, UserName="ada")[0] == "NoSuchEntity"


def test_a_user_with_keys_stays(aws: Aws) -> None:
    """Access keys go first."""
    user_with_key(aws, "ada")
    assert refused(aws.iam.delete_user, UserName="ada") == (
        "DeleteConflict",
        409,
        "Cannot delete entity, must delete access keys first.",
    )


def test_a_user_with_policies_stays(aws: Aws) -> None:
    """Policies go first."""
    aws.iam.create_user(UserName="ada")
    aws.iam.put_user_policy(
        UserName="ada", PolicyName="read", PolicyDocument=policy("s3:GetObject")
    )
    assert refused(aws.iam.delete_user, UserName="ada") == (
        "DeleteConflict",
        409,
        "Cannot delete entity, must delete policies first.",
    )


def test_the_administrator_stays(aws: Aws) -> None:
    """Somebody must be able to let people in."""
    code, status, message = refused(aws.iam.delete_user, UserName="administrator")
    assert (code, status) == ("DeleteConflict", 409)
    assert "administrator cannot be deleted" in message
    renamed = {"UserName": "administrator", "NewUserName": "root"}
    assert refused(aws.iam.update_user, **renamed)[0] == "DeleteConflict"


def test_a_user_is_renamed_and_moved(aws: Aws) -> None:
    """Keys, sessions and policies stay its own; who it was before is gone."""
    key = user_with_key(aws, "ada")
    aws.iam.put_user_policy(UserName="ada", PolicyName="own", PolicyDocument=policy("iam:GetUser"))
    sts = client_with(aws, key, "sts")
    session = sts.get_session_token()["Credentials"]
    aws.iam.update_user(UserName="ada", NewUserName="bo", NewPath="/team/")

    arn = f"arn:aws:iam::{ACCOUNT}:user/team/bo"
    assert sts.get_caller_identity()["Arn"] == arn
    assert client_with(aws, key, "iam").get_user()["User"]["UserName"] == "bo"
    later = aws.client(
        "sts",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    assert later.get_caller_identity()["Arn"] == arn
    assert refused(aws.iam.get_user, UserName="ada")[0] == "NoSuchEntity"


def test_a_user_is_not_renamed_to_another(aws: Aws) -> None:
    """Its own name in another case is no other."""
    aws.iam.create_user(UserName="ada")
    aws.iam.create_user(UserName="bo")
    taken = {"UserName": "ada", "NewUserName": "BO"}
    assert refused(aws.iam.update_user, **taken)[:2] == ("EntityAlreadyExists", 409)
    aws.iam.update_user(UserName="ada", NewUserName="Ada")
    assert refused(aws.iam.get_user, UserName="ada")[0] == "NoSuchEntity"
    aws.iam.get_user(UserName="Ada")


def test_who_may_rename_one_user_may_not_take_any_name(aws: Aws) -> None:
    """The new name has to be allowed too."""
    key = user_with_key(aws, "ada")
    own = policy("iam:UpdateUser", f"arn:aws:iam::{ACCOUNT}:user/ada*")
    aws.iam.put_user_policy(UserName="ada", PolicyName="own", PolicyDocument=own)
    iam = client_with(aws, key, "iam")
    other = {"UserName": "ada", "NewUserName": "bo"}
    assert refused(iam.update_user, **other)[0] == "AccessDenied"
    moved = {"UserName": "ada", "NewPath": "/admins/"}
    assert refused(iam.update_user, **moved)[0] == "AccessDenied"
    iam.update_user(UserName="ada", NewUserName="ada2")


def test_a_permissions_boundary_is_refused(aws: Aws) -> None:
    """A boundary that would not bind is not kept."""
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    code, status, message = refused(
        aws.iam.create_user, UserName="ada", PermissionsBoundary=boundary
    )
    assert (code, status) == ("InvalidInput", 400)
    assert "not implemented" in message
    assert refused(aws.iam.get_user, UserName="ada")[0] == "NoSuchEntity"


def test_what_a_user_never_has(aws: Aws) -> None:
    """Clients that look for managed policies, groups and devices find none."""
    iam = aws.iam
    iam.create_user(UserName="ada")
    assert iam.list_attached_user_policies(UserName="ada")["AttachedPolicies"] == []
    assert iam.list_groups_for_user(UserName="ada")["Groups"] == []
    assert iam.list_mfa_devices(UserName="ada")["MFADevices"] == []
    assert iam.list_ssh_public_keys(UserName="ada")["SSHPublicKeys"] == []
    assert iam.list_signing_certificates(UserName="ada")["Certificates"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    found = iam.list_service_specific_credentials(UserName="ada")
    assert found["ServiceSpecificCredentials"] == []
    assert refused(iam.delete_login_profile, UserName="ada")[:2] == ("NoSuchEntity", 404)

"""IAM CreateUser, GetUser, ListUsers and DeleteUser."""

import pytest

from iam_clients import policy, refused, user_with_key
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

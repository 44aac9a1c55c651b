"""IAM roles: CreateRole, GetRole, ListRoles, UpdateRole, UpdateAssumeRolePolicy and DeleteRole."""

import json

from iam_clients import ANYBODY, policy, refused
from in_process import ACCOUNT, Aws


def test_a_role_is_made_and_described(aws: Aws) -> None:
    """What is made is told, and told again."""
    made = aws.iam.create_role(
        RoleName="deploy",
        Path="/ci/",
        AssumeRolePolicyDocument=ANYBODY,
        Description="Deploys: möbel",
        MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "one"}],
    )["Role"]

    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"
    assert made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(ANYBODY)
    assert (made["Description"], made["MaxSessionDuration"]) == ("Deploys: möbel", 7200)
    assert aws.iam.get_role(RoleName="deploy")["Role"] == made


def test_a_name_that_is_taken(aws: Aws) -> None:
    """Names are the same in upper and lower case."""
    aws.iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ANYBODY)
    assert refused(aws.iam.create_role, RoleName="Deploy", AssumeRolePolicyDocument=ANYBODY) == (
        "EntityAlreadyExists",
        409,
        "Role with name Deploy already exists.",
    )


def test_roles_are_listed_in_pages(aws: Aws) -> None:
    """By name, going on after the marker."""
    for name in ("c", "a", "b"):
        aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=ANYBODY)
    first = aws.iam.list_roles(MaxItems=2)
    second = aws.iam.list_roles(Marker=first["Marker"])
    names = [role["RoleName"] for role in [*first["Roles"], *second["Roles"]]]
    assert names == ["a", "b", "c"]


def test_a_role_is_changed(aws: Aws) -> None:
    """What is not said stays."""
    iam = aws.iam
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ANYBODY, Description="first")
    iam.update_role(RoleName="deploy", MaxSessionDuration=43200)
    assert iam.get_role(RoleName="deploy")["Role"]["Description"] == "first"
    said = iam.update_role_description(RoleName="deploy", Description="second")["Role"]
    assert (said["Description"], said["MaxSessionDuration"]) == ("second", 43200)


def test_who_may_assume_a_role_is_changed(aws: Aws) -> None:
    """The trust policy is replaced."""
    aws.iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ANYBODY)
    other = ANYBODY.replace(":root", ":user/ada")
    aws.iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=other)
    role = aws.iam.get_role(RoleName="deploy")["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(other)


def test_a_trust_policy_that_is_none(aws: Aws) -> None:
    """A policy for a user is none for trust: it says nobody."""
    params = {"RoleName": "deploy", "AssumeRolePolicyDocument": policy("sts:AssumeRole")}
    assert refused(aws.iam.create_role, **params)[:2] == ("MalformedPolicyDocument", 400)
    assert refused(aws.iam.get_role, RoleName="deploy")[0] == "NoSuchEntity"


def test_a_trust_policy_that_is_too_long(aws: Aws) -> None:
    """There is a most of what one role can hold."""
    long = ANYBODY.replace("}]}", f'}}], "Id": "{"x" * 4096}"}}')
    params = {"RoleName": "deploy", "AssumeRolePolicyDocument": long}
    assert refused(aws.iam.create_role, **params)[:2] == ("LimitExceeded", 409)


def test_a_role_with_policies_stays(aws: Aws) -> None:
    """Policies go first, then the role."""
    iam = aws.iam
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ANYBODY)
    iam.put_role_policy(RoleName="deploy", PolicyName="p", PolicyDocument=policy("s3:GetObject"))
    assert refused(iam.delete_role, RoleName="deploy") == (
        "DeleteConflict",
        409,
        "Cannot delete entity, must delete policies first.",
    )
    iam.delete_role_policy(RoleName="deploy", PolicyName="p")
    iam.delete_role(RoleName="deploy")
    assert refused(iam.get_role, RoleName="deploy") == (
        "NoSuchEntity",
        404,
        "The role with name deploy cannot be found.",
    )


def test_what_a_role_never_has(aws: Aws) -> None:
    """Clients that look for managed policies and instance profiles find none."""
    aws.iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ANYBODY)
    assert aws.iam.list_attached_role_policies(RoleName="deploy")["AttachedPolicies"] == []
    found = aws.iam.list_instance_profiles_for_role(RoleName="deploy")
    assert found["InstanceProfiles"] == []

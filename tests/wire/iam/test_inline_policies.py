"""IAM policies that are written into users and roles."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from iam_clients import ANYBODY, policy, refused
from in_process import Aws


class Owner(NamedTuple):
    """What has policies: the operations on them, its name as a parameter, and what it is."""

    put: Callable[..., Any]
    get: Callable[..., Any]
    listed: Callable[..., Any]
    delete: Callable[..., Any]
    name: dict[str, str]
    kind: str


@pytest.fixture(params=["user", "role"])
def owner(aws: Aws, request: pytest.FixtureRequest) -> Owner:
    """A user, and a role."""
    iam, kind = aws.iam, request.param
    if kind == "user":
        name = {"UserName": "ada"}
        iam.create_user(UserName="ada")
    else:
        name = {"RoleName": "ada"}
        iam.create_role(RoleName="ada", AssumeRolePolicyDocument=ANYBODY)
    calls = (f"put_{kind}_policy", f"get_{kind}_policy", f"list_{kind}_policies")
    put, get, listed = (getattr(iam, call) for call in calls)
    return Owner(put, get, listed, getattr(iam, f"delete_{kind}_policy"), name, kind)


def test_a_policy_comes_back_as_it_was_given(owner: Owner) -> None:
    """With its spaces, its characters and its order."""
    document = policy("s3:GetObject", "arn:aws:s3:::b/a+b%c/*").replace(": ", ":  ")
    owner.put(**owner.name, PolicyName="read", PolicyDocument=document)
    answer = owner.get(**owner.name, PolicyName="read")
    assert answer["PolicyDocument"] == json.loads(document)
    assert answer["PolicyName"] == "read"


def test_a_policy_is_replaced(owner: Owner) -> None:
    """There is one of a name."""
    owner.put(**owner.name, PolicyName="p", PolicyDocument=policy("s3:GetObject"))
    owner.put(**owner.name, PolicyName="p", PolicyDocument=policy("s3:PutObject"))
    statements = owner.get(**owner.name, PolicyName="p")["PolicyDocument"]["Statement"]
    assert [each["Action"] for each in statements] == ["s3:PutObject"]
    assert owner.listed(**owner.name)["PolicyNames"] == ["p"]


def test_policies_are_listed_in_pages(owner: Owner) -> None:
    """By name, going on after the marker."""
    for name in ("c", "a", "b"):
        owner.put(**owner.name, PolicyName=name, PolicyDocument=policy("s3:GetObject"))
    first = owner.listed(**owner.name, MaxItems=2)
    second = owner.listed(**owner.name, Marker=first["Marker"])
    assert first["PolicyNames"] + second["PolicyNames"] == ["a", "b", "c"]


def test_a_deleted_policy_is_gone(owner: Owner) -> None:
    """What is not there is said with what it was looked for."""
    owner.put(**owner.name, PolicyName="p", PolicyDocument=policy("s3:GetObject"))
    owner.delete(**owner.name, PolicyName="p")
    missing = ("NoSuchEntity", 404, f"The {owner.kind} policy with name p cannot be found.")
    assert refused(owner.get, **owner.name, PolicyName="p") == missing
    assert refused(owner.delete, **owner.name, PolicyName="p") == missing


@pytest.mark.parametrize("document", [" ", "nothing", "[]", "{}", '{"Version": '])
def test_a_document_that_is_no_policy(owner: Owner, document: str) -> None:
    """What is no policy is not kept."""
    code, status, _ = refused(owner.put, **owner.name, PolicyName="p", PolicyDocument=document)
    assert (code, status) == ("MalformedPolicyDocument", 400)
    assert owner.listed(**owner.name)["PolicyNames"] == []


def test_what_cannot_be_judged_is_refused_by_name(owner: Owner) -> None:
    """An element that nobody would look at is no protection: it is refused, and named."""
    document = policy("s3:GetObject").replace('"Effect"', '"Effekt"')
    code, _, message = refused(owner.put, **owner.name, PolicyName="p", PolicyDocument=document)
    assert code == "MalformedPolicyDocument"
    assert "Effekt" in message


def test_all_policies_of_one_have_a_size(owner: Owner) -> None:
    """The sum counts, without white space."""
    wide = json.dumps(json.loads(policy("s3:GetObject", f"arn:aws:s3:::{'b' * 4000}")), indent=900)
    for name in ("a", "b"):
        owner.put(**owner.name, PolicyName=name, PolicyDocument=wide)
    assert refused(owner.put, **owner.name, PolicyName="c", PolicyDocument=wide) == (
        "LimitExceeded",
        409,
        f"Maximum policy size of 10240 bytes exceeded for {owner.kind} ada",
    )


def test_a_policy_of_nobody(aws: Aws) -> None:
    """A user and a role that do not exist have no policies."""
    assert refused(aws.iam.list_user_policies, UserName="nobody")[2] == (
        "The user with name nobody cannot be found."
    )
    assert refused(aws.iam.list_role_policies, RoleName="nobody")[2] == (
        "The role with name nobody cannot be found."
    )

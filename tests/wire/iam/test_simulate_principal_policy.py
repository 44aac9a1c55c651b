"""IAM SimulatePrincipalPolicy."""

import json
from typing import Any

import pytest

from iam_clients import ANYBODY, policy, refused
from in_process import ACCOUNT, Aws

ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
            {
                "Sid": "Secret",
                "Effect": "Deny",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::b/secret/*",
            },
            {
                "Sid": "List",
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": "arn:aws:s3:::b",
                "Condition": {"StringLike": {"s3:prefix": "app/*"}},
            },
        ],
    },
    indent=2,
)


@pytest.fixture
def iam(aws: Aws) -> Any:
    """IAM with the user ada, who may read."""
    aws.iam.create_user(UserName="ada")
    aws.iam.put_user_policy(UserName="ada", PolicyName="read", PolicyDocument=READ)
    return aws.iam


def _decided(iam: Any, action: str, resource: str, **more: Any) -> Any:
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ADA, ActionNames=[action], ResourceArns=[resource], **more
    )
    (result,) = answer["EvaluationResults"]
    return result


@pytest.mark.parametrize(
    ("action", "key", "decision", "sid"),
    [
        ("s3:GetObject", "app/state", "allowed", "Read"),
        ("s3:GetObject", "secret/state", "explicitDeny", "Secret"),
        ("s3:PutObject", "app/state", "implicitDeny", ""),
    ],
)
def test_the_deciding_statement_is_shown(
    iam: Any, action: str, key: str, decision: str, sid: str
) -> None:
    """Its policy is named, and its place in it said."""
    result = _decided(iam, action, f"arn:aws:s3:::b/{key}")
    assert result["EvalDecision"] == decision
    matched = result["MatchedStatements"]
    assert len(matched) == bool(sid)
    for each in matched:
        assert (each["SourcePolicyId"], each["SourcePolicyType"]) == ("user_ada_read", "user")
        first, last = each["StartPosition"]["Line"], each["EndPosition"]["Line"]
        assert f'"Sid": "{sid}"' in "\n".join(READ.split("\n")[first - 1 : last])


def test_conditions_are_compared_with_what_is_given(iam: Any) -> None:
    """A key that is needed and not given is named."""
    without = _decided(iam, "s3:ListBucket", "arn:aws:s3:::b")
    assert without["EvalDecision"] == "implicitDeny"
    assert without["MissingContextValues"] == ["s3:prefix"]
    entry = {
        "ContextKeyName": "s3:prefix",
        "ContextKeyType": "string",
        "ContextKeyValues": ["app/x"],
    }
    given = _decided(iam, "s3:ListBucket", "arn:aws:s3:::b", ContextEntries=[entry])
    assert given["EvalDecision"] == "allowed"
    assert given["MissingContextValues"] == []


def test_a_policy_of_the_resource_counts(iam: Any) -> None:
    """Either allows; what it denies is denied."""
    document = json.loads(policy("s3:PutObject", "arn:aws:s3:::b/*"))
    document["Statement"][0]["Principal"] = {"AWS": ADA}
    allowing = json.dumps(document)
    denying = allowing.replace('"Allow"', '"Deny"').replace("s3:PutObject", "s3:GetObject")
    resource = "arn:aws:s3:::b/app/state"
    put = _decided(iam, "s3:PutObject", resource, ResourcePolicy=allowing)
    get = _decided(iam, "s3:GetObject", resource, ResourcePolicy=denying)
    assert (put["EvalDecision"], get["EvalDecision"]) == ("allowed", "explicitDeny")
    assert get["MatchedStatements"][0]["SourcePolicyType"] == "resource"


def test_a_policy_that_is_not_put_yet(iam: Any) -> None:
    """What a policy would change can be tried."""
    resource = "arn:aws:s3:::b/app/state"
    tried = _decided(iam, "s3:PutObject", resource, PolicyInputList=[policy("s3:PutObject")])
    assert tried["EvalDecision"] == "allowed"
    assert tried["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1"


def test_the_administrator_may_do_everything(aws: Aws) -> None:
    """No statement says so: it stands for the account."""
    answer = aws.iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/administrator",
        ActionNames=["s3:DeleteBucket"],
    )
    (result,) = answer["EvaluationResults"]
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("allowed", [])


def test_a_role_is_simulated(aws: Aws) -> None:
    """Roles have policies too."""
    aws.iam.create_role(RoleName="ci", Path="/team/", AssumeRolePolicyDocument=ANYBODY)
    aws.iam.put_role_policy(
        RoleName="ci", PolicyName="p", PolicyDocument=policy("s3:*", "arn:aws:s3:::b/*")
    )
    answer = aws.iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/team/ci",
        ActionNames=["s3:PutObject", "s3:CreateBucket"],
        ResourceArns=["arn:aws:s3:::b/x"],
    )
    decisions = [result["EvalDecision"] for result in answer["EvaluationResults"]]
    assert decisions == ["allowed", "allowed"]


def test_decisions_come_in_pages(iam: Any) -> None:
    """Every action on every resource, once."""
    asked = {
        "PolicySourceArn": ADA,
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": [f"arn:aws:s3:::b/{n}" for n in range(3)],
        "MaxItems": 4,
    }
    first = iam.simulate_principal_policy(**asked)
    second = iam.simulate_principal_policy(**asked, Marker=first["Marker"])
    results = [*first["EvaluationResults"], *second["EvaluationResults"]]
    pairs = [(each["EvalActionName"], each["EvalResourceName"]) for each in results]
    assert len(set(pairs)) == len(pairs) == 6
    assert not second["IsTruncated"]


@pytest.mark.parametrize(
    "params",
    [
        {"PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:group/admins"},
        {"PolicySourceArn": "arn:aws:iam::999999999999:user/ada"},
        {"ActionNames": ["GetObject"]},
        {"ResourceArns": ["bucket/key"]},
        {"ResourcePolicy": "{}"},
        {"PolicyInputList": ["{}"]},
        {"PermissionsBoundaryPolicyInputList": [READ]},
        {"CallerArn": f"arn:aws:iam::{ACCOUNT}:user/bo"},
        {"ActionNames": ["s3:GetObject"] * 2, "ResourceArns": ["arn:aws:s3:::b"] * 501},
        {"ContextEntries": [{"ContextKeyName": "aws:x", "ContextKeyValues": ["x"] * 1001}]},
    ],
)
def test_what_cannot_be_simulated(iam: Any, params: dict[str, Any]) -> None:
    """It is refused rather than answered wrongly."""
    asked = {"PolicySourceArn": ADA, "ActionNames": ["s3:GetObject"], **params}
    assert refused(iam.simulate_principal_policy, **asked)[:2] == ("InvalidInput", 400)


def test_nobody_is_simulated(iam: Any) -> None:
    """A user that does not exist has no policies."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/nobody"
    asked = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject"]}
    assert refused(iam.simulate_principal_policy, **asked)[0] == "NoSuchEntity"


@pytest.mark.parametrize(
    "arn",
    [f"arn:aws:iam::{ACCOUNT}:user/team/ada", f"arn:aws-cn:iam::{ACCOUNT}:user/ada"],
    ids=["path", "partition"],
)
def test_nobody_is_simulated_by_an_arn_that_is_not_theirs(iam: Any, arn: str) -> None:
    """What policies say about the one ARN would not bind who asks by the other."""
    asked = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject"]}
    assert refused(iam.simulate_principal_policy, **asked)[0] == "NoSuchEntity"

"""GetKeyPolicy, PutKeyPolicy, ListKeyPolicies."""

import json
from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws

ROOT = {"AWS": "arn:aws:iam::123456789012:root"}


def document(**changes: Any) -> str:
    """Return a policy that lets the account do everything, with changes."""
    statement = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changes}]})


def test_key_without_a_policy_has_awss_default(aws: Aws, key: str) -> None:
    """The default policy gives the account full access."""
    answer = aws.kms.get_key_policy(KeyId=key, PolicyName="default")
    policy = json.loads(answer["Policy"])
    assert answer["PolicyName"] == "default"
    assert policy["Id"] == "key-default-1"
    assert policy["Statement"] == [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": ROOT,
            "Action": "kms:*",
            "Resource": "*",
        }
    ]


def test_policy_comes_back_as_it_was_put(aws: Aws, key: str) -> None:
    """Not a byte is changed."""
    policy = document() + "\n"
    aws.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    assert aws.kms.get_key_policy(KeyId=key)["Policy"] == policy


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": ["Allow"]}',
        document(Effect="Maybe"),
        document(Principal=""),
        document(Principal={}),
        document(Actions="kms:*"),
        document(Action="s3:*"),
        document(Condition={"StringEquals": {"kms:GrantIsForAWSResource": "true"}}),
        "[" * 20000,
    ],
)
def test_malformed_policy_is_refused(aws: Aws, key: str, policy: str) -> None:
    """What is no policy document changes nothing."""
    before = aws.kms.get_key_policy(KeyId=key)["Policy"]
    with refused("MalformedPolicyDocumentException"):
        aws.kms.put_key_policy(KeyId=key, Policy=policy)
    assert aws.kms.get_key_policy(KeyId=key)["Policy"] == before


@pytest.mark.parametrize(
    "policy",
    [
        document(Principal={"AWS": "arn:aws:iam::123456789012:user/somebody-else"}),
        document(Action=["kms:Encrypt", "kms:Decrypt"]),
        document(Effect="Deny"),
    ],
)
def test_policy_that_locks_the_caller_out_is_refused(aws: Aws, key: str, policy: str) -> None:
    """Unless the check is bypassed, the caller must be able to put another policy later."""
    with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy"):
        aws.kms.put_key_policy(KeyId=key, Policy=policy)
    aws.kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    assert aws.kms.get_key_policy(KeyId=key)["Policy"] == policy


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": "*"},
        {"Principal": {"AWS": ["123456789012"]}},
        {"Action": ["kms:Decrypt", "kms:Put*"]},
        {"Action": "*"},
    ],
)
def test_policy_that_keeps_control_is_accepted(aws: Aws, key: str, change: dict[str, Any]) -> None:
    """Everyone, the account, and wildcard actions include the caller's next PutKeyPolicy."""
    aws.kms.put_key_policy(KeyId=key, Policy=document(**change))


def test_policy_too_long_is_refused(aws: Aws, key: str) -> None:
    """A policy has at most 32768 bytes."""
    with refused("LimitExceededException"):
        aws.kms.put_key_policy(KeyId=key, Policy=document(Sid="x" * 32768))


def test_policies_have_one_name(aws: Aws, key: str) -> None:
    """The name is always default."""
    assert aws.kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    with refused("NotFoundException"):
        aws.kms.get_key_policy(KeyId=key, PolicyName="other")

"""Changes of users, keys, roles and policies are written into the journal, without secrets."""

import json
from typing import Any

from iam_clients import ANYBODY, client_with, policy, refused, user_with_key
from in_process import ACCOUNT, Aws


def _events(aws: Aws) -> list[dict[str, Any]]:
    entries = aws.holdfast.list_journal()["Entries"]
    return [json.loads(entry["Event"]) for entry in entries]


def test_a_user_from_its_making_to_its_end(aws: Aws) -> None:
    """Each step, by whom, and about whom."""
    key = user_with_key(aws, "ada")
    iam, about = aws.iam, {"UserName": "ada", "AccessKeyId": key["AccessKeyId"]}
    tag, end = "holdfast:key-expires/" + key["AccessKeyId"], "2999-01-01T00:00:00Z"
    iam.tag_user(UserName="ada", Tags=[{"Key": tag, "Value": end}])
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=policy("s3:GetObject"))
    iam.update_access_key(**about, Status="Inactive")
    iam.update_access_key(**about, Status="Active")
    iam.untag_user(UserName="ada", TagKeys=[tag])
    iam.delete_user_policy(UserName="ada", PolicyName="p")
    iam.delete_access_key(**about)
    iam.delete_user(UserName="ada")

    events = _events(aws)
    assert [event["what"] for event in events] == [
        "user-created",
        "key-created",
        "user-tagged",
        "user-policy-put",
        "key-disabled",
        "key-enabled",
        "user-untagged",
        "user-policy-deleted",
        "key-deleted",
        "user-deleted",
    ]
    assert {event["user"] for event in events} == {"ada"}
    assert {event["principal"] for event in events} == {
        f"arn:aws:iam::{ACCOUNT}:user/administrator"
    }
    keys = [event for event in events if event["what"].startswith("key-")]
    assert {event["access_key_id"] for event in keys} == {key["AccessKeyId"]}
    assert key["SecretAccessKey"] not in json.dumps(events)


def test_a_role_from_its_making_to_its_end(aws: Aws) -> None:
    """Also when somebody else may assume it from now on."""
    iam = aws.iam
    iam.create_role(RoleName="ci", AssumeRolePolicyDocument=ANYBODY)
    iam.tag_role(RoleName="ci", Tags=[{"Key": "team", "Value": "one"}])
    iam.untag_role(RoleName="ci", TagKeys=["team"])
    iam.update_role(RoleName="ci", MaxSessionDuration=7200)
    iam.update_role_description(RoleName="ci", Description="x")
    iam.update_assume_role_policy(RoleName="ci", PolicyDocument=ANYBODY)
    iam.put_role_policy(RoleName="ci", PolicyName="p", PolicyDocument=policy("s3:GetObject"))
    iam.delete_role_policy(RoleName="ci", PolicyName="p")
    iam.delete_role(RoleName="ci")

    assert [event["what"] for event in _events(aws)] == [
        "role-created",
        "role-tagged",
        "role-untagged",
        "role-updated",
        "role-updated",
        "role-trust-changed",
        "role-policy-put",
        "role-policy-deleted",
        "role-deleted",
    ]


def test_what_was_refused_changed_nothing(aws: Aws) -> None:
    """Neither what is there already, nor what somebody may not do, is written down as done."""
    ada = client_with(aws, user_with_key(aws, "ada"), "iam")
    before = _events(aws)
    refused(aws.iam.create_user, UserName="ada")
    refused(ada.create_user, UserName="bo")
    assert _events(aws) == before

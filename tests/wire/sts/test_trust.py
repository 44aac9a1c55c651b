"""Who may assume a role: its trust policy, with the policies of who asks."""

from typing import Any

import pytest

from iam_clients import client_with, policy, refused, user_with_key
from in_process import ACCOUNT, Aws
from roles import make_role, trust

ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"


@pytest.fixture
def ada(aws: Aws) -> Any:
    """The STS client of a user who may do nothing by herself."""
    return client_with(aws, user_with_key(aws, "ada"), "sts")


def _may_assume(aws: Aws, resource: str = "*") -> None:
    document = policy("sts:AssumeRole", resource)
    aws.iam.put_user_policy(UserName="ada", PolicyName="assume", PolicyDocument=document)


def _assume(sts: Any, arn: str, **more: Any) -> Any:
    return sts.assume_role(RoleArn=arn, RoleSessionName="run", **more)


def _denied(sts: Any, arn: str, action: str = "sts:AssumeRole", **more: Any) -> bool:
    given = {"RoleArn": arn, "RoleSessionName": "run", **more}
    code, status, message = refused(sts.assume_role, **given)
    assert (code, status) == ("AccessDenied", 403)
    assert message.startswith(
        f"User: {ADA} is not authorized to perform: {action} on resource: {arn}"
    )
    return True


def test_a_user_that_is_named_needs_no_policy(aws: Aws, ada: Any) -> None:
    """A trust policy that names her is enough."""
    assert _assume(ada, make_role(aws.iam, "deploy", trusts=trust({"AWS": ADA})))


def test_an_account_that_is_trusted_leaves_it_to_its_policies(aws: Aws, ada: Any) -> None:
    """Trust in the account alone lets those who have a policy for it."""
    arn = make_role(aws.iam, "deploy", trusts=trust())
    assert _denied(ada, arn)
    _may_assume(aws, arn)
    assert _assume(ada, arn)


def test_a_policy_does_not_replace_trust(aws: Aws, ada: Any) -> None:
    """Whoever may assume any role still has to be trusted by it."""
    _may_assume(aws)
    other = f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert _denied(ada, make_role(aws.iam, "deploy", trusts=trust({"AWS": other})))


def test_a_role_that_is_not_there_looks_the_same(aws: Aws, ada: Any) -> None:
    """Nobody learns by this which roles there are."""
    _may_assume(aws)
    assert _denied(ada, f"arn:aws:iam::{ACCOUNT}:role/nobody")


def test_an_external_id(aws: Aws, ada: Any) -> None:
    """A condition on it keeps out who does not know it."""
    wanted = {"StringEquals": {"sts:ExternalId": "vendor-7"}}
    arn = make_role(aws.iam, "deploy", trusts=trust({"AWS": ADA}, Condition=wanted))
    assert _denied(ada, arn)
    assert _denied(ada, arn, ExternalId="vendor-8")
    assert _assume(ada, arn, ExternalId="vendor-7")


def test_a_session_name(aws: Aws, ada: Any) -> None:
    """It can be made to be the user's own."""
    wanted = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    arn = make_role(aws.iam, "deploy", trusts=trust({"AWS": ADA}, Condition=wanted))
    assert _denied(ada, arn)
    assert ada.assume_role(RoleArn=arn, RoleSessionName="ada")


def test_tags_have_to_be_allowed(aws: Aws, ada: Any) -> None:
    """Who may assume a role may not by that say what tags its session has."""
    arn = make_role(aws.iam, "deploy", trusts=trust({"AWS": ADA}))
    tags = [{"Key": "team", "Value": "a"}]
    assert _denied(ada, arn, "sts:TagSession", Tags=tags)
    both = trust({"AWS": ADA}, ["sts:AssumeRole", "sts:TagSession"])
    aws.iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=both)
    assert _assume(ada, arn, Tags=tags)


def test_a_source_identity_has_to_be_allowed(aws: Aws, ada: Any) -> None:
    """Nor in whose name it acts."""
    arn = make_role(aws.iam, "deploy", trusts=trust({"AWS": ADA}))
    assert _denied(ada, arn, "sts:SetSourceIdentity", SourceIdentity="bob")


def test_what_a_session_hands_on_has_to_be_allowed(aws: Aws, ada: Any) -> None:
    """A role that takes no tags takes none from the session that assumes it either."""
    everything = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    arn = make_role(aws.iam, "first", trusts=trust({"AWS": ADA}, everything))
    second = make_role(aws.iam, "second", trusts=trust({"AWS": arn}))
    tags = [{"Key": "team", "Value": "a"}]
    plain = _assume(ada, arn)
    tagged = _assume(ada, arn, Tags=tags, TransitiveTagKeys=["team"])
    for_ada = _assume(ada, arn, SourceIdentity="ada")

    assert _assume(_sts(aws, plain), second)
    for answer, action in ((tagged, "sts:TagSession"), (for_ada, "sts:SetSourceIdentity")):
        given = {"RoleArn": second, "RoleSessionName": "run"}
        code, _, message = refused(_sts(aws, answer).assume_role, **given)
        assert code == "AccessDenied"
        assert f"not authorized to perform: {action} on" in message


def _sts(aws: Aws, answer: Any) -> Any:
    key = answer["Credentials"]
    return aws.client(
        "sts",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )


def test_a_session_policy_narrows(aws: Aws, ada: Any) -> None:
    """A session may do what both the role and its own policy allow."""
    arn = make_role(aws.iam, "deploy", trusts=trust({"AWS": ADA}))
    key = _assume(ada, arn, Policy=policy("dynamodb:*"))["Credentials"]
    session = {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
        "aws_session_token": key["SessionToken"],
    }
    aws.client("dynamodb", **session).list_tables()
    assert refused(aws.client("s3", **session).list_buckets)[0] == "AccessDenied"


def test_a_session_of_a_user_may_what_the_user_may(aws: Aws, ada: Any) -> None:
    """GetSessionToken needs no policy and gives no right."""
    key = ada.get_session_token()["Credentials"]
    session = {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
        "aws_session_token": key["SessionToken"],
    }
    assert aws.client("sts", **session).get_caller_identity()["Arn"] == ADA
    s3 = aws.client("s3", **session)
    assert refused(s3.list_buckets)[0] == "AccessDenied"
    document = policy("s3:ListAllMyBuckets")
    aws.iam.put_user_policy(UserName="ada", PolicyName="list", PolicyDocument=document)
    s3.list_buckets()

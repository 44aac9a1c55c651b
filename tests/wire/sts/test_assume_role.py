"""STS AssumeRole."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from holdfast.engine.access_records import Session
from in_process import ACCOUNT, Aws
from roles import document, make_role

ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/deploy"
Answer = dict[str, Any]


def _assume(client: Any, **params: Any) -> Answer:
    given: Answer = {"RoleArn": ROLE, "RoleSessionName": "run-7", **params}
    answer: Answer = client.assume_role(**given)
    return answer


@pytest.fixture(autouse=True)
def _role(aws: Aws) -> None:
    """The role that the tests assume."""
    make_role(aws.iam, "deploy", Path="/teams/", MaxSessionDuration=43200)


def _with(aws: Aws, answer: Answer, service: str = "sts") -> Any:
    session = answer["Credentials"]
    return aws.client(
        service,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def _unchecked(aws: Aws) -> Any:
    """Return a client that sends what it is given."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return aws.client("sts", config=config)


def _refused(client: Any, **params: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        _assume(client, **params)
    error: Any = caught.value.response
    status = error["ResponseMetadata"]["HTTPStatusCode"]
    return error["Error"]["Code"], status, error["Error"]["Message"]


def test_session_works(aws: Aws) -> None:
    """What is issued signs requests, in the role's name."""
    answer = _assume(aws.sts)
    identity = _with(aws, answer).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run-7"
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert identity["UserId"].startswith("AROA")
    assert identity["UserId"].endswith(":run-7")


def test_session_lasts_an_hour_unless_said(aws: Aws) -> None:
    """The default duration is an hour."""
    left = _assume(aws.sts)["Credentials"]["Expiration"] - aws.clock()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


@pytest.mark.parametrize("seconds", [900, 43200])
def test_session_lasts_as_long_as_said(aws: Aws, seconds: int) -> None:
    """From a quarter of an hour to twelve hours."""
    answer = _assume(aws.sts, DurationSeconds=seconds)
    left = (answer["Credentials"]["Expiration"] - aws.clock()).total_seconds()
    assert seconds - 60 < left <= seconds


def test_expired_session_is_refused(aws: Aws) -> None:
    """After its end a session signs nothing."""
    client = _with(aws, _assume(aws.sts, DurationSeconds=900))
    client.get_caller_identity()
    aws.clock.advance(800)
    client.get_caller_identity()
    aws.clock.advance(200)
    with pytest.raises(ClientError, match="ExpiredToken"):
        client.get_caller_identity()


def test_everything_terraform_sends_is_taken(aws: Aws) -> None:
    """All arguments of an assume_role block are accepted, and told back where AWS does."""
    answer = _assume(
        aws.sts,
        ExternalId="vendor-1",
        Policy=document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        SourceIdentity="ada",
        Tags=[{"Key": "Team", "Value": "größe 7 @ home"}],
        TransitiveTagKeys=["Team"],
    )
    assert answer["SourceIdentity"] == "ada"
    assert 0 < answer["PackedPolicySize"] < 100


def test_packed_size_is_told_only_with_a_policy(aws: Aws) -> None:
    """Without policies and tags there is nothing to pack."""
    assert "PackedPolicySize" not in _assume(aws.sts)


def test_role_of_another_account(aws: Aws) -> None:
    """Only this account's roles can be assumed."""
    other = "arn:aws:iam::999999999999:role/deploy"
    said = (
        f"User: arn:aws:iam::{ACCOUNT}:user/administrator is not authorized to perform: "
        f"sts:AssumeRole on resource: {other}"
    )
    assert _refused(aws.sts, RoleArn=other) == ("AccessDenied", 403, said)


def test_session_can_assume_a_role_for_an_hour(aws: Aws) -> None:
    """Role chaining works, and the second session is its own."""
    first = _with(aws, _assume(aws.sts))
    second = _with(aws, _assume(first, RoleSessionName="second", DurationSeconds=3600))
    assert second.get_caller_identity()["Arn"].endswith("assumed-role/deploy/second")


def test_session_cannot_assume_a_role_for_longer(aws: Aws) -> None:
    """Role chaining is limited to an hour."""
    code, status, message = _refused(_with(aws, _assume(aws.sts)), DurationSeconds=3601)
    assert (code, status) == ("ValidationError", 400)
    assert "1 hour session limit for roles assumed by role chaining" in message


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"DurationSeconds": 899}, "Value '899' at 'durationSeconds' failed to satisfy"),
        ({"DurationSeconds": 43201}, "value less than or equal to 43200"),
        ({"RoleSessionName": "a b"}, "Value 'a b' at 'roleSessionName' failed to satisfy"),
        ({"RoleSessionName": "ä" * 3}, "at 'roleSessionName' failed to satisfy"),
        ({"RoleSessionName": "a" * 65}, "length less than or equal to 64"),
        ({"SourceIdentity": "a b"}, "at 'sourceIdentity' failed to satisfy"),
        ({"ExternalId": "a!"}, "at 'externalId' failed to satisfy"),
        ({"Policy": "x" * 2049}, "length less than or equal to 2048"),
        ({"Tags": [{"Key": "k" * 129, "Value": ""}]}, "length less than or equal to 128"),
        ({"Tags": [{"Key": "k", "Value": "v" * 257}]}, "length less than or equal to 256"),
        ({"Tags": [{"Key": "k!", "Value": "v"}]}, "regular expression"),
        ({"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]}, "equal to 50"),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:user/ada"}, "is invalid"),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/"}, "is invalid"),
    ],
)
def test_parameter_outside_its_constraint(aws: Aws, params: dict[str, Any], words: str) -> None:
    """What AWS calls a validation error is one."""
    code, status, message = _refused(_unchecked(aws), **params)
    assert (code, status) == ("ValidationError", 400)
    assert words in message


def test_all_violations_are_told_at_once(aws: Aws) -> None:
    """Several violations are counted and listed."""
    message = _refused(_unchecked(aws), DurationSeconds=1, RoleSessionName="a b")[2]
    assert message.startswith("2 validation errors detected: ")


@pytest.mark.parametrize(
    "policy",
    [
        *("{", "[]", "[" * 2000, "{}"),
        document({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Who": "ada"}),
        document({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}),
    ],
)
def test_malformed_policy(aws: Aws, policy: str) -> None:
    """A session policy is read strictly: what cannot be kept to is refused."""
    assert _refused(aws.sts, Policy=policy)[:2] == ("MalformedPolicyDocument", 400)


def test_named_policies(aws: Aws) -> None:
    """There are no policies of their own to name."""
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    code, status, message = _refused(aws.sts, PolicyArns=[{"arn": arn}])
    assert (code, status) == ("ValidationError", 400)
    assert arn in message


def test_unknown_role(aws: Aws) -> None:
    """One cannot find out which roles there are: a role that is not there trusts nobody."""
    for name in ("nobody", "deploy"):  # the second has a path
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        said = (
            f"User: arn:aws:iam::{ACCOUNT}:user/administrator is not authorized to perform: "
            f"sts:AssumeRole on resource: {arn}"
        )
        assert _refused(aws.sts, RoleArn=arn) == ("AccessDenied", 403, said)


def test_a_role_has_its_longest_session(aws: Aws) -> None:
    """An hour, unless the role allows more."""
    brief = make_role(aws.iam, "brief")
    _assume(aws.sts, RoleArn=brief, DurationSeconds=3600)
    code, status, message = _refused(aws.sts, RoleArn=brief, DurationSeconds=3601)
    assert (code, status) == ("ValidationError", 400)
    assert message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )


def _stored(aws: Aws, answer: Answer) -> Session:
    key = answer["Credentials"]["AccessKeyId"]
    session = aws.engine.view(lambda tx: tx.get(Session, key))
    assert session is not None
    return session


def test_what_a_session_is_is_kept(aws: Aws) -> None:
    """Policy, tags and source identity are kept as they were given."""
    policy = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    tags = [{"Key": "Team", "Value": "a"}]
    session = _stored(aws, _assume(aws.sts, Policy=policy, Tags=tags, SourceIdentity="ada"))
    assert (session.policy, session.tags, session.source_identity) == (policy, {"Team": "a"}, "ada")


def test_transitive_tags_go_on(aws: Aws) -> None:
    """A session that is chained has those tags, and cannot change them."""
    tags = [{"Key": "Team", "Value": "a"}, {"Key": "Run", "Value": "7"}]
    first = _with(aws, _assume(aws.sts, Tags=tags, TransitiveTagKeys=["team"]))
    second = _assume(first, Tags=[{"Key": "Run", "Value": "8"}])
    assert _stored(aws, second).tags == {"Team": "a", "Run": "8"}
    code, _, message = _refused(first, Tags=[{"Key": "TEAM", "Value": "b"}])
    assert code == "InvalidParameterValue"
    assert "conflicts with a transitive tag key" in message


def test_source_identity_goes_on(aws: Aws) -> None:
    """Who began a chain of roles stays known, and cannot be changed."""
    first = _with(aws, _assume(aws.sts, SourceIdentity="ada"))
    assert _assume(first)["SourceIdentity"] == "ada"
    assert _refused(first, SourceIdentity="eve")[0] == "AccessDenied"


def test_tag_twice(aws: Aws) -> None:
    """Tag keys are case insensitive."""
    tags = [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    assert _refused(aws.sts, Tags=tags)[:2] == ("InvalidParameterValue", 400)


def test_transitive_key_without_its_tag(aws: Aws) -> None:
    """Only a tag that is given can be passed on."""
    assert _refused(aws.sts, TransitiveTagKeys=["Team"])[:2] == ("InvalidParameterValue", 400)


def test_one_time_password(aws: Aws) -> None:
    """There are no devices for one-time passwords, so none is right."""
    device = f"arn:aws:iam::{ACCOUNT}:mfa/ada"
    code, status, message = _refused(aws.sts, SerialNumber=device, TokenCode="123456")
    assert (code, status) == ("AccessDenied", 403)
    assert message.startswith("MultiFactorAuthentication failed")


def test_session_speaks_to_every_service(aws: Aws) -> None:
    """A role_arn in a backend block is good for S3, DynamoDB and KMS."""
    answer = _assume(aws.sts)
    _with(aws, answer, "s3").list_buckets()
    _with(aws, answer, "dynamodb").list_tables()
    _with(aws, answer, "kms").list_keys()

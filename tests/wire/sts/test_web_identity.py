"""STS AssumeRoleWithWebIdentity."""

import json
import logging
import random
import time
from pathlib import Path
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from msgspec.structs import replace

from holdfast.aws.http import Headers, Request
from holdfast.engine.access_records import Session
from holdfast.server.access.failed_attempts import AT_ONCE
from holdfast.server.access.web_identity.issuer import Issuer
from holdfast.server.access.web_identity.issuers import Issuers
from holdfast.server.pipeline import Pipeline
from in_process import ACCOUNT, Aws
from roles import ALL, document, make_role, trust
from token_issuer import AUDIENCE, SUBJECT, key_file, token

NAME = "ci.example.com/group"
URL = f"https://{NAME}"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{NAME}"
ACTION = "sts:AssumeRoleWithWebIdentity"
OF_MAIN = {"StringEquals": {f"{NAME}:aud": AUDIENCE, f"{NAME}:sub": SUBJECT}}
Answer = dict[str, Any]


@pytest.fixture
def ci(aws: Aws, tmp_path: Path) -> Any:
    """An STS client that signs nothing, of a server that trusts an issuer; and a role for it."""
    issuers = Issuers([Issuer(URL, frozenset({AUDIENCE}), str(key_file(tmp_path)))])
    aws.site = replace(aws.site, issuers=issuers)
    aws.pipeline = Pipeline(replace(aws.pipeline.serving, site=aws.site))
    _role(aws, "ci", Condition=OF_MAIN)
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return aws.client("sts", config=config)


def _role(aws: Aws, name: str, principal: str = PROVIDER, **more: Any) -> str:
    trusts = trust({"Federated": principal}, ACTION, **more)
    return make_role(aws.iam, name, trusts=trusts)


def _assume(ci: Any, text: str = "", role: str = "ci", **params: Any) -> Answer:
    answer: Answer = ci.assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        RoleSessionName="run-7",
        WebIdentityToken=text or token(URL),
        **params,
    )
    return answer


def _refused(ci: Any, *arguments: str, **params: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        _assume(ci, *arguments, **params)
    error: Any = caught.value.response
    status = error["ResponseMetadata"]["HTTPStatusCode"]
    return error["Error"]["Code"], status, error["Error"]["Message"]


def _with(aws: Aws, answer: Answer, service: str) -> Any:
    key = answer["Credentials"]
    return aws.client(
        service,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )


NOT_TRUSTED = ("AccessDenied", 403, f"Not authorized to perform {ACTION}")


def test_a_token_is_enough(aws: Aws, ci: Any) -> None:
    """Without any key a session is issued, and works as the role."""
    answer = _assume(ci)
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert (answer["Audience"], answer["Provider"]) == (AUDIENCE, URL)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/run-7"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert _with(aws, answer, "sts").get_caller_identity()["Arn"] == arn
    _with(aws, answer, "s3").list_buckets()


def test_whose_session_it_is_is_kept(aws: Aws, ci: Any) -> None:
    """The issuer and the subject are kept with the session."""
    key = _assume(ci)["Credentials"]["AccessKeyId"]
    session = aws.engine.view(lambda tx: tx.get(Session, key))
    assert session is not None
    assert session.issuer == URL
    assert session.assumed_by == f"{PROVIDER}:{AUDIENCE}:{SUBJECT}"


@pytest.mark.parametrize("name", ["SUB", "Sub", "AUD"])
def test_a_claim_does_not_pass_for_another(ci: Any, name: str) -> None:
    """An issuer may let its users choose claims; condition keys have no case."""
    claims: Any = {"sub": "project:of-others", name: SUBJECT}
    said = "The token has claims whose names differ only in case"
    assert _refused(ci, token(URL, **claims)) == ("InvalidIdentityToken", 400, said)


def test_the_issuer_may_be_named_without_an_arn(aws: Aws, ci: Any) -> None:
    """A trust policy names it by host and path as well."""
    _role(aws, "named", NAME)
    assert _assume(ci, role="named")


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:iam::{ACCOUNT}:oidc-provider/other.example.com",
        "other.example.com",
        "ci.example.com",
    ],
)
def test_a_role_that_trusts_another_issuer(aws: Aws, ci: Any, principal: str) -> None:
    """Which issuers there are is one thing, whom a role trusts another."""
    _role(aws, "others", principal)
    assert _refused(ci, role="others") == NOT_TRUSTED


def test_a_role_of_users(aws: Aws, ci: Any) -> None:
    """A role that the account's users may assume is not for tokens, nor the other way round."""
    make_role(aws.iam, "users", trusts=trust(action="sts:*"))
    assert _refused(ci, role="users") == NOT_TRUSTED


@pytest.mark.parametrize("everybody", ["*", {"AWS": "*"}])
def test_a_role_of_everybody(aws: Aws, ci: Any, everybody: Any) -> None:
    """That is everybody with a key: anybody gets a token of a public issuer, so it has to be named."""
    make_role(aws.iam, "open", trusts=trust(everybody, ["sts:AssumeRole", ACTION]))
    assert _refused(ci, role="open") == NOT_TRUSTED


def test_a_role_that_is_not_there(ci: Any) -> None:
    """Nobody learns which roles there are."""
    assert _refused(ci, role="nobody") == NOT_TRUSTED


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:acme/infra:ref:refs/heads/evil"},
        {"sub": "repo:acme/other:ref:refs/heads/main"},
    ],
)
def test_another_subject(ci: Any, claims: dict[str, str]) -> None:
    """The conditions of the trust policy decide which jobs may."""
    said: Any = claims
    assert _refused(ci, token(URL, **said)) == NOT_TRUSTED


def test_conditions_on_other_claims(aws: Aws, ci: Any) -> None:
    """Whatever text a token says can be asked for."""
    _role(
        *(aws, "deploy"),
        Condition={
            "StringLike": {f"{NAME}:repository": "acme/*"},
            "StringEquals": {f"{NAME}:environment": ["prod", "staging"]},
            "ForAnyValue:StringEquals": {f"{NAME}:groups": "deployers"},
        },
    )
    good: Any = {"repository": "acme/infra", "environment": "prod", "groups": ["a", "deployers"]}
    assert _assume(ci, token(URL, **good), "deploy")
    changes: list[Answer] = [{"repository": "eve/x"}, {"environment": "dev"}, {"groups": []}]
    for change in changes:
        bad: Any = {**good, **change}
        assert _refused(ci, token(URL, **bad), "deploy") == NOT_TRUSTED
    assert _refused(ci, token(URL), "deploy") == NOT_TRUSTED


def test_an_explicit_denial(aws: Aws, ci: Any) -> None:
    """What the trust policy denies is denied."""
    who = {"Federated": PROVIDER}
    allow = {"Effect": "Allow", "Principal": who, "Action": ACTION}
    where = {"StringLike": {f"{NAME}:sub": "*:pull_request"}}
    deny = {**allow, "Effect": "Deny", "Condition": where}
    make_role(aws.iam, "denying", trusts=document(allow, deny))
    assert _assume(ci, role="denying")
    pull = token(URL, sub="repo:acme/infra:pull_request")
    assert _refused(ci, pull, "denying") == NOT_TRUSTED


@pytest.mark.parametrize(
    ("claims", "code", "status"),
    [
        ({"iss": "https://evil.example.com"}, "InvalidIdentityToken", 400),
        ({"aud": "elsewhere"}, "InvalidIdentityToken", 400),
        ({"exp": 1000}, "ExpiredTokenException", 400),
        ({"nbf": 4_000_000_000}, "IDPRejectedClaim", 403),
    ],
)
def test_a_token_that_is_not_good(ci: Any, claims: Any, code: str, status: int) -> None:
    """Each kind of error has AWS's code and status."""
    assert _refused(ci, token(URL, **claims))[:2] == (code, status)


def test_an_issuer_without_keys(ci: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A client is told that it is not its fault, and nothing of the server's files."""
    (tmp_path / "keys.json").unlink()
    code, status, message = _refused(ci)
    assert (code, status) == ("IDPCommunicationError", 400)
    assert str(tmp_path) not in message
    assert "keys.json" in caplog.text


def test_how_long_it_lasts(aws: Aws, ci: Any) -> None:
    """An hour, or as long as the role allows."""
    left = (_assume(ci)["Credentials"]["Expiration"] - aws.clock()).total_seconds()
    assert 3540 < left <= 3600
    _assume(ci, DurationSeconds=900)
    assert _refused(ci, DurationSeconds=3601)[0] == "ValidationError"


def test_a_session_policy_narrows(aws: Aws, ci: Any) -> None:
    """What a job asks for itself binds it."""
    policy = document({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    answer = _assume(ci, Policy=policy)
    assert 0 < answer["PackedPolicySize"] < 100
    _with(aws, answer, "dynamodb").list_tables()
    with pytest.raises(ClientError, match="AccessDenied"):
        _with(aws, answer, "s3").list_buckets()
    assert ALL


def test_a_session_ends_with_its_role(aws: Aws, ci: Any) -> None:
    """To delete the role stops every job at once."""
    client = _with(aws, _assume(ci), "sts")
    client.get_caller_identity()
    aws.iam.delete_role_policy(RoleName="ci", PolicyName="may")
    aws.iam.delete_role(RoleName="ci")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client.get_caller_identity()


def test_no_issuer_is_trusted_unless_it_is_configured(aws: Aws) -> None:
    """A server without the setting takes no token."""
    ci = aws.client("sts", config=Config(signature_version=UNSIGNED))
    code, _, message = _refused(ci)
    assert code == "InvalidIdentityToken"
    assert message == f"No OpenIDConnect provider found in your account for {URL}"


@pytest.mark.parametrize(
    "body",
    [
        "Action=GetCallerIdentity&Version=2011-06-15",
        "Action=AssumeRole&Version=2011-06-15",
        "Action=ListUsers&Version=2010-05-08",
        "Version=2011-06-15",
        "",
        "Action=GetCallerIdentity&Action=AssumeRoleWithWebIdentity&Version=2010-05-08",
    ],
)
def test_nothing_else_goes_without_a_signature(aws: Aws, ci: Any, body: str) -> None:
    """Only what proves by itself who asks."""
    status, answer = _post(aws, body.encode())
    assert status in (400, 403)
    assert b"<Code>MissingAuthenticationToken" in answer or b"<Code>InvalidAction" in answer
    assert ci


def _post(aws: Aws, body: bytes, client: str = "") -> tuple[int, bytes]:
    headers = Headers(
        [("host", "127.0.0.1:8270"), ("content-type", "application/x-www-form-urlencoded")]
    )
    request = Request("POST", "/", "", headers, client=client)
    response = aws.send(request, body)
    assert isinstance(response.body, bytes)
    return response.status, response.body


def test_any_form_of_a_stranger_is_answered(aws: Aws, ci: Any) -> None:
    """Parameters changed, left out and repeated: refused as AWS does, never a defect."""
    chooser = random.Random(3)
    good = token(URL)
    pieces = ["", "x", "%00", "=", "&", "a.b.c", good, good[:-9], "Action", "9" * 50, "\xff", "{}"]
    usual = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ci",
        "RoleSessionName": "run",
        "WebIdentityToken": good,
    }
    names = [*usual, "Policy", "DurationSeconds", "PolicyArns.member.1.arn", "ProviderId"]
    for number in range(300):
        fields = {**usual, chooser.choice(names): chooser.choice(pieces)}
        body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
        assert _post(aws, body, f"client-{number}")[0] < 500, body
    assert ci


def test_a_long_body_of_a_stranger(aws: Aws) -> None:
    """Nothing longer than a token and a policy is taken."""
    status, answer = _post(aws, b"Action=AssumeRoleWithWebIdentity&x=" + b"x" * (129 << 10))
    assert status == 413
    assert b"too large" in answer


def test_a_signed_request_is_taken_as_well(aws: Aws, ci: Any) -> None:
    """Some clients sign it; the token counts all the same."""
    assert _assume(aws.sts)["SubjectFromWebIdentityToken"] == SUBJECT
    assert ci


def test_the_token_is_neither_logged_nor_told(
    aws: Aws, ci: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A token is as good as a key while it lasts."""
    text = token(URL)
    with caplog.at_level(logging.DEBUG, "holdfast"):
        _assume(ci, text)
        message = _refused(ci, text + "x")[2]
        assert text[-40:] not in _refused(ci, text, DurationSeconds=3601)[2] + message
    assert text[-40:] not in caplog.text
    assert aws.engine


def test_guessed_tokens_are_slowed_down(ci: Any) -> None:
    """They count as failed attempts of their address."""
    bad = token("https://evil.example.com")
    for _ in range(AT_ONCE):
        assert _refused(ci, bad)[0] == "InvalidIdentityToken"
    assert _refused(ci, bad)[0] == "Throttling"


def test_good_tokens_go_on_beside_guessed_ones(ci: Any) -> None:
    """The jobs of many projects come from one address: one that was good is not slowed down."""
    _assume(ci)
    bad = token("https://evil.example.com")
    for _ in range(AT_ONCE + 1):
        _refused(ci, bad)
    assert _assume(ci)
    stranger = token(URL, sub="repo:acme/infra:ref:refs/heads/other")
    assert _refused(ci, stranger)[0] == "Throttling"


def test_the_journal_knows_who_came(aws: Aws, ci: Any) -> None:
    """Issuer and subject are written down."""
    _assume(ci)
    entries = json.dumps(_journal(aws))
    assert "role-assumed" in entries
    assert SUBJECT in entries
    assert time.time()


def _journal(aws: Aws) -> list[Any]:
    from holdfast.engine.state_records import JournalEntry

    return aws.engine.view(lambda tx: [str(entry) for entry in tx.scan(JournalEntry)])

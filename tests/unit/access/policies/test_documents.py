"""Policy documents: what is read, and what is refused rather than ignored."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.server.access.policies.document import Kind, PolicyRefused, parse

ACCOUNT = "123456789012"
BUCKET = "arn:aws:s3:::states"


def document(*, version: str | None = "2012-10-17", **changes: Any) -> str:
    """Return an identity policy of one statement; None takes an element away."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*", **changes}
    kept = {name: value for name, value in statement.items() if value is not None}
    head = {} if version is None else {"Version": version}
    return json.dumps({**head, "Statement": [kept]})


def bucket_document(**changes: Any) -> str:
    """Return a bucket policy of one statement."""
    return document(**{"Principal": "*", **changes})


def trust_document(**changes: Any) -> str:
    """Return a trust policy of one statement."""
    usual = {"Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole", "Resource": None}
    return document(**{**usual, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"version": "2008-10-17"},
        {"version": None},
        {"Sid": "Read1"},
        {"Effect": "Deny"},
        {"Action": ["s3:Get*", "dynamodb:?etItem", "*"]},
        {"Action": None, "NotAction": "iam:*"},
        {"Action": "ec2:RunInstances", "Resource": "*"},
        {"Resource": None, "NotResource": ["arn:aws:s3:::a/*", "*"]},
        {"Resource": f"{BUCKET}/home/${{aws:username}}/*"},
        {"Resource": f"{BUCKET}/${{aws:PrincipalTag/team, 'none'}}/${{*}}${{?}}${{$}}"},
        {"Condition": {}},
        {"Condition": {"Bool": {"aws:SecureTransport": True}}},
        {"Condition": {"bool": {"AWS:SECURETRANSPORT": "FALSE"}}},
        {"Condition": {"NumericLessThanEquals": {"s3:max-keys": 10}}},
        {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}},
        {"Condition": {"DateLessThan": {"aws:EpochTime": 1767225600}}},
        {"Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32", "::1"]}}},
        {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci-*"}}},
        {"Condition": {"Null": {"aws:TokenIssueTime": "true"}}},
        {"Condition": {"StringEqualsIfExists": {"aws:RequestTag/team": "a"}}},
        {"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "states/a/*"}}},
        {"Condition": {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a", "b"]}}},
        {"Condition": {"BinaryEquals": {"aws:username": "YWRh"}}},
        {"Condition": {"StringEquals": {"kms:EncryptionContext:stage": "x"}}},
    ],
)
def test_what_can_be_evaluated_is_read(changes: dict[str, Any]) -> None:
    """Each form of the language that is supported."""
    assert len(parse(document(**changes), "identity").statements) == 1


def test_a_statement_may_stand_without_a_list() -> None:
    """As AWS allows for a single one."""
    text = json.dumps({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
    policy = parse(text, "identity")
    assert policy.denies
    assert [one.name for one in policy.statements] == ["statement 1"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"version": "2020-01-01"}, "valid version"),
        ({"Sid": "not alpha-numeric"}, "alpha-numeric"),
        ({"Sid": 1}, "alpha-numeric"),
        ({"Effect": "allow"}, "Invalid effect: allow"),
        ({"Effect": None}, "Invalid effect"),
        ({"Effects": "Allow"}, "Unknown field Effects"),
        ({"Principal": "*"}, "principal"),
        ({"NotPrincipal": "*"}, "principal"),
        ({"Action": None}, "Missing required field Action"),
        ({"NotAction": "s3:*"}, "Action or NotAction"),
        ({"Action": []}, "Action"),
        ({"Action": 1}, "Action"),
        ({"Action": "GetObject"}, "invalid action"),
        ({"Action": "*:GetObject"}, "invalid action"),
        ({"Action": "s3:Get Object"}, "invalid action"),
        ({"Resource": None}, "Missing required field Resource"),
        ({"Resource": ""}, "invalid resource"),
        ({"Resource": "states/*"}, "invalid resource"),
        ({"Resource": "arn:aws:s3*"}, "invalid resource"),
        ({"Resource": [f"{BUCKET}/*", 1]}, "Resource"),
        ({"Resource": f"{BUCKET}/${{aws:Nonsense}}"}, "aws:nonsense"),
        ({"Resource": f"{BUCKET}/${{aws:username"}, "policy variable"),
        ({"Resource": f"{BUCKET}/${{}}"}, "policy variable"),
        ({"Condition": []}, "Condition"),
        ({"Condition": {"StringEquals": []}}, "StringEquals"),
        ({"Condition": {"StringEquals": {}}}, "StringEquals"),
        ({"Condition": {"StringIs": {"aws:username": "a"}}}, "StringIs"),
        ({"Condition": {"ForSomeValues:StringEquals": {"aws:username": "a"}}}, "ForSomeValues"),
        ({"Condition": {"NullIfExists": {"aws:username": "true"}}}, "NullIfExists"),
        ({"Condition": {"StringEquals": {"aws:username": []}}}, "aws:username"),
        ({"Condition": {"StringEquals": {"aws:username": {"a": 1}}}}, "aws:username"),
        ({"Condition": {"StringEquals": {"aws:username": None}}}, "aws:username"),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, "aws:sourcevpce"),
        ({"Condition": {"StringEquals": {"aws:PrincipalTag/": "a"}}}, "aws:principaltag/"),
        ({"Condition": {"StringEquals": {"s3:TlsVersion": "1.2"}}}, "s3:tlsversion"),
        ({"Condition": {"StringEquals": {"idp.example.com:sub": "a"}}}, "trust policies only"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "yes"}}}, "yes"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "${aws:username}"}}}, "aws:username"),
        ({"Condition": {"NumericEquals": {"s3:max-keys": "many"}}}, "many"),
        ({"Condition": {"NumericEquals": {"s3:max-keys": "NaN"}}}, "NaN"),
        ({"Condition": {"DateEquals": {"aws:CurrentTime": "today"}}}, "today"),
        ({"Condition": {"DateEquals": {"aws:CurrentTime": "1e400"}}}, "1e400"),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}}, "10.0.0.0/33"),
        ({"Condition": {"ArnEquals": {"aws:PrincipalArn": "ada"}}}, "ada"),
        ({"Condition": {"BinaryEquals": {"aws:username": "%"}}}, "%"),
        ({"Condition": {"Null": {"aws:username": "perhaps"}}}, "perhaps"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(changes: dict[str, Any], named: str) -> None:
    """And the refusal names it."""
    with pytest.raises(PolicyRefused) as caught:
        parse(document(**changes), "identity")
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "valid JSON"),
        ("[]", "valid JSON"),
        ("null", "valid JSON"),
        ('{"Statement": [}', "invalid Json"),
        ("{" * 5000, "invalid Json"),
        ('{"Statement":' + "[" * 20_000, "invalid Json"),
        ('{"Id": "\\ud800", "Statement": []}', "invalid Json"),
        ("{}", "Missing required field Statement"),
        ('{"Statement": []}', "Statement is empty"),
        ('{"Statement": ["Allow"]}', "statement is no object"),
        ('{"Id": 1, "Statement": []}', "Id"),
        ('{"Statements": []}', "Unknown field Statements"),
        ('{"Statement": [], "Statement": []}', "Duplicate field Statement"),
        (document(Sid="x" * 33_000), "maximum allowed document size"),
        (document().replace('"Effect"', '"Effect": "Deny", "Effect"'), "Duplicate field Effect"),
    ],
)
def test_what_is_no_policy_document_is_refused(text: str, named: str) -> None:
    """Before any statement is looked at."""
    with pytest.raises(PolicyRefused) as caught:
        parse(text, "identity")
    assert named in str(caught.value)


def test_statement_ids_are_unique() -> None:
    """Within one policy."""
    one = {"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"}
    with pytest.raises(PolicyRefused, match="unique"):
        parse(json.dumps({"Statement": [one, one]}), "identity")


def test_variables_came_with_the_newer_version() -> None:
    """Before, `${...}` was a text like any other."""
    text = document(version="2008-10-17", Resource=f"{BUCKET}/${{aws:Nonsense}}")
    (pattern,) = parse(text, "identity").statements[0].resources
    assert pattern.text == f"{BUCKET}/${{aws:Nonsense}}"


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"AWS": [f"arn:aws:iam::{ACCOUNT}:user/teams/ada", "AIDAEXAMPLEEXAMPLE123"]},
        {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/run-7"},
        {"Service": "logging.s3.amazonaws.com"},
    ],
)
@pytest.mark.parametrize("kind", ["bucket", "trust"])
def test_principals_that_can_be_named(kind: Kind, principal: Any) -> None:
    """In the policies of buckets and roles."""
    make = bucket_document if kind == "bucket" else trust_document
    assert parse(make(Principal=principal), kind).statements[0].principals


@pytest.mark.parametrize(
    "principal",
    [
        None,
        "",
        "root",
        {},
        [],
        {"AWS": []},
        {"AWS": ""},
        {"AWS": 1},
        {"AWS": "ada"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:group/team"},
        {"CanonicalUser": "a" * 64},
        {"Federated": "idp.example.com"},
        {"Service": "example.com"},
        {"Everybody": "*"},
    ],
)
def test_principals_that_cannot_be_named(principal: Any) -> None:
    """No wildcard within a name, and nobody who cannot be told."""
    with pytest.raises(PolicyRefused, match="rincipal"):
        parse(bucket_document(Principal=principal), "bucket")


def test_nobody_is_allowed_by_exclusion() -> None:
    """Allow with NotPrincipal would let in everybody who is yet to come."""
    text = bucket_document(Principal=None, NotPrincipal={"AWS": ACCOUNT})
    with pytest.raises(PolicyRefused, match="NotPrincipal"):
        parse(text, "bucket")
    assert parse(text.replace("Allow", "Deny"), "bucket").denies


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bucket", bucket_document(Action="dynamodb:GetItem")),
        ("bucket", bucket_document(Condition={"Null": {"dynamodb:LeadingKeys": "true"}})),
        ("trust", trust_document(Action="s3:GetObject")),
        ("trust", trust_document(Resource="*")),
        ("trust", trust_document(Condition={"Null": {"s3:prefix": "true"}})),
        ("key", bucket_document(Action="s3:GetObject")),
    ],
)
def test_a_policy_speaks_of_what_it_is_attached_to(kind: Kind, text: str) -> None:
    """Other services' actions and keys, and resources of a role, never come up there."""
    with pytest.raises(PolicyRefused):
        parse(text, kind)


def test_a_trust_policy_may_name_issuers_and_claims() -> None:
    """Of web identity tokens."""
    claims = {
        "StringEquals": {"idp.example.com/ci:aud": "holdfast", "localhost:8443/x:sub": "repo"},
        "StringLike": {"token.example.com:sub": "repo:acme/*"},
    }
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com/ci"
    action = "sts:AssumeRoleWithWebIdentity"
    text = trust_document(Principal={"Federated": provider}, Action=action, Condition=claims)
    (statement,) = parse(text, "trust").statements
    assert len(statement.conditions) == 3


def test_a_long_name_is_not_told_back_whole() -> None:
    """The answer to a policy is short, whatever is in it."""
    with pytest.raises(PolicyRefused) as caught:
        parse(json.dumps({"x" * 10_000: 1}), "identity")
    assert len(str(caught.value)) <= 300


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_MAKERS: dict[str, Callable[..., str]] = {
    "bucket": bucket_document,
    "key": bucket_document,
    "trust": trust_document,
}
_ELEMENTS = st.sampled_from(
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"]
)
_KINDS: st.SearchStrategy[Kind] = st.sampled_from(["identity", "bucket", "key", "trust", "session"])


@given(_KINDS, _ELEMENTS, _JSON)
@example("identity", "Condition", {"StringEquals": {"aws:username": {"": ""}}})
def test_any_value_of_any_element_is_read_or_refused(kind: Kind, name: str, value: Any) -> None:
    """And nothing else happens."""
    make: Callable[..., str] = _MAKERS.get(kind) or document
    try:
        parse(make(**{name: value}), kind)
    except PolicyRefused:
        return


@given(_KINDS, st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_refused(kind: Kind, text: str) -> None:
    """A policy does not come about by chance."""
    with pytest.raises(PolicyRefused):
        parse(text, kind)

"""Random policies and requests: the evaluator decides as a plain second one does."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import naive_policies
from holdfast.server.access.policies.document import Kind, parse
from holdfast.server.access.policies.evaluate import Attached, Policies, Question, decide
from holdfast.server.access.policies.principals import Principal
from naive_policies import ACCOUNT, Json

ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
EVE = f"arn:aws:iam::{ACCOUNT}:user/eve"

_ACTIONS = ["s3:GetObject", "s3:Get*", "s3:PutObject", "*", "S3:?utObject", "s3:*Object*"]
_RESOURCES = [
    "*",
    "arn:aws:s3:::states/*",
    "arn:aws:s3:::states/staging/*",
    "arn:aws:s3:::states/${aws:username}/*",
    "arn:aws:s3:::*/${s3:prefix, 'prod'}/?pp",
    "arn:aws:s3:::states",
]
_TEXTS = ["ada", "eve", "a*", "*", "${aws:username}", "staging/*", "staging/app", "${*}"]
_OPERATORS = st.builds(
    lambda over, operator, suffix: over + operator + suffix,
    st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from(
        [
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
        ]
    ),
    st.sampled_from(["", "IfExists"]),
)
_NUMERIC = st.sampled_from(
    ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"]
)


def _some(values: list[str]) -> st.SearchStrategy[Any]:
    """Draw one of them, or a list of some."""
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3)


_KEYS = st.sampled_from(["aws:username", "AWS:TagKeys", "s3:prefix", "s3:delimiter"])
_CONDITIONS = st.one_of(
    st.dictionaries(_OPERATORS, st.dictionaries(_KEYS, _some(_TEXTS), min_size=1), max_size=2),
    st.dictionaries(_NUMERIC, st.just({"s3:max-keys": ["5", "10"]}), max_size=2),
    st.builds(lambda key, value: {"Null": {key: value}}, _KEYS, _some(["true", "false"])),
    st.builds(
        lambda name, value: {name: {"aws:SourceIp": value}},
        st.sampled_from(["IpAddress", "NotIpAddress", "IpAddressIfExists"]),
        _some(["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"]),
    ),
)


def _elements(name: str, values: list[str]) -> st.SearchStrategy[Json]:
    return st.dictionaries(
        st.sampled_from([name, name, f"Not{name}"]), _some(values), min_size=1, max_size=1
    )


_PRINCIPALS = st.one_of(
    st.just("*"),
    _some([ADA, EVE, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "*"]).map(lambda who: {"AWS": who}),
)


def _statements(*, of_bucket: bool) -> st.SearchStrategy[Json]:
    made = st.builds(
        lambda effect, action, resource, condition: {
            "Effect": effect,
            **action,
            **resource,
            "Condition": condition,
        },
        st.sampled_from(["Allow", "Allow", "Deny"]),
        _elements("Action", _ACTIONS),
        _elements("Resource", _RESOURCES),
        st.just({}) | _CONDITIONS,
    )
    if not of_bucket:
        return made

    def with_principal(statement: Json, principal: Any, negated: bool) -> Json:
        name = "NotPrincipal" if negated and statement["Effect"] == "Deny" else "Principal"
        return {**statement, name: principal}

    return st.builds(with_principal, made, _PRINCIPALS, st.booleans())


def _policies(*, of_bucket: bool = False) -> st.SearchStrategy[Json]:
    return st.builds(
        lambda statements: {"Version": "2012-10-17", "Statement": statements},
        st.lists(_statements(of_bucket=of_bucket), min_size=1, max_size=3),
    )


_VALUES = st.fixed_dictionaries(
    {"aws:username": st.sampled_from([("ada",), ("eve",), ("a*",)])},
    optional={
        "aws:tagkeys": st.lists(st.sampled_from(["ada", "Ada", "team"]), max_size=2).map(tuple),
        "s3:prefix": st.sampled_from([("staging",), ("staging/app",), ("",)]),
        "s3:max-keys": st.sampled_from([("5",), ("7",), ("100",)]),
        "aws:sourceip": st.sampled_from([("10.1.2.3",), ("192.168.0.1",), ("2001:db8::1",)]),
    },
)
_ASKED = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
        "resource": st.sampled_from(
            [
                "arn:aws:s3:::states",
                "arn:aws:s3:::states/staging/app",
                "arn:aws:s3:::states/ada/x:y",
                "arn:aws:s3:::states/a*/x",
                "arn:aws:s3:::other/staging/app",
            ]
        ),
        "names": st.just((ADA,)),
        "values": _VALUES,
    }
)


def _attached(policy: Json, kind: Kind) -> Attached:
    return Attached("p", parse(json.dumps(policy), kind))


@settings(max_examples=400)
@given(
    st.lists(_policies(), max_size=2),
    st.none() | _policies(of_bucket=True),
    st.none() | _policies(),
    _ASKED,
)
def test_a_decision_is_that_of_the_naive_evaluator(
    identity: list[Json], bucket: Json | None, session: Json | None, asked: Json
) -> None:
    """Allowed or not, and whether a statement says so."""
    policies = Policies(
        identity=tuple(_attached(policy, "identity") for policy in identity),
        resource=_attached(bucket, "bucket") if bucket else None,
        session=_attached(session, "session") if session else None,
    )
    who = Principal(ACCOUNT, frozenset(asked["names"]))
    made = decide(policies, Question(asked["action"], asked["resource"], who, asked["values"]))
    assert (made.allowed, made.explicit) == naive_policies.decide(identity, bucket, session, asked)

"""What has to be allowed for each operation: every one that is served has an entry."""

from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.aws.claims import Claims
from holdfast.aws.http import Headers, Request
from holdfast.aws.served import SERVED
from holdfast.server.access import dynamodb_actions, kms_actions, s3_actions
from holdfast.server.access.actions import needs_of
from holdfast.server.access.asked import Asked
from holdfast.server.access.credentials import Identity
from holdfast.server.access.identity_actions import UNASKED
from holdfast.server.operation import Site

ACCOUNT = "123456789012"
_NOW = datetime(2026, 6, 1, tzinfo=UTC)


class _Empty:
    """Records of which there are none."""

    def get(self, *_: Any) -> None:
        """Return nothing."""


def asked(service: str, operation: str, **params: Any) -> list[tuple[str, str]]:
    """Return the actions and resources that a request needs, on a server without anything."""
    site: Any = Site(ACCOUNT, "eu-west-1", None, lambda _: b"")  # type: ignore[arg-type]
    claims = Claims("K", "", "", service, (), "", "", _NOW, "", False, 0, "")
    reader: Any = _Empty()
    made = Asked(
        service=service,
        operation=operation,
        params=params,
        request=Request("POST", "/", "", Headers()),
        claims=claims,
        site=site,
        now=_NOW,
        identity=Identity("", "", "K", "", user="ada"),
        reader=reader,
    )
    return [(need.action, need.resource) for need in needs_of(made)]


@pytest.mark.parametrize(
    ("service", "known"),
    [
        ("s3", s3_actions.OPERATIONS),
        ("dynamodb", dynamodb_actions.OPERATIONS),
        ("kms", kms_actions.OPERATIONS),
    ],
)
def test_every_served_operation_has_an_entry(service: str, known: frozenset[str]) -> None:
    """One that is added to the list of served operations needs one here."""
    assert known == SERVED[service]


@pytest.mark.parametrize("operation", sorted(SERVED["iam"]))
def test_every_operation_of_iam_needs_its_own_name(operation: str) -> None:
    """On a user, a role, or everything."""
    found = set(asked("iam", operation, UserName="eve"))
    action = f"iam:{operation}"
    assert found in ({(action, f"arn:aws:iam::{ACCOUNT}:user/eve")}, {(action, "*")})


@pytest.mark.parametrize("operation", sorted(SERVED["holdfast"]))
def test_every_operation_of_our_own_needs_its_own_name(operation: str) -> None:
    """On the state that it is about."""
    state = "arn:aws:s3:::states/staging/app"
    found = asked("holdfast", operation, Bucket="states", Key="staging/app")
    assert found == [(f"holdfast:{operation}", state)]
    assert asked("holdfast", operation) == [(f"holdfast:{operation}", "*")]
    both = asked("holdfast", operation, Bucket="states", Key="staging/app", Prefix="a/")
    below = ["arn:aws:s3:::states/a/", "arn:aws:s3:::states/a/*"]
    assert [resource for _, resource in both] == [state, *below]


@pytest.mark.parametrize("operation", sorted(SERVED["sts"]))
def test_every_operation_of_sts_is_known(operation: str) -> None:
    """It needs its own name on a role, or nobody's permission."""
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    needed = [] if operation in UNASKED else [(f"sts:{operation}", role)]
    assert asked("sts", operation, RoleArn=role, RoleSessionName="run") == needed


OBJECT = "arn:aws:s3:::b/k"
NAMED = {"Bucket": "b", "Key": "k"}


@pytest.mark.parametrize(
    ("operation", "params", "needed"),
    [
        ("ListBuckets", {}, [("s3:ListAllMyBuckets", "arn:aws:s3:::*")]),
        ("HeadBucket", {"Bucket": "b"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        (
            "DeletePublicAccessBlock",
            {"Bucket": "b"},
            [("s3:PutBucketPublicAccessBlock", "arn:aws:s3:::b")],
        ),
        ("GetObject", NAMED, [("s3:GetObject", OBJECT)]),
        ("HeadObject", {**NAMED, "VersionId": "v"}, [("s3:GetObjectVersion", OBJECT)]),
        (
            "GetObjectAttributes",
            NAMED,
            [("s3:GetObject", OBJECT), ("s3:GetObjectAttributes", OBJECT)],
        ),
        (
            "PutObject",
            {**NAMED, "ACL": "private", "Tagging": "a=b", "IfMatch": "x"},
            [
                ("s3:PutObject", OBJECT),
                ("s3:PutObjectAcl", OBJECT),
                ("s3:PutObjectTagging", OBJECT),
                ("s3:GetObject", OBJECT),
            ],
        ),
        ("CompleteMultipartUpload", NAMED, [("s3:PutObject", OBJECT)]),
        (
            "CopyObject",
            {**NAMED, "CopySource": "o/a%2Fb?versionId=v"},
            [("s3:PutObject", OBJECT), ("s3:GetObjectVersion", "arn:aws:s3:::o/a/b")],
        ),
        (
            "CreateBucket",
            {"Bucket": "b", "ACL": "private"},
            [("s3:CreateBucket", "arn:aws:s3:::b"), ("s3:PutBucketAcl", "arn:aws:s3:::b")],
        ),
        (
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "k", "VersionId": "v"}]}},
            [("s3:DeleteObject", OBJECT), ("s3:DeleteObjectVersion", OBJECT)],
        ),
    ],
)
def test_what_a_request_to_s3_needs(
    operation: str, params: dict[str, Any], needed: list[tuple[str, str]]
) -> None:
    """In AWS's names."""
    assert asked("s3", operation, **params) == needed


def test_a_session_with_tags_needs_to_tag() -> None:
    """And one with a source identity to set it, as AWS has it."""
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    found = asked("sts", "AssumeRole", RoleArn=role, Tags=[{"Key": "a"}], SourceIdentity="x")
    assert [action for action, _ in found] == [
        "sts:AssumeRole",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    ]

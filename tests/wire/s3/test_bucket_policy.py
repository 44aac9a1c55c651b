"""GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy and GetBucketPolicyStatus."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def _policy(bucket: str, **changes: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        **changes,
    }
    kept = {name: value for name, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def test_a_new_bucket_has_no_policy(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Nor has it a policy status."""
    for method in (s3.get_bucket_policy, s3.get_bucket_policy_status):
        error = refused(method, Bucket=bucket)
        assert (error["code"], error["status"]) == ("NoSuchBucketPolicy", 404)
        assert error["message"] == "The bucket policy does not exist"


def test_a_policy_comes_back_as_it_was_put(s3: "S3Client", bucket: str) -> None:
    """Byte for byte."""
    policy = _policy(bucket).replace(",", " ,")
    answer = s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    status = s3.get_bucket_policy_status(Bucket=bucket)
    assert status["PolicyStatus"] == {"IsPublic": False}


def test_a_policy_goes(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Also when there is none."""
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(bucket))
    for _ in range(2):
        answer = s3.delete_bucket_policy(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_policy, Bucket=bucket)["code"] == "NoSuchBucketPolicy"


def test_a_public_policy_is_denied_while_they_are_blocked(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """BlockPublicPolicy, as in every new bucket."""
    error = refused(s3.put_bucket_policy, Bucket=bucket, Policy=_policy(bucket, Principal="*"))
    assert (error["code"], error["status"]) == ("AccessDenied", 403)
    assert "BlockPublicPolicy" in error["message"]


def test_a_public_policy_is_called_public(s3: "S3Client", bucket: str) -> None:
    """When nothing blocks it."""
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(bucket, Principal="*"))
    status = s3.get_bucket_policy_status(Bucket=bucket)
    assert status["PolicyStatus"] == {"IsPublic": True}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("[]", "Policies must be valid JSON and the first byte must be '{'"),
        ('{"Statement": [}', "This policy contains invalid Json"),
        ("{" * 5000, "This policy contains invalid Json"),
        ("{}", "Missing required field Statement"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        (
            '{"Version": "2020-01-01", "Statement": []}',
            "The policy must contain a valid version string",
        ),
        ('{"Statements": []}', "Unknown field Statements"),
        (_policy("terraform-state", Principal=None), "Missing required field Principal"),
        (_policy("terraform-state", Principal="root"), "Invalid principal in policy"),
        (_policy("terraform-state", Action=None), "Missing required field Action"),
        (_policy("terraform-state", Action="sqs:SendMessage"), "Policy has invalid action"),
        (_policy("another-bucket"), "Policy has invalid resource"),
        (_policy("terraform-state", Resource=None), "Missing required field Resource"),
        (
            _policy("terraform-state", Sid="x" * 21_000),
            "Policy exceeds the maximum allowed document size.",
        ),
    ],
)
def test_a_malformed_policy_is_refused(
    s3: "S3Client", bucket: str, refused: Refused, policy: str, message: str
) -> None:
    """With what is wrong."""
    error = refused(s3.put_bucket_policy, Bucket=bucket, Policy=policy)
    assert (error["code"], error["status"]) == ("MalformedPolicy", 400)
    assert error["message"] == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Principals": "*"}, "Unknown field Principals"),
        ({"Sid": "a", "Condition": {"StringIs": {"aws:username": "x"}}}, "StringIs"),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, "aws:sourcevpce"),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "home"}}}, "home"),
        ({"Condition": {"StringEquals": {"dynamodb:Select": "COUNT"}}}, "do not apply"),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}}, "Invalid principal"),
        ({"Action": "s3:GetObjct"}, "Policy has invalid action"),
        ({"Action": "s3:ListBucket"}, "Action does not apply to any resource"),
        ({"Action": ["s3:GetObject", "s3:ListBucket"]}, "Action does not apply to any resource"),
        ({"Resource": "arn:aws:s3:::terraform-state"}, "Action does not apply to any resource"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    s3: "S3Client", bucket: str, refused: Refused, changes: dict[str, Any], message: str
) -> None:
    """Never kept and then ignored, nor what could never apply."""
    error = refused(s3.put_bucket_policy, Bucket=bucket, Policy=_policy(bucket, **changes))
    assert (error["code"], error["status"]) == ("MalformedPolicy", 400)
    assert message in error["message"]
    assert refused(s3.get_bucket_policy, Bucket=bucket)["code"] == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ({"Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"Action": "s3:PutObject", "Condition": {"Bool": {"aws:SecureTransport": False}}}, False),
        ({"Action": "s3:DeleteObject"}, True),
        ({}, True),
        (
            {
                "Principal": {"AWS": "arn:aws:iam::123456789012:user/eve"},
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            True,
        ),
    ],
)
def test_tls_is_not_demanded_by_mistake_where_there_is_none(
    s3: "S3Client", bucket: str, refused: Refused, changes: dict[str, Any], kept: bool
) -> None:
    """Over plain HTTP such a policy has to be confirmed."""
    policy = _policy(bucket, **{"Sid": "Tls", "Effect": "Deny", "Principal": "*", **changes})
    if kept:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    else:
        error = refused(s3.put_bucket_policy, Bucket=bucket, Policy=policy)
        assert (error["code"], error["status"]) == ("InvalidRequest", 400)
        assert error["message"].startswith("Tls denies s3:")
        s3.put_bucket_policy(Bucket=bucket, Policy=policy, ConfirmRemoveSelfBucketAccess=True)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy

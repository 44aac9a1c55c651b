"""STS GetCallerIdentity."""

from urllib.parse import urlsplit

from holdfast.aws.http import Headers, Request
from in_process import ACCOUNT, Aws


def test_user_learns_who_it_is(aws: Aws) -> None:
    """A user's ARN, id and account are told."""
    answer = aws.sts.get_caller_identity()
    assert answer["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/administrator"
    assert answer["Account"] == ACCOUNT
    assert answer["UserId"].startswith("AIDA")


def test_presigned_request_is_answered(aws: Aws) -> None:
    """A presigned GET proves an identity to somebody else, as EKS uses it."""
    url = aws.sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    parts = urlsplit(url)
    headers = Headers([("host", parts.netloc)])
    response = aws.send(Request("GET", parts.path or "/", parts.query, headers))
    assert response.status == 200
    assert isinstance(response.body, bytes)
    assert b"user/administrator" in response.body

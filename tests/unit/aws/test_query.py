"""The protocol of STS and IAM."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws import protocols
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request
from holdfast.aws.models import service
from holdfast.aws.routing import Target

REQUEST = Request("POST", "/", "", Headers([("host", "h")]))
ROLE = "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx&RoleSessionName=me"


def parse(body: str) -> dict[str, Any]:
    """Parse an AssumeRole."""
    model = service("sts").operations["AssumeRole"]
    return protocols.parse("sts", model, REQUEST, Target("AssumeRole"), body.encode())


def test_lists_are_numbered() -> None:
    """In the order of their numbers, not of the form."""
    tags = "&Tags.member.10.Key=c&Tags.member.10.Value=3&Tags.member.2.Key=a+b&Tags.member.2.Value="
    params = parse(f"{ROLE}{tags}&DurationSeconds=900&TransitiveTagKeys.member.1=c")
    assert params == {
        "RoleArn": "arn:aws:iam::123456789012:role/x",
        "RoleSessionName": "me",
        "DurationSeconds": 900,
        "Tags": [{"Key": "a b", "Value": ""}, {"Key": "c", "Value": "3"}],
        "TransitiveTagKeys": ["c"],
    }


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (
            "RoleSessionName=me",
            "ValidationError",
            (
                "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ),
        (
            ROLE.replace("=me", "=m%20e"),
            "ValidationError",
            (
                "1 validation error detected: Value 'm e' at 'roleSessionName' failed to satisfy "
                r"constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
            ),
        ),
        (f"{ROLE}&DurationSeconds=long", "MalformedInput", "Unable to parse 'long' as integer"),
        (
            f"{ROLE}&DurationSeconds=1",
            "ValidationError",
            (
                "1 validation error detected: Value '1' at 'durationSeconds' failed to satisfy "
                "constraint: Member must have value greater than or equal to 900"
            ),
        ),
    ],
)
def test_refusals(body: str, code: str, said: str) -> None:
    """With STS's codes and words."""
    with pytest.raises(ServiceError) as caught:
        parse(body)
    assert (caught.value.code, caught.value.status, caught.value.message) == (code, 400, said)


def test_too_many_fields_are_refused() -> None:
    """A form has a bounded number of them."""
    with pytest.raises(ServiceError, match="MalformedQueryString"):
        parse("a=1&" * 20_000)


def test_a_response_as_sts_writes_it() -> None:
    """The result is wrapped twice, times have whole seconds."""
    model = service("sts").operations["AssumeRole"]
    expiration = datetime(2024, 1, 2, 3, 4, 5, 678901, UTC)
    response = protocols.serialize("sts", model, {"Credentials": {"Expiration": expiration}}, "RID")
    assert response.body == (
        b'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        b"<AssumeRoleResult><Credentials><Expiration>2024-01-02T03:04:05Z</Expiration>"
        b"</Credentials></AssumeRoleResult>"
        b"<ResponseMetadata><RequestId>RID</RequestId></ResponseMetadata></AssumeRoleResponse>\n"
    )
    assert dict(response.headers) == {"x-amzn-RequestId": "RID", "Content-Type": "text/xml"}


@pytest.mark.parametrize(("status", "kind"), [(400, "Sender"), (500, "Receiver")])
def test_errors(status: int, kind: str) -> None:
    """They say whose fault it is, and botocore reads them."""
    error = ServiceError("AccessDenied", "not <you>", status=status)
    response = protocols.serialize_error("sts", error, REQUEST, "RID", "", "/")
    shape: Any = None
    parsed = create_parser("query").parse(
        {"status_code": status, "headers": dict(response.headers), "body": response.body}, shape
    )
    assert parsed["Error"] == {"Type": kind, "Code": "AccessDenied", "Message": "not <you>"}
    assert parsed["ResponseMetadata"]["RequestId"] == "RID"


@given(st.binary(max_size=60) | st.text("Tags.member1Key&=%+", max_size=60).map(str.encode))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    """Parsing ends in parameters or in a client error."""
    with suppress(ServiceError):
        parse(body.decode("latin-1"))

"""Kinds of requests that are not served and are not signed like the others."""

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from aws_refusals import refused
from holdfast.aws.http import Headers, Request
from in_process import Aws

HOST = ("host", "127.0.0.1:8270")


def test_forms_of_browsers(aws: Aws) -> None:
    """A presigned POST names what is missing."""
    kind = ("content-type", "multipart/form-data; boundary=x")
    response = aws.send(Request("POST", "/bucket", "", Headers([HOST, kind])))
    assert response.status == 501
    assert isinstance(response.body, bytes)
    assert b"PostObject is not implemented" in response.body


def test_directory_buckets(aws: Aws) -> None:
    """They are signed for a service of their own."""
    with refused("NotImplemented", "directory buckets"):
        aws.s3.list_directory_buckets()


def test_assertions_of_saml(aws: Aws) -> None:
    """STS would take this from anybody, so the refusal says what is missing."""
    sts = aws.client("sts", config=Config(signature_version=UNSIGNED))
    with refused("NotImplemented", "AssumeRoleWithSAML is not implemented"):
        sts.assume_role_with_saml(
            RoleArn="arn:aws:iam::123456789012:role/ci",
            PrincipalArn="arn:aws:iam::123456789012:saml-provider/ci",
            SAMLAssertion="PHNhbWw+",
        )


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("ec2", "describe_regions"),
        ("logs", "describe_log_groups"),
        ("lambda", "list_functions"),
        ("sqs", "list_queues"),
    ],
)
def test_other_services(aws: Aws, service: str, method: str) -> None:
    """Whose requests come here when one endpoint is set for all: the answer says which are served."""
    client = aws.client(service)
    with pytest.raises(ClientError) as caught:
        getattr(client, method)()
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert f"The service '{service}' is not served here" in answer["Error"]["Message"]

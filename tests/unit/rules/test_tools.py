"""Programs named in user agents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.rules.tools import tool_of

SDK = " aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24 md/GOOS#linux api/s3#1.78.2"


@pytest.mark.parametrize(
    ("user_agent", "tool"),
    [
        (
            f"APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io){SDK}",
            "Terraform 1.11.4",
        ),
        (
            f"APN/1.0 HashiCorp/1.0 Terraform/1.11.4 terraform-provider-aws/5.90.0{SDK}",
            "terraform-provider-aws 5.90.0",
        ),
        (f"APN/1.0 OpenTofu-S3-Backend/1.0 OpenTofu/1.9.0{SDK}", "OpenTofu 1.9.0"),
        ("aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64", "aws-cli 2.15.0"),
        ("Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux lang/python#3.11", "Boto3 1.40.1"),
        ("Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux holdfast/0.1.0", "holdfast 0.1.0"),
        ("curl/8.5.0", "curl 8.5.0"),
        ("Go-http-client/1.1", "Go-http-client 1.1"),
        ("", ""),
        ("\x1b[31mred", ""),
    ],
)
def test_the_program_is_named_not_its_sdk(user_agent: str, tool: str) -> None:
    """Each program that works on states is told by its name and version."""
    assert tool_of(user_agent) == tool


@given(st.text())
def test_whatever_is_sent_the_name_is_short_and_plain(user_agent: str) -> None:
    """It can be printed at a terminal as it is."""
    tool = tool_of(user_agent)
    assert len(tool) <= 80
    assert tool.isascii()
    assert tool.isprintable()

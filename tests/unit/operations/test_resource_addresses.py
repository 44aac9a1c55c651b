"""Telling the address of a resource from the key of a state."""

import pytest

from holdfast.operations.resource_names import is_address


@pytest.mark.parametrize(
    "text",
    [
        "aws_s3_bucket.x",
        "aws_s3_bucket.x[0]",
        'terraform_data.y["k/l.tfstate"]',
        'module.m["a.b"].terraform_data.y["k"]',
        "data.http.it",
        "module.net",
    ],
)
def test_an_address_is_one(text: str) -> None:
    """Also with slashes and dots in the key of an instance."""
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prod",
        "terraform.tfstate",
        "my_app.tfstate",
        "module.tfstate",
        "prod/my_app.state",
        "env:/dev/my_app.state",
        "app.state",
        "my_app.state.json",
        "my_app",
        "s3://bucket/my_app.state",
        "my_app.",
        "aws_x.y[",
        "[0]",
    ],
)
def test_a_key_is_no_address(text: str) -> None:
    """What ends in .tfstate, has a slash, or a type without an underscore."""
    assert not is_address(text)

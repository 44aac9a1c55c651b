"""What the S3 wire tests share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "terraform-state"

Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def s3(aws: Any) -> "S3Client":
    """A boto3 client of a fresh server."""
    client: S3Client = aws.s3
    return client


@pytest.fixture
def bucket(s3: "S3Client") -> str:
    """The name of a new bucket."""
    s3.create_bucket(Bucket=BUCKET)
    return BUCKET


@pytest.fixture
def refused() -> Refused:
    """Calls what must be refused: `refused(s3.get_object, Bucket=...)` returns code, message, status.

    Further members of the error document are there by their names.
    """

    def call(method: Callable[..., Any], /, **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            method(**params)
        response: dict[str, Any] = dict(caught.value.response)
        error = response["Error"]
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        rest = {name: value for name, value in error.items() if name not in ("Code", "Message")}
        return {"code": error["Code"], "message": error["Message"], "status": status, **rest}

    return call

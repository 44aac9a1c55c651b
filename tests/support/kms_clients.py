"""KMS clients that send what boto3 would refuse."""

from typing import TYPE_CHECKING, cast

from botocore.config import Config

from in_process import Aws

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


def unchecked(aws: Aws) -> "KMSClient":
    """Return a client that leaves the checking of parameters to the server."""
    return cast("KMSClient", aws.client("kms", config=Config(parameter_validation=False)))

"""GetBucketVersioning and PutBucketVersioning."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_versioning_that_was_never_enabled_is_empty(s3: "S3Client", bucket: str) -> None:
    """Neither enabled nor suspended."""
    answer: Any = s3.get_bucket_versioning(Bucket=bucket)
    assert "Status" not in answer
    assert "MFADelete" not in answer


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_what_was_put_is_answered(
    s3: "S3Client", bucket: str, status: Literal["Enabled", "Suspended"]
) -> None:
    """Both states."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


def test_mfa_delete_can_be_said_to_be_off(s3: "S3Client", bucket: str) -> None:
    """And is answered then."""
    configuration: Any = {"Status": "Enabled", "MFADelete": "Disabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=configuration)
    assert s3.get_bucket_versioning(Bucket=bucket)["MFADelete"] == "Disabled"


def test_mfa_delete_cannot_be_enabled(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """It would promise what is not done."""
    error = refused(
        s3.put_bucket_versioning,
        Bucket=bucket,
        VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"},
    )
    assert (error["code"], error["status"]) == ("NotImplemented", 501)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_a_status_is_needed(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """An empty configuration says nothing."""
    error = refused(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={})
    assert (error["code"], error["status"]) == ("IllegalVersioningConfigurationException", 400)


def test_another_status_is_malformed(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Enabled or Suspended."""
    error = refused(
        s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Disabled"}
    )
    assert (error["code"], error["status"]) == ("MalformedXML", 400)

"""GetBucketOwnershipControls, PutBucketOwnershipControls and DeleteBucketOwnershipControls."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def _controls(*ownership: str) -> Any:
    return {"Rules": [{"ObjectOwnership": one} for one in ownership]}


def test_controls_that_were_put_are_answered(s3: "S3Client", bucket: str) -> None:
    """One rule."""
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls=_controls("BucketOwnerPreferred")
    )
    answer = s3.get_bucket_ownership_controls(Bucket=bucket)
    assert answer["OwnershipControls"] == _controls("BucketOwnerPreferred")


def test_after_deletion_there_are_none(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """OwnershipControlsNotFoundError."""
    answer = s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    error = refused(s3.get_bucket_ownership_controls, Bucket=bucket)
    assert (error["code"], error["status"]) == ("OwnershipControlsNotFoundError", 404)


@pytest.mark.parametrize(
    "controls",
    [_controls(), _controls("Nobody"), _controls("ObjectWriter", "BucketOwnerPreferred")],
)
def test_exactly_one_known_rule_is_needed(
    s3: "S3Client", bucket: str, refused: Refused, controls: Any
) -> None:
    """Anything else is MalformedXML."""
    error = refused(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls=controls)
    assert (error["code"], error["status"]) == ("MalformedXML", 400)

"""HeadBucket and GetBucketLocation."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_the_region_is_in_the_header(s3: "S3Client", bucket: str) -> None:
    """SDKs learn the region of a bucket from it."""
    answer = s3.head_bucket(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1"
    assert answer["BucketArn"] == f"arn:aws:s3:::{bucket}"
    assert answer["AccessPointAlias"] is False


def test_a_missing_bucket_is_404(s3: "S3Client", refused: Refused) -> None:
    """Without a body, so the code is the status."""
    error = refused(s3.head_bucket, Bucket="nothing-here")
    assert (error["code"], error["status"]) == ("404", 404)


def test_the_expected_owner_may_be_named(s3: "S3Client", bucket: str) -> None:
    """The account of the server."""
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="123456789012")


def test_another_expected_owner_is_refused(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """By every operation on a bucket."""
    error = refused(s3.head_bucket, Bucket=bucket, ExpectedBucketOwner="999999999999")
    assert error["status"] == 403
    error = refused(s3.get_bucket_location, Bucket=bucket, ExpectedBucketOwner="999999999999")
    assert (error["code"], error["status"]) == ("AccessDenied", 403)


def test_an_expected_owner_that_is_no_account_is_refused(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Twelve digits."""
    error = refused(s3.get_bucket_location, Bucket=bucket, ExpectedBucketOwner="me")
    assert (error["code"], error["status"]) == ("InvalidBucketOwnerAWSAccountID", 400)


def test_the_location_of_us_east_1_is_empty(s3: "S3Client", bucket: str) -> None:
    """The first region has no constraint."""
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


def test_the_location_of_a_missing_bucket(s3: "S3Client", refused: Refused) -> None:
    """The bucket is named in the error."""
    error = refused(s3.get_bucket_location, Bucket="nothing-here")
    assert (error["code"], error["status"]) == ("NoSuchBucket", 404)
    assert error["BucketName"] == "nothing-here"

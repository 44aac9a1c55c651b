"""DeleteBucket."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_an_empty_bucket_goes(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """With its settings: made again, it is new."""
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    answer = s3.delete_bucket(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.head_bucket, Bucket=bucket)["status"] == 404
    s3.create_bucket(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket)["code"] == "NoSuchTagSet"


def test_a_missing_bucket_is_404(s3: "S3Client", refused: Refused) -> None:
    """NoSuchBucket."""
    assert refused(s3.delete_bucket, Bucket="nothing-here")["code"] == "NoSuchBucket"


def test_a_bucket_with_an_object_stays(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """BucketNotEmpty."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    error = refused(s3.delete_bucket, Bucket=bucket)
    assert (error["code"], error["status"]) == ("BucketNotEmpty", 409)
    assert error["message"] == "The bucket you tried to delete is not empty"


def test_a_bucket_with_only_a_delete_marker_stays(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Every version and marker counts."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="a")
    error = refused(s3.delete_bucket, Bucket=bucket)
    assert error["code"] == "BucketNotEmpty"
    assert error["message"].endswith("You must delete all versions in the bucket.")
    s3.delete_object(Bucket=bucket, Key="a", VersionId=marker["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def test_an_upload_under_way_does_not_keep_a_bucket(s3: "S3Client", bucket: str) -> None:
    """It is given up with the bucket."""
    s3.create_multipart_upload(Bucket=bucket, Key="a")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)

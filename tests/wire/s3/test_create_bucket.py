"""CreateBucket."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_a_new_bucket_is_there(s3: "S3Client") -> None:
    """Its location and ARN are answered."""
    answer = s3.create_bucket(Bucket="state-one")
    assert answer["Location"] == "/state-one"
    assert answer["BucketArn"] == "arn:aws:s3:::state-one"
    assert s3.head_bucket(Bucket="state-one")["BucketRegion"] == "us-east-1"


def test_a_new_bucket_is_private(s3: "S3Client", bucket: str) -> None:
    """Public access is blocked, the owner owns every object, objects are encrypted."""
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_making_it_again_is_answered_with_200_in_us_east_1(s3: "S3Client", bucket: str) -> None:
    """As the oldest region does; the bucket keeps its settings."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket=bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


@pytest.mark.parametrize("name", ["Upper", "a..b", "under_score", "10.0.0.1"])
def test_an_illegal_name_is_refused(s3: "S3Client", refused: Refused, name: str) -> None:
    """With the name in the error."""
    error = refused(s3.create_bucket, Bucket=name)
    assert (error["code"], error["status"]) == ("InvalidBucketName", 400)
    assert error["message"] == "The specified bucket is not valid."
    assert error["BucketName"] == name


def test_another_region_is_refused(s3: "S3Client", refused: Refused) -> None:
    """This server is in one region."""
    error = refused(
        s3.create_bucket,
        Bucket="abc",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    assert (error["code"], error["status"]) == ("IllegalLocationConstraintException", 400)
    assert error["message"].startswith("The eu-west-1 location constraint is incompatible")


def test_us_east_1_is_no_location_constraint(s3: "S3Client", refused: Refused) -> None:
    """The first region is named by no constraint."""
    error = refused(
        s3.create_bucket,
        Bucket="abc",
        CreateBucketConfiguration={"LocationConstraint": "us-east-1"},
    )
    assert (error["code"], error["status"]) == ("InvalidLocationConstraint", 400)


def test_the_private_list_is_accepted(s3: "S3Client") -> None:
    """The AWS provider sends it with every bucket."""
    s3.create_bucket(Bucket="abc", ACL="private")
    assert s3.head_bucket(Bucket="abc")["BucketRegion"] == "us-east-1"


def test_a_public_list_is_refused(s3: "S3Client", refused: Refused) -> None:
    """Nothing here is public; no bucket is left behind."""
    error = refused(s3.create_bucket, Bucket="abc", ACL="public-read")
    assert (error["code"], error["status"]) == ("NotImplemented", 501)
    assert error["message"].startswith("CreateBucket:")
    assert s3.list_buckets()["Buckets"] == []


def test_object_lock_is_refused(s3: "S3Client", refused: Refused) -> None:
    """It is named in the answer."""
    error = refused(s3.create_bucket, Bucket="abc", ObjectLockEnabledForBucket=True)
    assert (error["code"], error["status"]) == ("NotImplemented", 501)
    assert "object lock" in error["message"]


def test_object_ownership_can_be_chosen(s3: "S3Client") -> None:
    """By the header."""
    s3.create_bucket(Bucket="abc", ObjectOwnership="ObjectWriter")
    controls = s3.get_bucket_ownership_controls(Bucket="abc")["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "ObjectWriter"}]


def test_tags_can_be_given(s3: "S3Client") -> None:
    """In the configuration."""
    tags: list[Any] = [{"Key": "team", "Value": "core"}, {"Key": "env", "Value": ""}]
    s3.create_bucket(Bucket="abc", CreateBucketConfiguration={"Tags": tags})
    found = s3.get_bucket_tagging(Bucket="abc")["TagSet"]
    assert sorted(found, key=str) == sorted(tags, key=str)

"""GetPublicAccessBlock, PutPublicAccessBlock and DeletePublicAccessBlock."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_switches_not_sent_are_off(s3: "S3Client", bucket: str) -> None:
    """All four are answered."""
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )
    answer = s3.get_public_access_block(Bucket=bucket)
    assert answer["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }


def test_after_deletion_there_is_none(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """The AWS provider waits for this answer when it destroys."""
    answer = s3.delete_public_access_block(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    error = refused(s3.get_public_access_block, Bucket=bucket)
    assert (error["code"], error["status"]) == ("NoSuchPublicAccessBlockConfiguration", 404)
    assert error["message"] == "The public access block configuration was not found"

"""GetObjectTagging, PutObjectTagging and DeleteObjectTagging over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_tags_are_replaced_and_removed(s3: "S3Client", bucket: str) -> None:
    """Content and version stay what they are."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="a=1")["VersionId"]
    tags: Any = {"TagSet": [{"Key": "b", "Value": "2"}]}
    assert s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags)["VersionId"] == version
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags["TagSet"]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_tags_of_an_older_version(s3: "S3Client", bucket: str) -> None:
    """Each version has its own."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    tags: Any = {"TagSet": [{"Key": "keep", "Value": ""}]}
    s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=old, Tagging=tags)
    found = s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=old)
    assert (found["VersionId"], found["TagSet"]) == (old, tags["TagSet"])
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_limits(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Ten tags, no prefix of AWS's, no key twice."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")

    def code(*keys: str) -> str:
        tags = {"TagSet": [{"Key": key, "Value": ""} for key in keys]}
        return str(refused(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=tags)["code"])

    assert code(*map(str, range(11))) == "BadRequest"
    assert code("aws:x") == "InvalidTag"
    assert code("x", "x") == "InvalidTag"
    assert code("x" * 129) == "InvalidTag"
    assert code("a<b") == "InvalidTag"


def test_missing_key(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A 404 as everywhere."""
    assert refused(s3.get_object_tagging, Bucket=bucket, Key="k")["code"] == "NoSuchKey"

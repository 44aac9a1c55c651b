"""GetObjectAcl and PutObjectAcl over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_owner_has_full_control(s3: "S3Client", bucket: str) -> None:
    """Nobody else is on the list."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    found = s3.get_object_acl(Bucket=bucket, Key="k")
    assert [grant["Permission"] for grant in found["Grants"]] == ["FULL_CONTROL"]
    assert found["Grants"][0]["Grantee"]["ID"] == found["Owner"]["ID"]


def test_private_is_accepted_and_nothing_else(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """As in a bucket whose owner is enforced."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    error = refused(s3.put_object_acl, Bucket=bucket, Key="k", ACL="public-read")
    assert (error["code"], error["status"]) == ("AccessControlListNotSupported", 400)


def test_missing_key(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A 404 as everywhere."""
    assert refused(s3.get_object_acl, Bucket=bucket, Key="k")["code"] == "NoSuchKey"

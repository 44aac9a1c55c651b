"""GetBucketAcl and PutBucketAcl."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def open_bucket(s3: "S3Client") -> str:
    """A bucket in which access control lists mean something, and nothing is blocked."""
    s3.create_bucket(Bucket="lists", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="lists")
    return "lists"


def test_the_owner_has_full_control(s3: "S3Client", bucket: str) -> None:
    """And nobody else has anything."""
    answer = s3.get_bucket_acl(Bucket=bucket)
    assert answer["Owner"] == s3.list_buckets()["Owner"]
    (grant,) = answer["Grants"]
    assert grant["Permission"] == "FULL_CONTROL"
    assert grant["Grantee"] == {"Type": "CanonicalUser", "ID": answer["Owner"]["ID"]}


def test_lists_are_refused_while_ownership_is_enforced(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """As in every new bucket of S3."""
    error = refused(s3.put_bucket_acl, Bucket=bucket, ACL="private")
    assert (error["code"], error["status"]) == ("AccessControlListNotSupported", 400)
    assert error["message"] == "The bucket does not allow ACLs"


def test_the_private_list_is_accepted(s3: "S3Client", open_bucket: str) -> None:
    """By its name."""
    s3.put_bucket_acl(Bucket=open_bucket, ACL="private")


def test_what_was_read_can_be_put_back(s3: "S3Client", open_bucket: str) -> None:
    """The grants of the private list are the private list."""
    read = s3.get_bucket_acl(Bucket=open_bucket)
    policy: Any = {"Owner": read["Owner"], "Grants": read["Grants"]}
    s3.put_bucket_acl(Bucket=open_bucket, AccessControlPolicy=policy)


@pytest.mark.parametrize(
    "params",
    [
        {"ACL": "public-read"},
        {"GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'},
        {
            "AccessControlPolicy": {
                "Grants": [
                    {"Grantee": {"Type": "CanonicalUser", "ID": "0" * 64}, "Permission": "READ"}
                ]
            }
        },
    ],
)
def test_any_other_list_is_refused(
    s3: "S3Client", open_bucket: str, refused: Refused, params: dict[str, Any]
) -> None:
    """However it is written."""
    error = refused(s3.put_bucket_acl, Bucket=open_bucket, **params)
    assert (error["code"], error["status"]) == ("NotImplemented", 501)
    assert error["message"].startswith("PutBucketAcl:")


def test_a_public_list_is_denied_while_they_are_blocked(s3: "S3Client", refused: Refused) -> None:
    """BlockPublicAcls."""
    s3.create_bucket(Bucket="blocked", ObjectOwnership="ObjectWriter")
    error = refused(s3.put_bucket_acl, Bucket="blocked", ACL="public-read")
    assert (error["code"], error["status"]) == ("AccessDenied", 403)


def test_an_unknown_list_is_refused(s3: "S3Client", open_bucket: str, refused: Refused) -> None:
    """InvalidArgument."""
    error = refused(s3.put_bucket_acl, Bucket=open_bucket, ACL="friends")
    assert (error["code"], error["status"]) == ("InvalidArgument", 400)

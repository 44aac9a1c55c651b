"""DeleteObject over the wire."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def enable(s3: "S3Client", bucket: str) -> None:
    """Turn versioning on."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def test_deleted_object_is_gone(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Without versioning nothing remains."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    answer = s3.delete_object(Bucket=bucket, Key="k")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "VersionId" not in set(answer)
    assert refused(s3.get_object, Bucket=bucket, Key="k")["code"] == "NoSuchKey"
    assert "Versions" not in s3.list_object_versions(Bucket=bucket)


def test_deleting_nothing_is_no_error(s3: "S3Client", bucket: str) -> None:
    """Also by an id that no version has."""
    assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    s3.delete_object(Bucket=bucket, Key="k", VersionId="A" * 32)


def test_delete_marker_hides_and_removing_it_restores(s3: "S3Client", bucket: str) -> None:
    """With versioning a deletion is a version too."""
    enable(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    answer = s3.delete_object(Bucket=bucket, Key="k")
    assert answer["DeleteMarker"] is True
    removed = s3.delete_object(Bucket=bucket, Key="k", VersionId=answer["VersionId"])
    assert removed["DeleteMarker"] is True
    assert removed["VersionId"] == answer["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_deleting_the_newest_version_promotes_the_one_before(s3: "S3Client", bucket: str) -> None:
    """The chain closes."""
    enable(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"22")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=second)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Size"] == 1


def test_suspended_versioning_replaces_the_null_version(s3: "S3Client", bucket: str) -> None:
    """A deletion leaves a null delete marker, older versions stay."""
    enable(s3, bucket)
    kept = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    answer = s3.delete_object(Bucket=bucket, Key="k")
    assert (answer["VersionId"], answer["DeleteMarker"]) == ("null", True)
    listed = s3.list_object_versions(Bucket=bucket)
    assert [one["VersionId"] for one in listed["Versions"]] == [kept]
    assert [one["VersionId"] for one in listed["DeleteMarkers"]] == ["null"]


def test_conditions(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Tag, size and time are compared in the transaction that deletes."""
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"12345")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    delete: dict[str, Any] = {"Bucket": bucket, "Key": "k"}
    assert refused(s3.delete_object, **delete, IfMatch='"other"')["status"] == 412
    assert refused(s3.delete_object, **delete, IfMatchSize=4)["code"] == "PreconditionFailed"
    early = modified - timedelta(days=1)
    assert refused(s3.delete_object, **delete, IfMatchLastModifiedTime=early)["status"] == 412
    s3.delete_object(
        Bucket=bucket, Key="k", IfMatch=etag, IfMatchSize=5, IfMatchLastModifiedTime=modified
    )
    assert refused(s3.head_object, Bucket=bucket, Key="k")["status"] == 404


def test_invalid_version_id(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Not every text can be one."""
    error = refused(s3.delete_object, Bucket=bucket, Key="k", VersionId="abc")
    assert (error["code"], error["status"]) == ("InvalidArgument", 400)


def test_tag_is_not_met_where_there_is_no_object(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Never written or behind a delete marker: a 404, and nothing changes."""
    enable(s3, bucket)
    for tag in ("*", '"any"'):
        error = refused(s3.delete_object, Bucket=bucket, Key="k", IfMatch=tag)
        assert (error["code"], error["status"], error["Key"]) == ("NoSuchKey", 404, "k")
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused(s3.delete_object, Bucket=bucket, Key="k", IfMatch="*")["code"] == "NoSuchKey"
    assert len(s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]) == 1


def test_there_is_no_governance_to_bypass(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """The header is for buckets with object lock."""
    delete: dict[str, Any] = {"Bucket": bucket, "Key": "k", "BypassGovernanceRetention": True}
    error = refused(s3.delete_object, **delete)
    assert error["code"] == "InvalidArgument"
    assert error["ArgumentName"] == "x-amz-bypass-governance-retention"

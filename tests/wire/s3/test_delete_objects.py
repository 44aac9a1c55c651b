"""DeleteObjects over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def test_many_are_deleted_at_once(s3: "S3Client", bucket: str) -> None:
    """Missing ones count as deleted."""
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"")
    wanted: list[Any] = [{"Key": f"k{number}"} for number in range(6)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert [one["Key"] for one in answer["Deleted"]] == [one["Key"] for one in wanted]
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_quiet_reports_errors_only(s3: "S3Client", bucket: str) -> None:
    """One bad item does not stop the others."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    answer = s3.delete_objects(
        Bucket=bucket,
        Delete={"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "bad"}], "Quiet": True},
    )
    assert "Deleted" not in set(answer)
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("b", "NoSuchVersion")]
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_versions_and_markers(s3: "S3Client", bucket: str) -> None:
    """Deleting a key leaves a marker and names it; deleting a version does not."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"")["VersionId"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})["Deleted"][0]
    assert answer["DeleteMarker"] is True
    marker = answer["DeleteMarkerVersionId"]
    deleted = s3.delete_objects(
        Bucket=bucket,
        Delete={"Objects": [{"Key": "k", "VersionId": marker}, {"Key": "k", "VersionId": version}]},
    )["Deleted"]
    assert deleted[0]["VersionId"] == marker
    assert deleted[0]["DeleteMarkerVersionId"] == marker
    assert "DeleteMarker" not in deleted[1]
    assert "Versions" not in s3.list_object_versions(Bucket=bucket)


def test_conditional_items(s3: "S3Client", bucket: str) -> None:
    """Each item may say what it expects."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": '"other"'}]})
    assert answer["Errors"][0]["Code"] == "PreconditionFailed"
    s3.head_object(Bucket=bucket, Key="k")


def test_more_than_a_thousand_is_malformed(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """AWS's schema ends there."""
    wanted = [{"Key": str(number)} for number in range(1001)]
    error = refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": wanted})
    assert (error["code"], error["status"]) == ("MalformedXML", 400)


def test_tag_of_an_object_that_is_not_there(s3: "S3Client", bucket: str) -> None:
    """It is refused for this item, as DeleteObject does."""
    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "a", "ETag": '"x"'}, {"Key": "b"}]}
    )
    assert [one["Key"] for one in answer["Deleted"]] == ["b"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("a", "NoSuchKey")]

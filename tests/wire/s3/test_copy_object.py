"""CopyObject over the wire."""

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]


def customer(key: bytes, prefix: str = "") -> dict[str, Any]:
    """Return the three SSE-C members for a key."""
    md5 = hashlib.md5(key, usedforsecurity=False).digest()
    return {
        f"{prefix}SSECustomerAlgorithm": "AES256",
        f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
        f"{prefix}SSECustomerKeyMD5": base64.b64encode(md5).decode(),
    }


def test_copy_keeps_content_metadata_and_tags(s3: "S3Client", bucket: str) -> None:
    """The directives are COPY unless the request says otherwise."""
    s3.put_object(
        Bucket=bucket,
        Key="a b/é",
        Body=b"state",
        ContentType="application/json",
        Metadata={"x": "1"},
        Tagging="t=1",
        ChecksumAlgorithm="SHA256",
    )
    answer = s3.copy_object(
        Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b/é"}
    )
    md5 = hashlib.md5(b"state", usedforsecurity=False).hexdigest()
    assert answer["CopyObjectResult"]["ETag"] == f'"{md5}"'
    assert "ChecksumSHA256" in answer["CopyObjectResult"]
    found = s3.get_object(Bucket=bucket, Key="copy")
    assert found["Body"].read() == b"state"
    assert found["ContentType"] == "application/json"
    assert found["Metadata"] == {"x": "1"}
    tags = s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"]
    assert tags == [{"Key": "t", "Value": "1"}]


def test_replace_directives(s3: "S3Client", bucket: str) -> None:
    """Metadata and tags come from the request."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"1", Metadata={"x": "1"}, Tagging="t=1")
    s3.copy_object(
        Bucket=bucket,
        Key="a",
        CopySource=f"{bucket}/a",
        MetadataDirective="REPLACE",
        Metadata={"y": "2"},
        ContentType="text/plain",
        TaggingDirective="REPLACE",
        Tagging="u=2",
    )
    found = s3.head_object(Bucket=bucket, Key="a")
    assert found["Metadata"] == {"y": "2"}
    assert found["ContentType"] == "text/plain"
    tags = s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"]
    assert tags == [{"Key": "u", "Value": "2"}]


def test_copy_onto_itself_must_change_something(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """AWS refuses it otherwise."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    error = refused(s3.copy_object, Bucket=bucket, Key="a", CopySource=f"{bucket}/a")
    assert (error["code"], error["status"]) == ("InvalidRequest", 400)
    s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a", StorageClass="STANDARD_IA")


def test_old_version_is_restored_by_copying_it(s3: "S3Client", bucket: str) -> None:
    """The usual way back."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="a", Body=b"old")["VersionId"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"new")
    answer = s3.copy_object(
        Bucket=bucket, Key="a", CopySource={"Bucket": bucket, "Key": "a", "VersionId": old}
    )
    assert answer["CopySourceVersionId"] == old
    assert answer["VersionId"] != old
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"old"


def test_conditions_on_the_source(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """All of them fail with 412."""
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"1")["ETag"]
    copy: dict[str, Any] = {"Bucket": bucket, "Key": "b", "CopySource": f"{bucket}/a"}
    assert refused(s3.copy_object, **copy, CopySourceIfMatch='"x"')["status"] == 412
    assert refused(s3.copy_object, **copy, CopySourceIfNoneMatch=etag)["status"] == 412
    s3.copy_object(**copy, CopySourceIfMatch=etag)


def test_missing_sources(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Bucket, key, version, and a delete marker."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    copy: dict[str, Any] = {"Bucket": bucket, "Key": "b"}
    assert refused(s3.copy_object, **copy, CopySource="nowhere/a")["code"] == "NoSuchBucket"
    assert refused(s3.copy_object, **copy, CopySource=f"{bucket}/a")["code"] == "NoSuchKey"
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    source = f"{bucket}/a?versionId={marker}"
    assert refused(s3.copy_object, **copy, CopySource=source)["code"] == "InvalidRequest"
    source = f"{bucket}/a?versionId={'A' * 32}"
    assert refused(s3.copy_object, **copy, CopySource=source)["code"] == "NoSuchVersion"


def test_copy_between_encryptions(s3: "S3Client", bucket: str) -> None:
    """The copy is encrypted as the request and the bucket say, not as the source was."""
    first, second = bytes(range(32)), bytes(32)
    s3.put_object(Bucket=bucket, Key="a", Body=b"1" * 3_000_000, **customer(first))
    s3.copy_object(
        Bucket=bucket,
        Key="b",
        CopySource=f"{bucket}/a",
        **customer(first, "CopySource"),
        **customer(second),
    )
    s3.copy_object(
        Bucket=bucket,
        Key="c",
        CopySource=f"{bucket}/b",
        ServerSideEncryption="aws:kms",
        **customer(second, "CopySource"),
    )
    found = s3.get_object(Bucket=bucket, Key="c")
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["Body"].read() == b"1" * 3_000_000


def test_condition_on_the_target(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """If-None-Match holds for copies too."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.put_object(Bucket=bucket, Key="b", Body=b"2")
    error = refused(
        s3.copy_object, Bucket=bucket, Key="b", CopySource=f"{bucket}/a", IfNoneMatch="*"
    )
    assert error["status"] == 412

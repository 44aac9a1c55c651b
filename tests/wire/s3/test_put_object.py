"""PutObject over the wire."""

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from in_process import Aws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]

KEY = "env:/dev/a b/é+&.tfstate"


def test_object_is_stored_and_its_etag_is_the_md5(s3: "S3Client", bucket: str) -> None:
    """With SSE-S3 the tag is the MD5 of the content."""
    answer = s3.put_object(Bucket=bucket, Key=KEY, Body=b"hello")
    assert answer["ETag"] == f'"{hashlib.md5(b"hello", usedforsecurity=False).hexdigest()}"'
    assert answer["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"hello"


def test_version_id_is_reported_once_versioning_is_enabled(s3: "S3Client", bucket: str) -> None:
    """A bucket that never had versioning reports none."""
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert len(s3.put_object(Bucket=bucket, Key="k", Body=b"2")["VersionId"]) == 32
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"3")["VersionId"] == "null"


def test_metadata_and_headers_come_back(s3: "S3Client", bucket: str) -> None:
    """What describes an object is kept with it."""
    s3.put_object(
        Bucket=bucket,
        Key="k",
        Body=b"{}",
        ContentType="application/json",
        CacheControl="no-store",
        ContentDisposition="inline",
        ContentLanguage="en",
        ContentEncoding="gzip",
        Metadata={"Owner": "team-a"},
        StorageClass="STANDARD_IA",
        Tagging="a=1&b=two%20words",
        WebsiteRedirectLocation="/elsewhere",
    )
    found = s3.head_object(Bucket=bucket, Key="k")
    assert found["ContentType"] == "application/json"
    assert found["CacheControl"] == "no-store"
    assert found["ContentDisposition"] == "inline"
    assert found["ContentLanguage"] == "en"
    assert found["ContentEncoding"] == "gzip"
    assert found["Metadata"] == {"owner": "team-a"}
    assert found["StorageClass"] == "STANDARD_IA"
    assert found["WebsiteRedirectLocation"] == "/elsewhere"
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "two words"}]


def test_if_none_match_refuses_a_second_writer(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """This is how Terraform's lock file excludes."""
    s3.put_object(Bucket=bucket, Key="lock", Body=b"1", IfNoneMatch="*")
    error = refused(s3.put_object, Bucket=bucket, Key="lock", Body=b"2", IfNoneMatch="*")
    assert (error["code"], error["status"]) == ("PreconditionFailed", 412)
    assert error["Condition"] == "If-None-Match"
    assert s3.get_object(Bucket=bucket, Key="lock")["Body"].read() == b"1"


def test_if_none_match_succeeds_over_a_delete_marker(s3: "S3Client", bucket: str) -> None:
    """A delete marker counts as no object."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="lock", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="lock")
    s3.put_object(Bucket=bucket, Key="lock", Body=b"2", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="lock")["Body"].read() == b"2"


def test_if_none_match_takes_only_the_asterisk(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """AWS implements nothing else on writes."""
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", IfNoneMatch='"abc"')
    assert (error["code"], error["status"]) == ("NotImplemented", 501)


def test_if_match_replaces_exactly_what_was_read(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """A stale tag is a 412, an absent object a 404."""
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch='"abc"')
    assert (error["code"], error["status"]) == ("NoSuchKey", 404)
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=etag)
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"3", IfMatch=etag)
    assert (error["code"], error["status"]) == ("PreconditionFailed", 412)
    assert error["Condition"] == "If-Match"


def test_key_longer_than_1024_bytes_is_refused(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Bytes count, not characters."""
    s3.put_object(Bucket=bucket, Key="é" * 512, Body=b"")
    error = refused(s3.put_object, Bucket=bucket, Key="é" * 512 + "x", Body=b"")
    assert (error["code"], error["status"]) == ("KeyTooLongError", 400)
    assert error["Size"] == "1025"


def test_metadata_over_2_kb_is_refused(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Names and values count together."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2047})
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})
    assert error["code"] == "MetadataTooLarge"


def test_refused_headers(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Each has AWS's own code."""
    put: dict[str, Any] = {"Bucket": bucket, "Key": "k", "Body": b""}
    assert refused(s3.put_object, **put, StorageClass="FAST")["code"] == "InvalidStorageClass"
    assert (
        refused(s3.put_object, **put, ACL="public-read")["code"] == "AccessControlListNotSupported"
    )
    error = refused(s3.put_object, **put, ObjectLockLegalHoldStatus="ON")
    assert error["message"] == "Bucket is missing Object Lock Configuration"
    assert refused(s3.put_object, **put, ServerSideEncryption="rot13")["code"] == "InvalidArgument"
    assert refused(s3.put_object, **put, Tagging="a=1&a=2")["code"] == "InvalidTag"


def test_private_acl_is_accepted(s3: "S3Client", bucket: str) -> None:
    """Terraform's `acl` argument may say private or bucket-owner-full-control."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="private")
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="bucket-owner-full-control")


def test_no_bucket(s3: "S3Client", refused: Refused) -> None:
    """A missing bucket is a 404."""
    error = refused(s3.put_object, Bucket="nowhere", Key="k", Body=b"")
    assert (error["code"], error["status"]) == ("NoSuchBucket", 404)


def test_no_bucket_comes_before_a_wrong_header(s3: "S3Client", refused: Refused) -> None:
    """Where there is no bucket, nobody is told what else is wrong."""
    bad = {"x": "y" * 3000}
    error = refused(s3.put_object, Bucket="nowhere", Key="k", Body=b"", Metadata=bad)
    assert (error["code"], error["status"]) == ("NoSuchBucket", 404)


def test_checksum_is_reported_and_kept(s3: "S3Client", bucket: str) -> None:
    """A client that asks gets it back with the content."""
    expected = base64.b64encode(hashlib.sha256(b"state").digest()).decode()
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"state", ChecksumAlgorithm="SHA256")
    assert answer["ChecksumSHA256"] == expected
    assert answer["ChecksumType"] == "FULL_OBJECT"
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"] == expected


def test_wrong_checksum_keeps_nothing(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """What does not arrive whole is not stored."""
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"state", ChecksumSHA256=wrong)
    assert (error["code"], error["status"]) == ("BadDigest", 400)
    assert refused(s3.get_object, Bucket=bucket, Key="k")["code"] == "NoSuchKey"


def test_large_object_comes_back_whole(s3: "S3Client", bucket: str) -> None:
    """Many chunks are one object."""
    body = bytes(range(256)) * 20_000
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_conditions_that_writes_do_not_have(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """S3 names the header and says why."""
    put: dict[str, Any] = {"Bucket": bucket, "Key": "k", "Body": b""}
    star = refused(s3.put_object, **put, IfMatch="*")
    assert (star["code"], star["status"], star["Header"]) == ("NotImplemented", 501, "If-Match")
    assert "provided value of If-Match" in star["additionalMessage"]
    both = refused(s3.put_object, **put, IfMatch='"a"', IfNoneMatch="*")
    assert (both["code"], both["Header"]) == ("NotImplemented", "If-Match,If-None-Match")


def test_checksum_that_s3_computes_when_none_is_sent(aws: Aws, bucket: str) -> None:
    """It is a CRC64NVME of the whole object; the known value is of the nine digits."""
    plain = aws.client("s3", config=Config(request_checksum_calculation="when_required"))
    put = plain.put_object(Bucket=bucket, Key="k", Body=b"123456789")
    known = base64.b64encode((0xAE8B14860A799888).to_bytes(8, "big")).decode()
    assert (put["ChecksumCRC64NVME"], put["ChecksumType"]) == (known, "FULL_OBJECT")
    head = plain.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == known
    copied = plain.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")
    assert copied["CopyObjectResult"]["ChecksumCRC64NVME"] == known

"""CompleteMultipartUpload over the wire."""

import base64
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from holdfast.engine.port import Reader
from holdfast.engine.records import ObjectVersion
from holdfast.server.caller import Caller
from holdfast.server.operation import Context, Snapshot
from holdfast.server.s3.verify import verify_version

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]

MIB = 1024 * 1024
BODIES = {1: b"a" * (5 * MIB), 2: b"b" * (5 * MIB + 17), 3: b"c" * 5}
WHOLE = b"".join(BODIES.values())


def begin(s3: "S3Client", bucket: str, **options: Any) -> dict[str, Any]:
    """Create an upload; return the members that name it."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **options)
    return {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}


def put_parts(s3: "S3Client", upload: dict[str, Any], algorithm: str = "") -> dict[str, Any]:
    """Upload the three parts, the last one first; return what completes them."""
    options: Any = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    parts: list[Any] = []
    for number in (3, 1, 2):
        answer: Any = s3.upload_part(**upload, PartNumber=number, Body=BODIES[number], **options)
        part = {"PartNumber": number, "ETag": answer["ETag"]}
        if algorithm:
            part[f"Checksum{algorithm}"] = answer[f"Checksum{algorithm}"]
        parts.append(part)
    return {"Parts": sorted(parts, key=lambda part: int(part["PartNumber"]))}


def test_parts_become_one_object(s3: "S3Client", bucket: str) -> None:
    """Its tag is made of the tags of its parts, and parts stay readable by number."""
    upload = begin(s3, bucket, Metadata={"a": "b"}, ContentType="application/json", Tagging="x=y")
    parts: Any = put_parts(s3, upload)
    answer = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    digests = b"".join(
        hashlib.md5(body, usedforsecurity=False).digest() for body in BODIES.values()
    )
    expected = hashlib.md5(digests, usedforsecurity=False).hexdigest()
    assert answer["ETag"] == f'"{expected}-3"'
    assert answer["Location"].endswith(f"/{bucket}/k")
    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["Body"].read() == WHOLE
    assert (found["Metadata"], found["ContentType"]) == ({"a": "b"}, "application/json")
    assert found["TagCount"] == 1
    part = s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    assert (part["Body"].read(), part["PartsCount"]) == (BODIES[3], 3)
    across = f"bytes={5 * MIB - 2}-{5 * MIB + 1}"
    assert s3.get_object(Bucket=bucket, Key="k", Range=across)["Body"].read() == b"aabb"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("encryption", ["AES256", "aws:kms"])
def test_encrypted_uploads(s3: "S3Client", bucket: str, encryption: Any) -> None:
    """Whatever the encryption, the content comes back."""
    upload = begin(s3, bucket, ServerSideEncryption=encryption)
    answer = s3.complete_multipart_upload(
        **upload, MultipartUpload=cast("Any", put_parts(s3, upload))
    )
    assert answer["ServerSideEncryption"] == encryption
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == WHOLE


def test_composite_checksum(s3: "S3Client", bucket: str) -> None:
    """The checksum of the parts' checksums, and how many there are."""
    upload = begin(s3, bucket, ChecksumAlgorithm="SHA256")
    parts: Any = put_parts(s3, upload, "SHA256")
    answer = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    digests = b"".join(hashlib.sha256(body).digest() for body in BODIES.values())
    expected = base64.b64encode(hashlib.sha256(digests).digest()).decode()
    assert answer["ChecksumSHA256"] == f"{expected}-3"
    assert answer["ChecksumType"] == "COMPOSITE"


def test_full_object_checksum(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A CRC of the whole is computed from those of the parts, and compared."""
    upload = begin(s3, bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts: Any = put_parts(s3, upload, "CRC32")
    expected = base64.b64encode(zlib.crc32(WHOLE).to_bytes(4, "big")).decode()
    error = refused(
        s3.complete_multipart_upload, **upload, MultipartUpload=parts, ChecksumCRC32="AAAAAA=="
    )
    assert error["code"] == "BadDigest"
    answer = s3.complete_multipart_upload(
        **upload,
        MultipartUpload=parts,
        ChecksumCRC32=expected,
    )
    assert answer["ChecksumCRC32"] == expected


def test_asking_again_gives_the_same_answer(s3: "S3Client", bucket: str) -> None:
    """A client whose answer was lost does that."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    upload = begin(s3, bucket)
    parts: Any = put_parts(s3, upload)
    first = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    again = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert first["VersionId"] == again["VersionId"]
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1


def test_wrong_lists_of_parts(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Order, tags, sizes; nothing is lost by the attempt."""
    upload = begin(s3, bucket)
    parts: Any = put_parts(s3, upload)["Parts"]

    def code(*chosen: Any) -> tuple[str, int]:
        error = refused(
            s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": list(chosen)}
        )
        return error["code"], error["status"]

    first, second, third = parts
    assert code(second, first) == ("InvalidPartOrder", 400)
    assert code(first, first) == ("InvalidPartOrder", 400)
    assert code(first | {"ETag": second["ETag"]}) == ("InvalidPart", 400)
    assert code({"PartNumber": 9, "ETag": first["ETag"]}) == ("InvalidPart", 400)
    assert code({"PartNumber": 1, "ETag": '"not a tag"'}) == ("InvalidPart", 400)
    assert code() == ("MalformedXML", 400)
    small = s3.upload_part(**upload, PartNumber=1, Body=b"small")
    assert code({"PartNumber": 1, "ETag": small["ETag"]}, second) == ("EntityTooSmall", 400)
    assert code({"PartNumber": 3, "ETag": third["ETag"]}, {**third, "PartNumber": 4})[0] == (
        "InvalidPart"
    )
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [second, third]})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODIES[2] + BODIES[3]


def test_size_and_conditions(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Both are checked in the transaction that links."""
    upload = begin(s3, bucket)
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"abc")["ETag"]
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    complete: dict[str, Any] = {**upload, "MultipartUpload": parts}
    error = refused(s3.complete_multipart_upload, **complete, MpuObjectSize=4)
    assert error["code"] == "InvalidRequest"
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    error = refused(s3.complete_multipart_upload, **complete, IfNoneMatch="*")
    assert error["status"] == 412
    error = refused(s3.complete_multipart_upload, **complete, IfMatch='"x"')
    assert error["status"] == 412
    s3.complete_multipart_upload(**complete, MpuObjectSize=3)


def test_unknown_upload(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A 404."""
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": '"' + "0" * 32 + '"'}]}
    error = refused(
        s3.complete_multipart_upload, Bucket=bucket, Key="k", UploadId="x", MultipartUpload=parts
    )
    assert (error["code"], error["status"]) == ("NoSuchUpload", 404)


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_what_is_stored_verifies(aws: Any, s3: "S3Client", bucket: str, kind: Any) -> None:
    """Tag and checksums can be computed again from the bodies."""
    upload = begin(
        s3,
        bucket,
        ChecksumAlgorithm="CRC32C",
        ChecksumType=kind,
        ServerSideEncryption="aws:kms",
    )
    parts: Any = put_parts(s3, upload, "CRC32C")
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    read: list[int] = []

    def verify(tx: Reader) -> list[str]:
        caller = Caller(arn="", user_id="", access_key_id="")
        context = Context(aws.site, caller, aws.clock(), "", aws.engine.view)
        version = next(tx.scan(ObjectVersion, bucket, "k"))
        return verify_version(Snapshot(tx, context), version, Counter(), read.append)

    assert aws.engine.view(verify) == []
    assert sum(read) == len(WHOLE)

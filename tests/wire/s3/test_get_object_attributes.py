"""GetObjectAttributes over the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]
ALL: list[Any] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
PART = 5 * 1024 * 1024


def test_attributes_of_a_whole_object(s3: "S3Client", bucket: str) -> None:
    """The tag is without quotes, only here."""
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA1")
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert found["ETag"] == put["ETag"].strip('"')
    assert found["ObjectSize"] == 5
    assert found["StorageClass"] == "STANDARD"
    assert found["Checksum"]["ChecksumSHA1"] == put["ChecksumSHA1"]
    assert found["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert "ObjectParts" not in found


def test_only_what_is_asked_for(s3: "S3Client", bucket: str) -> None:
    """Nothing more."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert found["ObjectSize"] == 5
    assert "ETag" not in found


def test_parts_in_pages(s3: "S3Client", bucket: str) -> None:
    """Parts are listed with their checksums."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")
    about: dict[str, Any] = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    parts: list[Any] = []
    for number, body in ((1, b"a" * PART), (2, b"b" * 10)):
        part = s3.upload_part(**about, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append(
            {
                "PartNumber": number,
                "ETag": part["ETag"],
                "ChecksumSHA256": part["ChecksumSHA256"],
            }
        )
    s3.complete_multipart_upload(**about, MultipartUpload={"Parts": parts})
    found = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], MaxParts=1
    )["ObjectParts"]
    assert found["TotalPartsCount"] == 2
    assert found["IsTruncated"] is True
    assert found["NextPartNumberMarker"] == 1
    assert [part["Size"] for part in found["Parts"]] == [PART]
    rest = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], PartNumberMarker=1
    )["ObjectParts"]
    assert rest["Parts"][0]["ChecksumSHA256"] == parts[1]["ChecksumSHA256"]


def test_missing_key(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A 404 as everywhere."""
    error = refused(s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
    assert error["code"] == "NoSuchKey"


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_checksum_of_an_upload_in_parts(s3: "S3Client", bucket: str, kind: Any) -> None:
    """A composite one is without its number of parts here; parts are listed only with such a one."""
    upload = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType=kind
    )
    about: dict[str, Any] = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    part = s3.upload_part(**about, PartNumber=1, Body=b"abc", ChecksumAlgorithm="CRC32")
    listed: Any = [{"PartNumber": 1, **{n: part[n] for n in ("ETag", "ChecksumCRC32")}}]
    done = s3.complete_multipart_upload(**about, MultipartUpload={"Parts": listed})
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert found["Checksum"]["ChecksumCRC32"] == done["ChecksumCRC32"].removesuffix("-1")
    assert found["ObjectParts"]["TotalPartsCount"] == 1
    assert ("Parts" in found["ObjectParts"]) == (kind == "COMPOSITE")

"""Encryption of objects over the wire: SSE-S3, SSE-KMS, SSE-C, and the bucket's default."""

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]
KEY = bytes(range(32))
OTHER = bytes(32)
BODY = b'{"version": 4}' * 100


def customer(key: bytes, prefix: str = "") -> dict[str, Any]:
    """Return the three SSE-C members for a key."""
    md5 = hashlib.md5(key, usedforsecurity=False).digest()
    return {
        f"{prefix}SSECustomerAlgorithm": "AES256",
        f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
        f"{prefix}SSECustomerKeyMD5": base64.b64encode(md5).decode(),
    }


def new_key(aws: Any, alias: str = "alias/state") -> str:
    """Make a KMS key with an alias; return its ARN."""
    about = aws.kms.create_key()["KeyMetadata"]
    aws.kms.create_alias(AliasName=alias, TargetKeyId=about["KeyId"])
    return str(about["Arn"])


def test_kms_key_by_id_arn_and_alias(aws: Any, s3: "S3Client", bucket: str) -> None:
    """However it is named, the ARN of the key is reported."""
    arn = new_key(aws)
    for name in (arn, arn.rpartition("/")[2], "alias/state"):
        answer = s3.put_object(
            Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="aws:kms", SSEKMSKeyId=name
        )
        assert answer["ServerSideEncryption"] == "aws:kms"
        assert answer["SSEKMSKeyId"] == arn
    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["Body"].read() == BODY
    assert found["SSEKMSKeyId"] == arn


def test_kms_without_a_key_uses_the_managed_one(aws: Any, s3: "S3Client", bucket: str) -> None:
    """It is behind alias/aws/s3."""
    answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="aws:kms")
    aliases = aws.kms.list_aliases()["Aliases"]
    managed = next(one for one in aliases if one["AliasName"] == "alias/aws/s3")
    assert answer["SSEKMSKeyId"].endswith(managed["TargetKeyId"])


def test_kms_etag_is_not_the_md5(s3: "S3Client", bucket: str) -> None:
    """It would tell something about encrypted content."""
    answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="aws:kms")
    md5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
    assert md5 not in answer["ETag"]
    assert len(answer["ETag"]) == 34


def test_bucket_default_and_bucket_key(aws: Any, s3: "S3Client", bucket: str) -> None:
    """The bucket decides when the request does not."""
    arn = new_key(aws)
    rule: Any = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": "alias/state",
        },
        "BucketKeyEnabled": True,
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert (answer["SSEKMSKeyId"], answer["BucketKeyEnabled"]) == (arn, True)
    answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="AES256")
    assert answer["ServerSideEncryption"] == "AES256"


def test_disabled_key_makes_objects_unreadable(
    aws: Any, s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Reading and writing give KMS's error; HEAD still describes."""
    arn = new_key(aws)
    put: dict[str, Any] = {
        "Bucket": bucket,
        "Key": "k",
        "Body": BODY,
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": arn,
    }
    s3.put_object(**put)
    aws.kms.disable_key(KeyId=arn)
    error = refused(s3.get_object, Bucket=bucket, Key="k")
    assert (error["code"], error["status"]) == ("KMS.DisabledException", 400)
    assert refused(s3.put_object, **put)["code"] == "KMS.DisabledException"
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(BODY)
    aws.kms.enable_key(KeyId=arn)
    aws.kms.schedule_key_deletion(KeyId=arn)
    error = refused(s3.get_object, Bucket=bucket, Key="k")
    assert error["code"] == "KMS.KMSInvalidStateException"


def test_object_under_a_disabled_key_can_be_deleted(
    aws: Any, s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Deleting opens nothing."""
    arn = new_key(aws)
    s3.put_object(
        Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="aws:kms", SSEKMSKeyId=arn
    )
    aws.kms.disable_key(KeyId=arn)
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused(s3.get_object, Bucket=bucket, Key="k")["code"] == "NoSuchKey"


def test_unknown_key(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """The error is KMS's."""
    error = refused(
        s3.put_object,
        Bucket=bucket,
        Key="k",
        Body=b"",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId="alias/none",
    )
    assert (error["code"], error["status"]) == ("KMS.NotFoundException", 400)


def test_customer_key(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """Only who brings the key reads; the server never has it otherwise."""
    answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY, **customer(KEY))
    assert answer["SSECustomerAlgorithm"] == "AES256"
    assert "ServerSideEncryption" not in set(answer)
    found = s3.get_object(Bucket=bucket, Key="k", **customer(KEY))
    assert found["Body"].read() == BODY
    assert found["SSECustomerKeyMD5"] == customer(KEY)["SSECustomerKeyMD5"]
    error = refused(s3.get_object, Bucket=bucket, Key="k")
    assert (error["code"], error["status"]) == ("InvalidRequest", 400)
    error = refused(s3.get_object, Bucket=bucket, Key="k", **customer(OTHER))
    assert (error["code"], error["status"]) == ("AccessDenied", 403)
    assert refused(s3.head_object, Bucket=bucket, Key="k")["status"] == 400
    assert s3.head_object(Bucket=bucket, Key="k", **customer(KEY))["ContentLength"] == len(BODY)


def test_customer_key_for_an_object_without_one(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Such parameters do not apply."""
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    error = refused(s3.get_object, Bucket=bucket, Key="k", **customer(KEY))
    assert (error["code"], error["status"]) == ("InvalidRequest", 400)


def test_bad_customer_keys(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """A wrong MD5 and a short key are refused before anything is stored."""
    put: dict[str, Any] = {"Bucket": bucket, "Key": "k", "Body": b""}
    wrong = customer(KEY) | {"SSECustomerKeyMD5": customer(OTHER)["SSECustomerKeyMD5"]}
    assert refused(s3.put_object, **put, **wrong)["code"] == "InvalidArgument"
    assert refused(s3.put_object, **put, **customer(b"short"))["code"] == "InvalidArgument"
    both = customer(KEY) | {"ServerSideEncryption": "aws:kms"}
    assert refused(s3.put_object, **put, **both)["code"] == "InvalidArgument"


def test_content_is_not_on_disk_in_clear(aws: Any, s3: "S3Client", bucket: str) -> None:
    """Whatever the encryption, the database holds no plaintext."""
    secret = b"plaintext-that-must-not-be-found"
    s3.put_object(Bucket=bucket, Key="a", Body=secret)
    s3.put_object(Bucket=bucket, Key="b", Body=secret, ServerSideEncryption="aws:kms")
    s3.put_object(Bucket=bucket, Key="c", Body=secret, **customer(KEY))
    stored = b"".join(path.read_bytes() for path in aws.directory.iterdir() if path.is_file())
    assert secret not in stored
    assert KEY not in stored


def test_empty_object_needs_its_key_too(
    aws: Any, s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """Nothing is there to decrypt, and yet nobody reads it."""
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    s3.put_object(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    aws.kms.disable_key(KeyId=key)
    assert refused(s3.get_object, Bucket=bucket, Key="k")["code"] == "KMS.DisabledException"
    aws.kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b""


def test_upload_is_not_completed_under_a_disabled_key(
    aws: Any, s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """It would hide what can be read behind what cannot."""
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    upload = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    )
    about: Any = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    part = s3.upload_part(**about, PartNumber=1, Body=b"abc")
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    aws.kms.disable_key(KeyId=key)
    error = refused(s3.complete_multipart_upload, **about, MultipartUpload=parts)
    assert (error["code"], error["status"]) == ("KMS.DisabledException", 400)
    aws.kms.enable_key(KeyId=key)
    s3.complete_multipart_upload(**about, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"abc"

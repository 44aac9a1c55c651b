"""GetBucketEncryption, PutBucketEncryption and DeleteBucketEncryption."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Refused = Callable[..., dict[str, Any]]

KEY = "arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-000000000000"


def _rule(**default: str) -> Any:
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}


def _only_rule(s3: "S3Client", bucket: str) -> Any:
    answer = s3.get_bucket_encryption(Bucket=bucket)
    (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return rule


def test_the_default_is_aes256(s3: "S3Client", bucket: str) -> None:
    """As S3 answers since 2023."""
    assert _only_rule(s3, bucket) == {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": False,
    }


def test_a_key_with_a_bucket_key_is_kept(s3: "S3Client", bucket: str) -> None:
    """And reported as it was put."""
    configuration = _rule(SSEAlgorithm="aws:kms", KMSMasterKeyID=KEY)
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)
    assert _only_rule(s3, bucket) == configuration["Rules"][0]


def test_deleting_it_brings_back_the_default(s3: "S3Client", bucket: str) -> None:
    """There is no bucket without encryption."""
    configuration = _rule(SSEAlgorithm="aws:kms")
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)
    answer = s3.delete_bucket_encryption(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    rule = _only_rule(s3, bucket)
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_a_key_goes_with_kms_only(s3: "S3Client", bucket: str, refused: Refused) -> None:
    """AES256 has no key of the caller's."""
    error = refused(
        s3.put_bucket_encryption,
        Bucket=bucket,
        ServerSideEncryptionConfiguration=_rule(SSEAlgorithm="AES256", KMSMasterKeyID=KEY),
    )
    assert (error["code"], error["status"]) == ("InvalidArgument", 400)
    assert error["message"].startswith("a KMSMasterKeyID is not applicable")
    assert error["ArgumentName"] == "ApplyServerSideEncryptionByDefault"


@pytest.mark.parametrize(
    "configuration",
    [
        {"Rules": []},
        {"Rules": [{"BucketKeyEnabled": True}]},
        {"Rules": _rule(SSEAlgorithm="AES256")["Rules"] * 2},
        _rule(SSEAlgorithm="ROT13"),
    ],
)
def test_exactly_one_whole_rule_is_needed(
    s3: "S3Client", bucket: str, refused: Refused, configuration: Any
) -> None:
    """Anything else is MalformedXML."""
    error = refused(
        s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=configuration
    )
    assert (error["code"], error["status"]) == ("MalformedXML", 400)


def test_blocking_encryption_types_is_refused(
    s3: "S3Client", bucket: str, refused: Refused
) -> None:
    """It is named in the answer."""
    configuration = _rule(SSEAlgorithm="AES256")
    configuration["Rules"][0]["BlockedEncryptionTypes"] = {"EncryptionType": ["SSE-C"]}
    error = refused(
        s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=configuration
    )
    assert (error["code"], error["status"]) == ("NotImplemented", 501)

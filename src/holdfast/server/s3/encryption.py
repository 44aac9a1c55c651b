"""Which encryption a write gets, and how S3 reports it.

The request's headers decide, else the bucket's default, else SSE-S3 (User Guide: bucket-encryption).
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket, Encryption
from holdfast.server.kms.keyring import key_arn, key_for
from holdfast.server.operation import Params, Snapshot, Transaction
from holdfast.server.s3.customer_keys import CUSTOMER, CustomerKey, customer_key_of

KMS_ALGORITHMS = frozenset({"aws:kms", "aws:kms:dsse"})
MANAGED_KEY = "alias/aws/s3"
_HEADER = "x-amz-server-side-encryption"


class Choice(msgspec.Struct, frozen=True):
    """The encryption of one write, and the customer's key if it is SSE-C."""

    encryption: Encryption
    customer: CustomerKey | None = None


def check_encryption(params: Params) -> None:
    """Check the encryption headers of a request by themselves.

    Raises:
        ServiceError: InvalidArgument or InvalidEncryptionAlgorithmError.
    """
    algorithm = params.get("ServerSideEncryption")
    if customer_key_of(params) is not None and algorithm is not None:
        raise _invalid(
            "Server Side Encryption with Customer provided key is incompatible with the "
            "encryption method specified",
            algorithm,
        )
    if algorithm is not None and algorithm != "AES256" and algorithm not in KMS_ALGORITHMS:
        raise _invalid("The encryption method specified is not supported", algorithm)
    if params.get("SSEKMSKeyId") is not None and algorithm not in KMS_ALGORITHMS:
        raise _invalid(
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms",
            algorithm or "",
        )
    _check_context(params.get("SSEKMSEncryptionContext"))


def _invalid(message: str, value: str) -> ServiceError:
    return ServiceError("InvalidArgument", message, ArgumentName=_HEADER, ArgumentValue=value)


def _check_context(header: str | None) -> None:
    if header is None:
        return
    try:
        context = json.loads(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        context = None
    if not isinstance(context, dict) or not all(isinstance(v, str) for v in context.values()):
        raise ServiceError(
            "InvalidArgument",
            "The header x-amz-server-side-encryption-context must be base64-encoded JSON of "
            "string key-value pairs.",
            ArgumentName="x-amz-server-side-encryption-context",
        )


def choose(tx: Transaction, bucket: Bucket, params: Params) -> Choice:
    """Return the encryption of a write; a KMS key is looked up, and must be usable.

    Raises:
        ServiceError: as `check_encryption`, or KMS's own error as `KMS.<code>`.
    """
    check_encryption(params)
    customer = customer_key_of(params)
    if customer is not None:
        return Choice(Encryption(algorithm=CUSTOMER, customer_key_md5=customer.md5), customer)
    default, default_key, default_bucket_key = _bucket_default(bucket)
    asked = params.get("ServerSideEncryption")
    algorithm = asked or default
    if algorithm not in KMS_ALGORITHMS:
        return Choice(Encryption())
    reference = params.get("SSEKMSKeyId") if asked else default_key
    return Choice(
        Encryption(
            algorithm=algorithm,
            kms_key_arn=_usable_arn(tx, reference or MANAGED_KEY),
            context=params.get("SSEKMSEncryptionContext", ""),
            bucket_key=params.get("BucketKeyEnabled", default_bucket_key),
        )
    )


def _bucket_default(bucket: Bucket) -> tuple[str, str, bool]:
    """Return (algorithm, KMS key, bucket key) as PutBucketEncryption set them."""
    rules = bucket.settings.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    for rule in rules:
        by_default = rule.get("ApplyServerSideEncryptionByDefault")
        if by_default:
            return (
                by_default.get("SSEAlgorithm", "AES256"),
                by_default.get("KMSMasterKeyID", ""),
                bool(rule.get("BucketKeyEnabled", False)),
            )
    return "AES256", "", False


def check_usable(tx: Snapshot, encryption: Encryption) -> None:
    """Check that the KMS key of an encryption, if it has one, can be used now.

    Raises:
        ServiceError: KMS's own error as `KMS.<code>`.
    """
    if encryption.algorithm in KMS_ALGORITHMS:
        _usable_arn(tx, encryption.kms_key_arn)


def _usable_arn(tx: Snapshot, reference: str) -> str:
    try:
        return key_arn(tx.site, key_for(tx, reference).key_id)
    except ServiceError as error:
        raise kms_error(error) from error


def kms_error(error: ServiceError) -> ServiceError:
    """Return a KMS error as S3 passes it on."""
    return ServiceError(f"KMS.{error.code}", error.message, status=400)


def reported(encryption: Encryption) -> dict[str, Any]:
    """Return an object's encryption as members of a result, as AWS names them."""
    if encryption.algorithm == CUSTOMER:
        return {
            "SSECustomerAlgorithm": "AES256",
            "SSECustomerKeyMD5": encryption.customer_key_md5,
        }
    result: dict[str, Any] = {"ServerSideEncryption": encryption.algorithm}
    if encryption.algorithm in KMS_ALGORITHMS:
        result["SSEKMSKeyId"] = encryption.kms_key_arn
        if encryption.bucket_key:
            result["BucketKeyEnabled"] = True
    return result


def reported_on_write(encryption: Encryption) -> Mapping[str, Any]:
    """Return `reported` and the encryption context, which S3 gives back to writers only."""
    result = reported(encryption)
    if encryption.context:
        result["SSEKMSEncryptionContext"] = encryption.context
    return result

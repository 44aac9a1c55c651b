"""What OpenTofu's S3 backend and its state encryption ask for, request by request.

Source: opentofu/opentofu, internal/backend/remote-state/s3 and internal/encryption/keyprovider/aws_kms.
"""

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_refusals import refused
from in_process import Aws

BUCKET = "terraform-state"
STATE = "env:/dev/app.tfstate"
LOCK_FILE = f"{STATE}.tflock"
TABLE = "terraform-locks"
LOCK_ID = f"{BUCKET}/{STATE}"
# Compact, in this order, as Go marshals it; unlocking marshals it again and compares the bytes.
INFO = (
    '{"ID":"4b2ab9a3-1a5c-8f2f-1f0e-6d7a1c5e9a3b","Operation":"OperationTypeApply","Info":"",'
    '"Who":"a\\u003cb\\u003e@host","Version":"1.10.0","Created":"2026-01-02T03:04:05.6789Z",'
    f'"Path":"{LOCK_ID}"}}'
)


@pytest.fixture
def tofu(aws: Aws) -> Aws:
    """A server with a bucket for states and a table for locks."""
    aws.s3.create_bucket(Bucket=BUCKET)
    aws.dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
    )
    return aws


def put(tofu: Aws, key: str, body: bytes, **options: Any) -> Any:
    """Write as OpenTofu does: in one request, with the SHA-256 in a header."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return tofu.s3.put_object(
        Bucket=BUCKET,
        Key=key,
        Body=body,
        ContentType="application/json",
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=digest,
        **options,
    )


def sent(tofu: Aws, name: str) -> str | None:
    """Return a header of the last request."""
    value = tofu.requests[-1].headers.get(name)
    return value.decode() if isinstance(value, bytes) else value


def test_state_with_a_checksum_and_tags(tofu: Aws) -> None:
    """`state_tags` travel as a query string in a header of the write."""
    body = b'{"version":4,"serial":1,"lineage":"x","outputs":{},"resources":[]}\n'
    answer = put(tofu, STATE, body, Tagging="team=platform&cost%20centre=a%2Bb%2F1")
    assert sent(tofu, "x-amz-tagging") == "team=platform&cost%20centre=a%2Bb%2F1"
    assert sent(tofu, "x-amz-checksum-sha256") == answer["ChecksumSHA256"]
    tags = tofu.s3.get_object_tagging(Bucket=BUCKET, Key=STATE)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "team": "platform",
        "cost centre": "a+b/1",
    }


def test_state_with_a_wrong_checksum_is_refused(tofu: Aws) -> None:
    """And nothing is stored."""
    wrong = base64.b64encode(bytes(32)).decode()
    with refused("BadDigest"):
        tofu.s3.put_object(Bucket=BUCKET, Key=STATE, Body=b"{}", ChecksumSHA256=wrong)
    with pytest.raises(ClientError, match="404"):
        tofu.s3.head_object(Bucket=BUCKET, Key=STATE)


def test_large_state_in_one_request_each_way(tofu: Aws) -> None:
    """OpenTofu never writes in parts and never reads in ranges; the read carries the checksum."""
    body = json.dumps({"version": 4, "pad": "x" * 12_000_000}).encode()
    checksum = put(tofu, STATE, body)["ChecksumSHA256"]
    head = tofu.s3.head_object(Bucket=BUCKET, Key=STATE)
    found = tofu.s3.get_object(Bucket=BUCKET, Key=STATE, ChecksumMode="ENABLED")
    assert sent(tofu, "range") is None
    assert found["ContentLength"] == head["ContentLength"] == len(body)
    assert found["ChecksumSHA256"] == checksum
    assert found["Body"].read() == body


def test_lock_file_with_tags(tofu: Aws) -> None:
    """Made once, shown to whoever comes second, removed."""
    put(tofu, LOCK_FILE, INFO.encode(), IfNoneMatch="*", Tagging="lock=yes")
    other = INFO.replace("4b2ab9a3", "00000000").encode()
    with refused("PreconditionFailed"):
        put(tofu, LOCK_FILE, other, IfNoneMatch="*", Tagging="lock=yes")
    assert tofu.s3.get_object(Bucket=BUCKET, Key=LOCK_FILE)["Body"].read() == INFO.encode()
    tofu.s3.delete_object(Bucket=BUCKET, Key=LOCK_FILE)
    put(tofu, LOCK_FILE, INFO.encode(), IfNoneMatch="*")


def test_unlocking_compares_the_lock(tofu: Aws) -> None:
    """An item's bytes are kept exactly, and another's lock is not removed."""
    item: Any = {"LockID": {"S": LOCK_ID}, "Info": {"S": INFO}}
    tofu.dynamodb.put_item(
        TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(LockID)"
    )
    unlock: dict[str, Any] = {
        "TableName": TABLE,
        "Key": {"LockID": {"S": LOCK_ID}},
        "ConditionExpression": "Info = :info",
    }
    other = INFO.replace("4b2ab9a3", "00000000")
    with refused("ConditionalCheckFailedException", "The conditional request failed"):
        tofu.dynamodb.delete_item(**unlock, ExpressionAttributeValues={":info": {"S": other}})
    found = tofu.dynamodb.get_item(
        TableName=TABLE,
        Key={"LockID": {"S": LOCK_ID}},
        ProjectionExpression="LockID, Info",
        ConsistentRead=True,
    )
    assert found["Item"] == item
    tofu.dynamodb.delete_item(**unlock, ExpressionAttributeValues={":info": {"S": INFO}})
    with refused("ConditionalCheckFailedException"):
        tofu.dynamodb.delete_item(**unlock, ExpressionAttributeValues={":info": {"S": INFO}})


def test_state_encryption_with_a_kms_key(tofu: Aws) -> None:
    """A data key per run, opened again from the state's `meta` with its encryption context."""
    key = tofu.kms.create_key()["KeyMetadata"]["KeyId"]
    context = {"workspace": "dev"}
    made = tofu.kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    assert len(made["Plaintext"]) == 32
    again = tofu.kms.decrypt(
        KeyId=key, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context
    )
    assert again["Plaintext"] == made["Plaintext"]
    with refused("InvalidCiphertextException"):
        tofu.kms.decrypt(KeyId=key, CiphertextBlob=made["CiphertextBlob"])

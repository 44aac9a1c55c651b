"""What is known of a state follows its object: the digest above all."""

import hashlib
import json
from typing import Any

import pytest

from holdfast.engine.state_records import State
from in_process import Aws
from lockers import BUCKET, KEY, LOCK_ID, TABLE, Locker, prepare, session

PART = 5 << 20  # bytes


@pytest.fixture(autouse=True)
def _prepared(aws: Aws) -> None:
    prepare(aws)
    Locker(aws, "dynamodb").lock()  # from here on the table is known
    Locker(aws, "dynamodb").unlock()


def body(serial: int, size: int = 0) -> bytes:
    """Return a state, with an output that is as long as is wanted."""
    fields = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": "of-the-test",
        "outputs": {"it": {"value": "x" * size, "type": "string"}},
        "resources": [],
    }
    return json.dumps(fields, indent=2).encode()


def digest(aws: Aws) -> str:
    """Return the digest item; nothing if there is none."""
    found = aws.dynamodb.get_item(TableName=TABLE, Key={"LockID": {"S": f"{LOCK_ID}-md5"}})
    return found["Item"]["Digest"]["S"] if "Item" in found else ""


def md5(data: bytes) -> str:
    """Return an MD5 as the item has it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def put(aws: Aws, data: bytes, **more: Any) -> str:
    """Write the state; return the version."""
    return aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=data, **more)["VersionId"]


def test_an_upload_brings_its_digest(aws: Aws) -> None:
    """In the same transaction."""
    put(aws, body(1))
    assert digest(aws) == md5(body(1))


def test_so_does_an_upload_under_a_customers_key(aws: Aws) -> None:
    """Whose bytes the server sees only as they arrive."""
    put(aws, body(1), SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    assert digest(aws) == md5(body(1))


def test_so_does_an_upload_in_parts(aws: Aws) -> None:
    """The MD5 is that of the whole, which no entity tag says."""
    whole = body(1, size=PART + 1000)
    upload = aws.s3.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    parts = []
    for number, piece in ((1, whole[:PART]), (2, whole[PART:])):
        sent = aws.s3.upload_part(
            Bucket=BUCKET, Key=KEY, UploadId=upload, PartNumber=number, Body=piece
        )
        parts.append({"ETag": sent["ETag"], "PartNumber": number})
    chosen: Any = {"Parts": parts}
    aws.s3.complete_multipart_upload(
        Bucket=BUCKET, Key=KEY, UploadId=upload, MultipartUpload=chosen
    )
    assert digest(aws) == md5(whole)
    state = aws.engine.view(lambda tx: tx.get(State, BUCKET, KEY))
    assert state is not None
    assert state.serial == 1


def test_so_does_a_copy(aws: Aws) -> None:
    """Of a newer state from elsewhere."""
    put(aws, body(1))
    aws.s3.put_object(Bucket=BUCKET, Key="elsewhere", Body=body(2))
    aws.s3.copy_object(Bucket=BUCKET, Key=KEY, CopySource=f"{BUCKET}/elsewhere")
    assert digest(aws) == md5(body(2))


def test_a_deletion_takes_the_digest_away(aws: Aws) -> None:
    """With one and no object, Terraform would refuse to read."""
    put(aws, body(1))
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert digest(aws) == ""


def test_so_does_one_of_many(aws: Aws) -> None:
    """DeleteObjects is another route."""
    put(aws, body(1))
    aws.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": KEY}]})
    assert digest(aws) == ""


@pytest.mark.parametrize("marker", [True, False], ids=["a delete marker", "the newest version"])
def test_a_version_that_came_back_brings_its_digest(aws: Aws, marker: bool) -> None:
    """Because what was newer was deleted for good."""
    put(aws, body(1))
    newer = (
        aws.s3.delete_object(Bucket=BUCKET, Key=KEY)["VersionId"] if marker else put(aws, body(2))
    )
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=newer)
    assert digest(aws) == md5(body(1))


def test_a_digest_that_does_not_fit_is_refused(aws: Aws) -> None:
    """Terraform logs that, and goes on."""
    put(aws, body(1))
    item = {"LockID": {"S": f"{LOCK_ID}-md5"}, "Digest": {"S": md5(b"another")}}
    with pytest.raises(aws.dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        aws.dynamodb.put_item(TableName=TABLE, Item=item)
    assert md5(body(1)) in str(caught.value)
    assert digest(aws) == md5(body(1))


def test_the_digest_that_terraform_writes_is_there_already(aws: Aws) -> None:
    """Its PutItem succeeds."""
    put(aws, body(1))
    item = {"LockID": {"S": f"{LOCK_ID}-md5"}, "Digest": {"S": md5(body(1))}}
    aws.dynamodb.put_item(TableName=TABLE, Item=item)
    assert digest(aws) == md5(body(1))


def test_what_is_no_state_has_no_digest(aws: Aws) -> None:
    """Nor is anything known of it."""
    aws.s3.put_object(Bucket=BUCKET, Key="notes.json", Body=b'{"version": 4}')
    assert aws.engine.view(lambda tx: tx.get(State, BUCKET, "notes.json")) is None


def test_the_newest_version_cannot_be_deleted_under_somebodys_lock(aws: Aws) -> None:
    """The state would go back under the hands of its holder; older ones may go."""
    old = put(aws, body(1))
    new = put(aws, body(2))
    Locker(aws, "dynamodb", **session(aws)).lock()
    with pytest.raises(aws.s3.exceptions.ClientError) as caught:
        aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=new)
    assert caught.value.response["Error"]["Code"] == "PreconditionFailed"
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=old)


def test_a_bucket_that_is_made_anew_knows_no_states(aws: Aws) -> None:
    """Nor their locks."""
    Locker(aws, "dynamodb").lock()
    aws.s3.delete_bucket(Bucket=BUCKET)
    aws.s3.create_bucket(Bucket=BUCKET)
    assert aws.engine.view(lambda tx: tx.get(State, BUCKET, KEY)) is None


def test_a_table_that_was_made_anew_with_another_key_is_left_alone(aws: Aws) -> None:
    """It is no lock table any more, and keeps no state from being written."""
    aws.dynamodb.delete_table(TableName=TABLE)
    aws.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "Other", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Other", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put(aws, body(1))
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert aws.dynamodb.scan(TableName=TABLE)["Items"] == []

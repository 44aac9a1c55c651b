"""What the refusal of a rule tells somebody who may write a state, and not read it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from holdfast.aws.http import Headers, Request
from http_backend import basic, id_of
from in_process import Aws
from lockers import BUCKET, KEY, LOCK_FILE, LOCK_ID, TABLE, Locker, document, prepare
from somebody import Json, Somebody, allow

HOLDER = "boss@secret-host"
LINEAGE = "the-lineage-of-the-state"
WRITES = [allow(["s3:PutObject", "s3:DeleteObject"]), allow(["dynamodb:PutItem"])]
READS = {
    "nothing": [],
    "the state": [allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/{KEY}")],
    "the lock": [allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/{LOCK_FILE}")],
}


def state(lineage: str, serial: int) -> bytes:
    """Return a state with a resource."""
    one = {"mode": "managed", "type": "t", "name": "n", "instances": [{"attributes": {}}]}
    top: Json = {"version": 4, "terraform_version": "1.11.4", "serial": serial}
    return json.dumps({**top, "lineage": lineage, "outputs": {}, "resources": [one]}).encode()


@pytest.fixture
def held(aws: Aws) -> Locker:
    """A state that somebody has locked."""
    prepare(aws)
    aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=state(LINEAGE, 987654321))
    locker = Locker(aws, "dynamodb", HOLDER)
    locker.lock()
    return locker


def said(call: Any, **params: Any) -> str:
    """Return all that an error says."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return json.dumps(caught.value.response, default=str)


def refusals(who: Somebody) -> list[str]:
    """Return what is said of a lock that is refused, of writes, of a deletion, and of a digest."""
    s3, table = who.client("s3"), who.client("dynamodb")
    where = {"Bucket": BUCKET, "Key": KEY}
    lock = {"LockID": {"S": LOCK_ID}, "Info": {"S": document().decode()}}
    digest = {"LockID": {"S": f"{LOCK_ID}-md5"}, "Digest": {"S": "0" * 32}}
    free = {"ConditionExpression": "attribute_not_exists(LockID)"}
    transaction = [{"Put": {"TableName": TABLE, "Item": lock, **free}}]
    return [
        said(s3.put_object, Bucket=BUCKET, Key=LOCK_FILE, Body=document(), IfNoneMatch="*"),
        said(s3.put_object, **where, Body=state("another", 1)),
        said(s3.delete_object, **where),
        said(table.put_item, TableName=TABLE, Item=lock, **free),
        said(table.put_item, TableName=TABLE, Item=digest),
        said(table.transact_write_items, TransactItems=transaction),
    ]


def test_who_may_not_read_is_not_told_what_was_compared(aws: Aws, held: Locker) -> None:
    """Neither who holds the lock, nor what there is of the state."""
    md5 = aws.s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"].strip('"')
    for text in refusals(Somebody(aws, "mallory", *WRITES)):
        assert "You may read neither the state nor its lock" in text
        for secret in (HOLDER, LINEAGE, id_of(held.document), "987654321", md5):
            assert secret not in text


@pytest.mark.parametrize("what", ["the state", "the lock"])
def test_who_may_read_is_told(aws: Aws, held: Locker, what: str) -> None:
    """As Terraform's users always may: the holder, and the digest."""
    del held
    *others, digest, in_transaction = refusals(Somebody(aws, "ann", *WRITES, *READS[what]))
    assert all(HOLDER in text for text in (*others, in_transaction))
    assert "whose MD5 is" in digest


def test_entries_of_a_deletion_tell_no_more(aws: Aws, held: Locker) -> None:
    """DeleteObjects answers for each by itself."""
    del held
    s3 = Somebody(aws, "mallory", *WRITES).client("s3")
    (error,) = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": KEY}]})["Errors"]
    assert error["Code"] == "PreconditionFailed"
    assert HOLDER not in error["Message"]


@pytest.mark.parametrize(("what", "told"), [("nothing", False), ("the lock", True)])
def test_the_http_backend_tells_no_more(aws: Aws, held: Locker, what: str, told: bool) -> None:
    """Its answer to who finds it locked is the holder's document."""
    who = Somebody(aws, "mallory", *WRITES, *READS[what])
    pairs = [("host", "127.0.0.1:8270")]
    pairs.append(("authorization", basic(who.key.access_key_id, who.key.secret)))
    for method, status in (("LOCK", 423), ("UNLOCK", 409)):
        sent = document()
        head = Headers([*pairs, ("content-length", str(len(sent)))])
        answer = aws.send(Request(method, f"/-/terraform/{BUCKET}/{KEY}", "", head), sent)
        assert answer.status == status
        assert isinstance(answer.body, bytes)
        assert (id_of(held.document).encode() in answer.body) is told


def test_what_is_kept_of_a_refused_write_says_why(aws: Aws, held: Locker) -> None:
    """For those who may read it, whoever wrote it."""
    del held
    where = {"Bucket": BUCKET, "Key": KEY}
    said(Somebody(aws, "mallory", *WRITES).client("s3").put_object, **where, Body=state("x", 1))
    (kept,) = aws.s3.list_objects_v2(Bucket="holdfast-refused")["Contents"]
    metadata = aws.s3.head_object(Bucket="holdfast-refused", Key=kept["Key"])["Metadata"]
    assert HOLDER in metadata["reason"]

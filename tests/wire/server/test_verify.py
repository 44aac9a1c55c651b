"""Verifying a whole data directory: silent about what is sound, plain about what is not."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from holdfast.engine.access_records import AccessKey, Role, User
from holdfast.engine.port import Writer
from holdfast.engine.record import Record
from holdfast.engine.records import Bucket, Chunk, Item, Key, Object, ObjectVersion
from holdfast.server.verify import verify
from iam_clients import ANYBODY, policy
from in_process import Aws

MIB = 1 << 20


@pytest.fixture
def filled(aws: Aws) -> Aws:
    """Return a server with objects of every kind of encryption, a table and an upload."""
    s3 = aws.s3
    s3.create_bucket(Bucket="states")
    s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="states", Key="plain", Body=b"one")
    s3.put_object(Bucket="states", Key="plain", Body=os.urandom(2 * MIB + 5))
    s3.put_object(Bucket="states", Key="kms", Body=b"two", ServerSideEncryption="aws:kms")
    s3.put_object(
        Bucket="states",
        Key="customer",
        Body=b"three",
        SSECustomerAlgorithm="AES256",
        SSECustomerKey=os.urandom(32).hex()[:32],
    )
    s3.delete_object(Bucket="states", Key="kms")
    s3.create_multipart_upload(Bucket="states", Key="upload")
    aws.iam.create_user(UserName="ada")
    aws.iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=policy("s3:GetObject"))
    aws.iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ANYBODY)
    aws.dynamodb.create_table(
        TableName="locks",
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.dynamodb.put_item(TableName="locks", Item={"LockID": {"S": "a"}})
    return aws


def problems(aws: Aws) -> list[str]:
    """Return what is wrong."""
    found = verify(aws.engine, aws.site, datetime.now(UTC), lambda _done, _total: None)
    return [str(problem) for problem in found]


def change(aws: Aws, kind: type[Record], edit: Callable[[Record], Record]) -> None:
    """Edit every record of a kind behind the server's back."""

    def work(tx: Writer) -> None:
        for record in list(tx.scan(kind)):
            tx.put(edit(record))

    aws.engine.update(work)


def flipped(data: bytes) -> bytes:
    """Return the bytes with the last one changed, if there is one."""
    return data[:-1] + bytes([data[-1] ^ 1]) if data else data


def edited(**changes: object) -> Callable[[Record], Record]:
    """Return an edit of fields; a function as the value is called with the old one."""
    from msgspec.structs import replace

    def edit(record: Record) -> Record:
        made = {
            name: value(getattr(record, name)) if callable(value) else value
            for name, value in changes.items()
        }
        return replace(record, **made)

    return edit


def test_sound_data_has_no_problems(filled: Aws) -> None:
    """Everything that was written opens and fits, under every kind of encryption."""
    assert problems(filled) == []


def test_progress_reaches_the_total(filled: Aws) -> None:
    """Progress counts the bytes of bodies up to their sum."""
    seen: list[tuple[int, int]] = []
    list(
        verify(
            filled.engine, filled.site, datetime.now(UTC), lambda done, of: seen.append((done, of))
        )
    )

    assert seen[-1][1] == 3 + 2 * MIB + 5 + 3 + 5
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize(
    ("kind", "edit", "said"),
    [
        (Chunk, edited(data=flipped), "states/plain"),
        (Chunk, edited(data=lambda data: data[:-1]), "states/plain"),
        (Item, edited(data=flipped), "table locks"),
        (Key, edited(materials=()), "states/kms"),
        (AccessKey, edited(secret=flipped), "access key"),
        (User, edited(policies={"own": "{}"}), "its policy own cannot be evaluated"),
        (Role, edited(policies={"own": "{}"}), "its policy own cannot be evaluated"),
        (Role, edited(trust="{}"), "its trust policy cannot be evaluated"),
        (
            Bucket,
            edited(settings={"Policy": "{}"}),
            "bucket states: its policy cannot be evaluated",
        ),
        (Key, edited(policy="{}"), "its policy cannot be evaluated"),
        (ObjectVersion, edited(bodies=flipped), "states/plain"),
        (ObjectVersion, edited(size=1), "states/plain"),
        (Object, edited(etag="0" * 32), "listings say another etag of it"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_a_change_behind_the_server_is_found(
    filled: Aws, kind: type[Record], edit: Callable[[Record], Record], said: str
) -> None:
    """Each changed record is named."""
    change(filled, kind, edit)

    assert any(said in problem for problem in problems(filled))


def test_a_missing_chunk_is_found(filled: Aws) -> None:
    """A body that lacks a piece is damaged."""

    def work(tx: Writer) -> None:
        for chunk in list(tx.scan(Chunk)):
            if chunk.number == 1:
                tx.drop(Chunk, chunk.body_id, 1)

    filled.engine.update(work)

    assert any("states/plain" in problem for problem in problems(filled))


def test_a_body_that_nothing_refers_to_is_found(filled: Aws) -> None:
    """Chunks without an owner are told."""
    filled.engine.update(lambda tx: tx.put(Chunk(body_id=b"stray" * 3, number=0, data=b"x")))

    assert problems(filled) == [
        f"body {(b'stray' * 3).hex()}: it is stored, and nothing refers to it"
    ]

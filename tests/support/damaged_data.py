"""A data directory with one of everything, and edits of its SQLite file behind the server's back."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from holdfast.engine.open import open_directory
from holdfast.engine.port import Writer
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from holdfast.server.s3.packer import pack_some
from in_process import ACCESS_KEY_ID, SECRET, Aws
from roles import make_role

OTHER_KEY = NewKey("AKIAHOLDFASTTEST0002", "another-secret-not-a-real-one")
BUCKET = "states"
LONG = os.urandom(2_500_000)  # three chunks
PARTS = (os.urandom(5 << 20), b"the rest")
Fields = dict[str, Any]


@contextmanager
def opened(data: Path) -> Iterator[Aws]:
    """Lend a server on a data directory."""
    with (
        open_directory(data) as directory,
        closing(Aws(data, directory.engine, directory.vault)) as aws,
    ):
        yield aws


def fill(data: Path) -> None:
    """Make a data directory with states, a multipart state, an upload, tables, keys and users."""
    with opened(data) as aws:
        now = datetime.now(UTC)

        def people(tx: Writer) -> None:
            create_user(tx, ADMINISTRATOR, now, os.urandom)
            for key in (NewKey(ACCESS_KEY_ID, SECRET), OTHER_KEY):
                create_access_key(tx, aws.vault, ADMINISTRATOR, now, os.urandom, key)

        aws.engine.update(people)
        _fill_bucket(aws)
        _fill_tables(aws)


def _fill_bucket(aws: Aws) -> None:
    s3 = aws.s3
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        s3.put_object(Bucket=BUCKET, Key="two", Body=body, Metadata={"env": "prod"})
    s3.put_object(Bucket=BUCKET, Key="safe", Body=b"safe")
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key="packed", Body=b"%d a line of a state\n" % number * 500)
    pack_some(aws.engine, aws.site, aws.clock())
    s3.put_object(Bucket=BUCKET, Key="long", Body=LONG)
    s3.put_object(Bucket=BUCKET, Key="long2", Body=LONG[::-1])
    for name in ("kms1", "kms2"):
        key = aws.kms.create_key(Description=name)["KeyMetadata"]["KeyId"]
        aws.kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
        sealed: Any = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
        s3.put_object(Bucket=BUCKET, Key=name, Body=name.encode(), **sealed)
    s3.put_object(Bucket=BUCKET, Key="gone", Body=b"gone")
    s3.delete_object(Bucket=BUCKET, Key="gone")
    upload = _upload(aws, "parts", PARTS)
    s3.complete_multipart_upload(Bucket=BUCKET, Key="parts", **upload)
    _upload(aws, "open", (b"a part",))


def _upload(aws: Aws, key: str, pieces: tuple[bytes, ...]) -> Any:
    named: Any = {"Bucket": BUCKET, "Key": key}
    upload = aws.s3.create_multipart_upload(**named)["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": aws.s3.upload_part(**named, UploadId=upload, PartNumber=number, Body=piece)[
                "ETag"
            ],
        }
        for number, piece in enumerate(pieces, 1)
    ]
    return {"UploadId": upload, "MultipartUpload": {"Parts": parts}}


def _fill_tables(aws: Aws) -> None:
    for table in ("locks", "other"):
        aws.dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for name in ("x", "y", "safe"):
            item: Any = {"LockID": {"S": name}, "Info": {"S": f"{table} {name}"}}
            aws.dynamodb.put_item(TableName=table, Item=item)
    ends: Any = {"Enabled": True, "AttributeName": "Ends"}
    aws.dynamodb.update_time_to_live(TableName="other", TimeToLiveSpecification=ends)
    item = {"LockID": {"S": "ends"}, "Ends": {"N": "4102444800"}}
    aws.dynamodb.put_item(TableName="other", Item=item)
    role = make_role(aws.iam, "terraform")
    aws.sts.assume_role(RoleArn=role, RoleSessionName="session")


class Rows:
    """The rows of a closed database, by the names of things instead of their ids."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute

    def _run(self, key: Fields, values: tuple[Any, ...], *words: str) -> sqlite3.Cursor:
        where = " AND ".join(f'"{name}" = ?' for name in key)
        quoted = (f'"{word}"' if word.islower() else word for word in words)
        return self.execute(" ".join((*quoted, where)), (*values, *key.values()))

    def fields(self, kind: str, **key: Any) -> Fields:
        """Return the fields of the only record with these key fields."""
        row = self._run(key, (), "SELECT record FROM", kind, "WHERE")
        ((record,),) = row.fetchall()
        decoded: Fields = msgspec.msgpack.decode(record)
        return decoded

    def edit(self, kind: str, change: Callable[[Fields], object], **key: Any) -> None:
        """Change the fields of one record."""
        fields = self.fields(kind, **key)
        change(fields)
        self.replace(kind, msgspec.msgpack.encode(fields), **key)

    def replace(self, kind: str, record: bytes, **key: Any) -> None:
        """Put other bytes in the place of one record."""
        done = self._run(key, (record,), "UPDATE", kind, "SET record = ? WHERE")
        assert done.rowcount == 1

    def swap(self, kind: str, one: Fields, other: Fields) -> None:
        """Swap the records of two keys."""
        raw = [msgspec.msgpack.encode(self.fields(kind, **key)) for key in (one, other)]
        self.replace(kind, raw[1], **one)
        self.replace(kind, raw[0], **other)

    def delete(self, kind: str, **key: Any) -> None:
        """Remove records."""
        assert self._run(key, (), "DELETE FROM", kind, "WHERE").rowcount

    def version(self, key: str, which: int = 0) -> Fields:
        """Return the key fields of a version of a key; 0 is the newest."""
        rows = self.execute(
            'SELECT bucket, key, "order" FROM object_version WHERE key = ? ORDER BY "order"', (key,)
        ).fetchall()
        return dict(zip(("bucket", "key", "order"), rows[which], strict=True))

    def chunk(self, key: str, number: int = 0, body: int = 0) -> Fields:
        """Return the key fields of a chunk of a key's newest version."""
        stored = self.fields("object_version", **self.version(key))["stored"]
        return {"body_id": stored[body]["id"], "number": number}

    def packed(self, which: int) -> Fields:
        """Return the key fields of the packed body of a version of `packed`; 0 is the newest."""
        stored = self.fields("object_version", **self.version("packed", which))["stored"]
        return {"body_id": stored[0]["id"]}

    def item(self, table: str, name: str) -> Fields:
        """Return the key fields of an item."""
        table_id = self.fields("table", name=table)["table_id"]
        return {"table_id": table_id, "hash": name.encode()}

    def kms_key(self, description: str) -> Fields:
        """Return the key fields of a KMS key."""
        for (key_id,) in self.execute("SELECT key_id FROM key").fetchall():
            if self.fields("key", key_id=key_id)["description"] == description:
                return {"key_id": key_id}
        raise KeyError(description)


@contextmanager
def rows(data: Path) -> Iterator[Rows]:
    """Lend the rows of a directory on which no server runs; what is done to them is kept."""
    with closing(sqlite3.connect(data / "holdfast.db")) as connection, connection:
        yield Rows(connection)


def flipped(data: bytes, at: int = -1) -> bytes:
    """Return the bytes with one bit changed."""
    changed = bytearray(data)
    changed[at] ^= 0x10
    return bytes(changed)

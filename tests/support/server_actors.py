"""Clients that load a server, remember what it acknowledged, and hold it to that after a kill."""

import hashlib
import random
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from botocore.config import Config
from botocore.exceptions import ClientError

from real_clients import SESSION, Server

BUCKET, TABLE = "terraform-state", "terraform-locks"
PART = 5 << 20


class Clients:
    """One boto3 client for each service, for all threads; nothing is sent twice."""

    def __init__(self, server: Server, attempts: int = 1) -> None:
        self.server = server
        self._attempts = attempts
        self._making = threading.Lock()

    def _client(self, service: str) -> Any:
        env = self.server.env
        with self._making:
            return SESSION.client(
                service,
                endpoint_url=self.server.endpoint,
                region_name=env["AWS_REGION"],
                aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
                config=Config(
                    retries={"total_max_attempts": self._attempts, "mode": "standard"},
                    max_pool_connections=64,
                    read_timeout=60,
                ),
            )

    @cached_property
    def s3(self) -> Any:
        """S3."""
        return self._client("s3")

    @cached_property
    def dynamodb(self) -> Any:
        """DynamoDB."""
        return self._client("dynamodb")

    @cached_property
    def kms(self) -> Any:
        """KMS."""
        return self._client("kms")

    def warm(self) -> "Clients":
        """Make every client now, so that what follows is only traffic."""
        _ = self.s3, self.dynamodb, self.kms
        return self


class Actor(Protocol):
    """Someone who uses the server."""

    acknowledged: int

    def step(self, aws: Clients, chance: random.Random) -> None:
        """Do one thing; whatever the client raises ends the round."""

    def check(self, aws: Clients) -> None:
        """Assert that what was acknowledged is there, and nothing is half there."""


def md5(body: bytes) -> str:
    """Return the hexadecimal MD5 of a body."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def code_of(error: ClientError) -> str:
    """Return AWS's error code."""
    return str(error.response["Error"]["Code"])


@dataclass
class Versions:
    """The versions of one key: which bodies were sent, and which were acknowledged."""

    key: str
    tried: set[str] = field(default_factory=set)
    kept: dict[str, str] = field(default_factory=dict)  # acknowledged version id -> MD5

    def check(self, s3: Any) -> None:
        """Read every version back."""
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix=self.key)
        present = [v["VersionId"] for page in pages for v in page.get("Versions", ())]
        assert set(self.kept) <= set(present), f"an acknowledged version of {self.key} is gone"
        for version in present:
            body = s3.get_object(Bucket=BUCKET, Key=self.key, VersionId=version)["Body"].read()
            digest = md5(body)
            assert digest in self.tried, f"a version of {self.key} holds what nobody wrote"
            assert self.kept.setdefault(version, digest) == digest, "a version holds other bytes"


class StateWriter:
    """Lock, write the state, write its digest, unlock."""

    def __init__(self, key: str) -> None:
        self.acknowledged = 0
        self._versions = Versions(key)
        self._key = key
        self._digests = {""}  # what the digest item may say
        self._locked: bool | None = False  # None: a lock or an unlock was sent, answer unknown

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `Actor`."""
        lock = {"LockID": {"S": self._key}}
        self._locked = None
        aws.dynamodb.put_item(
            TableName=TABLE,
            Item={**lock, "Info": {"S": "{}"}},
            ConditionExpression="attribute_not_exists(LockID)",
        )
        self._locked = True
        # Up to 3 MiB: within one transaction, and staged in several.
        body = chance.randbytes(chance.choice((10, 5_000, 100_000, 3 << 20)))
        digest = md5(body)
        self._versions.tried.add(digest)
        done = aws.s3.put_object(Bucket=BUCKET, Key=self._key, Body=body)
        self._versions.kept[done["VersionId"]] = digest
        self._digests.add(digest)
        item = {"LockID": {"S": self._key + "-md5"}, "Digest": {"S": digest}}
        aws.dynamodb.put_item(TableName=TABLE, Item=item)
        self._digests = {digest}
        self._locked = None
        aws.dynamodb.delete_item(TableName=TABLE, Key=lock)
        self._locked = False
        self.acknowledged += 1

    def check(self, aws: Clients) -> None:
        """See `Actor`."""
        self._versions.check(aws.s3)
        item = _item(aws, self._key + "-md5")
        found = item["Digest"]["S"] if item else ""
        assert found in self._digests, "the digest item went back"
        locked = _item(aws, self._key) is not None
        assert self._locked in (None, locked), "an acknowledged lock or unlock is gone"
        self._digests = {found}
        if locked:
            aws.dynamodb.delete_item(TableName=TABLE, Key={"LockID": {"S": self._key}})
        self._locked = False


def _item(aws: Clients, lock_id: str) -> Any:
    key = {"LockID": {"S": lock_id}}
    return aws.dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")


class PartsUploader:
    """Uploads in parts; some are completed, some aborted, some left."""

    def __init__(self, key: str) -> None:
        self.acknowledged = 0
        self._versions = Versions(key)
        self._key = key
        self._aborted: set[str] = set()
        self._parts: dict[tuple[str, int], str] = {}  # (upload id, number) -> ETag

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `Actor`."""
        named = {"Bucket": BUCKET, "Key": self._key}
        upload = aws.s3.create_multipart_upload(**named)["UploadId"]
        pieces = [chance.randbytes(PART), chance.randbytes(chance.choice((1, 70_000)))]
        parts = []
        for number, piece in enumerate(pieces, 1):
            done = aws.s3.upload_part(**named, UploadId=upload, PartNumber=number, Body=piece)
            parts.append({"PartNumber": number, "ETag": done["ETag"]})
            self._parts[upload, number] = done["ETag"]
        fate = chance.random()
        if fate < 0.2:
            return
        self._parts = {at: etag for at, etag in self._parts.items() if at[0] != upload}
        if fate < 0.4:
            aws.s3.abort_multipart_upload(**named, UploadId=upload)
            self._aborted.add(upload)
            return
        digest = md5(b"".join(pieces))
        self._versions.tried.add(digest)
        done = aws.s3.complete_multipart_upload(
            **named, UploadId=upload, MultipartUpload={"Parts": parts}
        )
        self._versions.kept[done["VersionId"]] = digest
        self.acknowledged += 1

    def check(self, aws: Clients) -> None:
        """See `Actor`."""
        self._versions.check(aws.s3)
        pages = aws.s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET)
        waiting = {
            upload["UploadId"]
            for page in pages
            for upload in page.get("Uploads", ())
            if upload["Key"] == self._key
        }
        assert not waiting & self._aborted, "an aborted upload is back"
        for (upload, number), etag in self._parts.items():
            listed = aws.s3.list_parts(Bucket=BUCKET, Key=self._key, UploadId=upload)
            assert etag in [p["ETag"] for p in listed["Parts"] if p["PartNumber"] == number]


class Copier:
    """Copies one long object over another, again and again, under new metadata."""

    def __init__(self, key: str) -> None:
        self.acknowledged = 0
        self._versions = Versions(key)
        self._key = key
        self._source = random.Random(key).randbytes(2_500_000)

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `Actor`."""
        source = self._key + "-source"
        if not self._versions.tried:
            aws.s3.put_object(Bucket=BUCKET, Key=source, Body=self._source)
            self._versions.tried.add(md5(self._source))
        done = aws.s3.copy_object(
            Bucket=BUCKET,
            Key=self._key + "-copy",
            CopySource={"Bucket": BUCKET, "Key": source},
            Metadata={"n": str(chance.random())},
            MetadataDirective="REPLACE",
        )
        self._versions.kept[done["VersionId"]] = md5(self._source)
        self.acknowledged += 1

    def check(self, aws: Clients) -> None:
        """See `Actor`."""
        copies = Versions(self._key + "-copy", self._versions.tried, self._versions.kept)
        copies.check(aws.s3)


class KeyMaker:
    """Makes KMS keys with an alias, and encrypts under them."""

    def __init__(self, name: str) -> None:
        self.acknowledged = 0
        self._name = name
        self._tried = 0
        self._keys: list[str] = []
        self._aliases: dict[str, str] = {}
        self._secrets: list[tuple[bytes, bytes]] = []  # (ciphertext, plaintext)

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `Actor`."""
        self._tried += 1
        alias = f"alias/{self._name}-{self._tried}"
        made = aws.kms.create_key(Description=self._name)["KeyMetadata"]["KeyId"]
        self._keys.append(made)
        aws.kms.create_alias(AliasName=alias, TargetKeyId=made)
        self._aliases[alias] = made
        plain = chance.randbytes(32)
        blob = aws.kms.encrypt(KeyId=alias, Plaintext=plain)["CiphertextBlob"]
        self._secrets.append((blob, plain))
        self.acknowledged += 1

    def check(self, aws: Clients) -> None:
        """See `Actor`."""
        pages = aws.kms.get_paginator("list_keys").paginate()
        present = {key["KeyId"] for page in pages for key in page["Keys"]}
        assert set(self._keys) <= present, "an acknowledged key is gone"
        for alias, key in self._aliases.items():
            assert aws.kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == key
        for blob, plain in self._secrets:
            assert aws.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == plain


class TableMaker:
    """Makes tables, fills them in a transaction of two items, deletes every third."""

    def __init__(self, name: str) -> None:
        self.acknowledged = 0
        self._name = name
        self._tried = 0
        self._there: dict[str, bool | None] = {}  # by table: has its items; None: it is gone

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `Actor`."""
        self._tried += 1
        table = f"{self._name}-{self._tried}"
        aws.dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._there[table] = False
        items = [
            {"Put": {"TableName": table, "Item": {"LockID": {"S": name}}}} for name in ("a", "b")
        ]
        aws.dynamodb.transact_write_items(TransactItems=items)
        self._there[table] = True
        self.acknowledged += 1
        if self._tried % 3 == 0:
            del self._there[table]
            aws.dynamodb.delete_table(TableName=table)
            self._there[table] = None

    def check(self, aws: Clients) -> None:
        """See `Actor`."""
        pages = aws.dynamodb.get_paginator("list_tables").paginate()
        present = {name for page in pages for name in page["TableNames"]}
        for table, filled in self._there.items():
            assert (table in present) == (filled is not None), f"{table} came or went"
        for table in (name for name in present if name.startswith(self._name)):
            found = aws.dynamodb.scan(TableName=table, ConsistentRead=True)["Count"]
            expected = (2,) if self._there.get(table) else (0, 2)
            assert found in expected, "half a transaction was kept"


class LockFileHolder:
    """Takes a lock file that others want too, holds it for a moment, and lets go."""

    def __init__(self, key: str, name: str) -> None:
        self.acknowledged = 0
        self._key = key
        self._name = name.encode()
        self._holds: bool | None = False  # None: sent, answer unknown

    def step(self, aws: Clients, chance: random.Random) -> None:
        """See `Actor`."""
        self._holds = None
        try:
            aws.s3.put_object(Bucket=BUCKET, Key=self._key, Body=self._name, IfNoneMatch="*")
        except ClientError as error:
            if code_of(error) not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
            self._holds = False
            return
        self._holds = True
        assert self._holder(aws) == self._name, "another holds the lock that was given to me"
        self._holds = None
        aws.s3.delete_object(Bucket=BUCKET, Key=self._key)
        self._holds = False
        self.acknowledged += 1

    def check(self, aws: Clients) -> None:
        """See `Actor`. Gives the lock back, so that the next round can go on."""
        holds = self._holder(aws) == self._name
        assert self._holds in (None, holds), "an acknowledged lock or unlock is gone"
        if holds:
            aws.s3.delete_object(Bucket=BUCKET, Key=self._key)
        self._holds = False

    def _holder(self, aws: Clients) -> bytes:
        try:
            body: bytes = aws.s3.get_object(Bucket=BUCKET, Key=self._key)["Body"].read()
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            return b""
        return body

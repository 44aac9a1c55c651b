"""Every served operation, asked in hundreds of wrong ways: always AWS's answer, never a defect."""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from holdfast.aws.http import Headers, Request, Response
from holdfast.aws.models import SERVED, service
from holdfast.engine.open import open_directory
from holdfast.engine.port import Writer
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from in_process import ACCESS_KEY_ID, ACCOUNT, REGION, SECRET, Aws
from mutated_requests import Mutator, Wire
from raw_http import JSON_KINDS, Signer

EXAMPLES = int(os.environ.get("HOLDFAST_FUZZ_EXAMPLES", "12"))  # for each operation
SEED = os.environ.get("HOLDFAST_FUZZ_SEED", "holdfast")
SIGNER = Signer("127.0.0.1:8270", ACCESS_KEY_ID, SECRET, REGION)
OPERATIONS = [(name, each) for name in sorted(SERVED) for each in sorted(SERVED[name])]
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/table"
LOCK = {"LockID": {"S": "x"}}
KNOWN: dict[str, tuple[Any, ...]] = {
    "Bucket": ("bucket-one",) * 8 + ("bucket-two", "-", "Bad_Name"),
    "ObjectKey": ("k", "k", "k", "a/../b", "nothing"),
    "CopySource": ("bucket-one/k", "/bucket-one/k?versionId=null", "bucket-one", "%"),
    "ExpectedBucketOwner": (ACCOUNT,),
    "ExpectedSourceBucketOwner": (ACCOUNT,),
    "ACL": ("private",),
    "StorageClass": ("STANDARD",),
    "ServerSideEncryption": ("AES256", "aws:kms"),
    "SSEKMSKeyId": ("alias/one", "alias/aws/s3"),
    "VersionId": ("null", "x"),
    "Range": ("bytes=0-3", "bytes=-2", "bytes=9-"),
    "Policy": ('{"Version":"2012-10-17","Statement":[]}', "{}", "[]", '{"Statement":{"Effect":1}}'),
    "TableName": ("table",) * 5 + ("none",),
    "TableArn": ("table", TABLE),
    "ResourceArnString": (TABLE,),
    "Key": (LOCK,),
    "PutItemInputAttributeMap": (LOCK, LOCK | {"a": {"N": "5"}, "b": {"SS": ["x", "y"]}}),
    "ExpressionAttributeValues": ({":v": {"S": "x"}}, {":v": {"N": "1"}}, {":v": {"L": []}}),
    "ExpressionAttributeNames": ({"#n": "a"}, {"#n": "LockID"}),
    "KeyExpression": ("LockID = :v", "#n = :v", "LockID > :v", "a = :v AND LockID = :v"),
    "BatchGetRequestMap": ({"table": {"Keys": [LOCK]}},),
    "ExclusiveStartKey": (LOCK,),
    "AliasNameType": ("alias/one", "alias/two", "alias/aws/x"),
    "KeySchema": ([{"AttributeName": "LockID", "KeyType": "HASH"}],),
    "AttributeDefinitions": ([{"AttributeName": "LockID", "AttributeType": "S"}],),
    "BillingMode": ("PAY_PER_REQUEST",),
    "AttributeName": ("LockID", "a", "b"),
    "DataKeyPairSpec": ("ECC_NIST_P256", "ECC_NIST_P256", "RSA_1"),  # RSA takes long
    "arnType": (f"arn:aws:iam::{ACCOUNT}:role/deploy",),
    "roleArnType": (f"arn:aws:iam::{ACCOUNT}:role/deploy",),
    "roleSessionNameType": ("session",),
    "PartNumber": ("1",),
}


@dataclass
class Furnished:
    """A server with something in it for requests to name."""

    aws: Aws
    known: dict[str, tuple[Any, ...]]

    def send(self, wire: Wire) -> Response:
        """Sign a request and send it."""
        how = {"service": wire.service}
        signed = SIGNER.headers(wire.method, wire.target, wire.body, wire.headers, **how)
        signed["Content-Length"] = str(len(wire.body))
        path, _, query = wire.target.partition("?")
        return self.aws.send(Request(wire.method, path, query, Headers(signed.items())), wire.body)

    def furnish(self) -> None:
        """Put back what a request may have removed."""
        self._try("PUT", "/bucket-one")
        self._try("PUT", "/bucket-one/k", b"some bytes")
        made = self._try("POST", "/bucket-one/k?uploads")
        if isinstance(made.body, bytes) and b"<UploadId>" in made.body:
            upload = made.body.partition(b"<UploadId>")[2].partition(b"<")[0].decode()
            self.known["UploadId"] = self.known["MultipartUploadId"] = (upload,)
            self._try("PUT", f"/bucket-one/k?partNumber=1&uploadId={quote(upload)}", b"part")
        self._call(
            "dynamodb",
            "CreateTable",
            TableName="table",
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        item = {"LockID": {"S": "x"}, "a": {"L": [{"N": "1"}]}, "b": {"M": {"c": {"S": "x"}}}}
        self._call("dynamodb", "PutItem", TableName="table", Item=item)
        key = json.loads(_bytes(self._call("kms", "CreateKey")))["KeyMetadata"]
        self._call("kms", "CreateAlias", AliasName="alias/one", TargetKeyId=key["KeyId"])
        sealed = self._call("kms", "Encrypt", KeyId=key["KeyId"], Plaintext="aGVsbG8=")
        self.known["KeyIdType"] = (key["KeyId"], key["Arn"], "alias/one", "alias/aws/s3")
        self.known["CiphertextBlob"] = (json.loads(_bytes(sealed))["CiphertextBlob"],)

    def _try(self, method: str, target: str, body: bytes = b"") -> Response:
        return self.send(Wire("s3", method, target, {}, body))

    def _call(self, name: str, operation: str, **params: Any) -> Response:
        model = service(name)
        headers = {
            "X-Amz-Target": f"{model.target_prefix}.{operation}",
            "Content-Type": f"application/x-amz-json-{model.json_version}",
        }
        return self.send(Wire(name, "POST", "/", headers, json.dumps(params).encode()))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """One server for all operations."""
    directory = open_directory(tmp_path_factory.mktemp("fuzz") / "data")
    now = datetime.now(UTC)

    def first(tx: Writer) -> None:
        create_user(tx, ADMINISTRATOR, now, os.urandom)
        key = NewKey(ACCESS_KEY_ID, SECRET)
        create_access_key(tx, directory.vault, ADMINISTRATOR, now, os.urandom, key)

    directory.engine.update(first)
    yield Furnished(Aws(directory.path, directory.engine, directory.vault), dict(KNOWN))
    directory.close()


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=str)
def test_any_request_gets_an_answer(
    furnished: Furnished, caplog: pytest.LogCaptureFixture, name: str, operation: str
) -> None:
    """Right or wrong, a request gets a well-formed answer that is no defect of the server."""
    caplog.set_level(logging.WARNING)
    furnished.furnish()
    model = service(name)
    mutator = Mutator(model, furnished.known, f"{SEED} {name} {operation}")
    for number in range(EXAMPLES):
        mutator.chance = (0.0, 0.03, 0.1)[number % 3]
        wire = mutator.request(model.operations[operation])
        response = furnished.send(wire)
        assert response.status < 500 or response.status == 501, (wire, response)
        _check_form(name, wire, response)
    assert [record.getMessage() for record in caplog.records] == []


def _bytes(response: Response) -> bytes:
    body = response.body
    return body if isinstance(body, bytes) else b"".join(body)


def _check_form(name: str, wire: Wire, response: Response) -> None:
    body, failed = _bytes(response), response.status >= 400
    for header, value in response.headers:
        assert header.isascii()
        assert "\r" not in value, header
        assert "\n" not in value, header
    if name in JSON_KINDS:
        document = json.loads(body or b"{}")
        assert ("__type" in document) == failed, document
    elif failed and wire.method != "HEAD" and response.status != 304:
        root = ET.fromstring(body)  # noqa: S314 - our own answer
        code = root.find(".//{*}Code")
        assert code is not None
        assert code.text

"""A server with something of every kind in it, for requests that are made up."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from holdfast.aws.http import Headers, Request, Response
from holdfast.aws.models import service
from in_process import ACCESS_KEY_ID, ACCOUNT, REGION, SECRET, Aws, fresh_server
from mutated_requests import Wire
from raw_http import JSON_KINDS, Signer

SIGNER = Signer("127.0.0.1:8270", ACCESS_KEY_ID, SECRET, REGION)
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
    "accessKeyIdType": ("AKIANOBODYATALL00000",),
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

    def send(self, wire: Wire, signer: Signer = SIGNER) -> Response:
        """Sign a request, as the administrator unless somebody else is given, and send it."""
        how = {"service": wire.service}
        signed = signer.headers(wire.method, wire.target, wire.body, wire.headers, **how)
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
        key = json.loads(bytes_of(self._call("kms", "CreateKey")))["KeyMetadata"]
        self._call("kms", "CreateAlias", AliasName="alias/one", TargetKeyId=key["KeyId"])
        sealed = self._call("kms", "Encrypt", KeyId=key["KeyId"], Plaintext="aGVsbG8=")
        self.known["KeyIdType"] = (key["KeyId"], key["Arn"], "alias/one", "alias/aws/s3")
        self.known["CiphertextBlob"] = (json.loads(bytes_of(sealed))["CiphertextBlob"],)

    def _try(self, method: str, target: str, body: bytes = b"") -> Response:
        return self.send(Wire("s3", method, target, {}, body))

    def _call(self, name: str, operation: str, **params: Any) -> Response:
        model = service(name)
        headers = {
            "X-Amz-Target": f"{model.target_prefix}.{operation}",
            "Content-Type": f"application/x-amz-json-{model.json_version}",
        }
        return self.send(Wire(name, "POST", "/", headers, json.dumps(params).encode()))


@contextmanager
def furnished_server(folder: Path) -> Iterator[Furnished]:
    """Open a server with one administrator."""
    with fresh_server(folder) as aws:
        yield Furnished(aws, dict(KNOWN))


def bytes_of(response: Response) -> bytes:
    """Return the whole body of an answer."""
    body = response.body
    return body if isinstance(body, bytes) else b"".join(body)


def code_of(service_name: str, response: Response) -> str:
    """Return the code of the error that a service answers; empty if the answer names none."""
    body = bytes_of(response)
    if service_name in JSON_KINDS:
        return str(json.loads(body)["__type"]).rpartition("#")[2]
    code = ET.fromstring(body).find(".//{*}Code")  # noqa: S314 - our own answer
    return str(code.text) if code is not None else ""

"""Requests as Terraform sends them, signed and put into bytes before anything is measured."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Request:
    """One request in bytes, and how it is answered if all is well."""

    endpoint: str  # http://HOST:PORT
    method: bytes
    wire: bytes
    good: frozenset[int] = frozenset({200})
    length: int | None = None  # of the body of a good answer, where that is known

    def is_good(self, status: int, length: int) -> bool:
        """Tell whether an answer is the one that was wanted."""
        return status in self.good and self.length in {None, length}


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes signed requests for one server."""

    s3_endpoint: str
    dynamodb_endpoint: str
    access_key_id: str
    secret: str

    def s3(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        good: tuple[int, ...] = (200,),
        length: int | None = None,
    ) -> Request:
        """Sign an S3 request; `path` starts with the bucket and may have a query."""
        request = AWSRequest(
            method, self.s3_endpoint + path, data=body, headers=dict(headers or {})
        )
        S3SigV4Auth(self._credentials(), "s3", REGION).add_auth(request)
        return _in_bytes(self.s3_endpoint, request, body, frozenset(good), length)

    def put(self, bucket: str, key: str, body: bytes, headers: Mapping[str, str] | None = None,
            *, good: tuple[int, ...] = (200,)) -> Request:  # fmt: skip
        """Sign a PutObject with its SHA-256 checksum, as Terraform sends it."""
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        fields = {"Content-Type": "application/json", "x-amz-checksum-sha256": digest}
        return self.s3("PUT", f"/{bucket}/{key}", body, {**fields, **(headers or {})}, good=good)

    def dynamodb(
        self, operation: str, parameters: Mapping[str, Any], *, good: tuple[int, ...] = (200,)
    ) -> Request:
        """Sign a DynamoDB request."""
        body = json.dumps(parameters).encode()
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Accept-Encoding": "identity",
        }
        request = AWSRequest("POST", self.dynamodb_endpoint + "/", data=body, headers=headers)
        SigV4Auth(self._credentials(), "dynamodb", REGION).add_auth(request)
        return _in_bytes(self.dynamodb_endpoint, request, body, frozenset(good), None)

    def _credentials(self) -> Credentials:
        return Credentials(self.access_key_id, self.secret)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _in_bytes(
    endpoint: str, request: AWSRequest, body: bytes, good: frozenset[int], length: int | None
) -> Request:
    prepared = request.prepare()
    target = urlsplit(str(prepared.url))
    path = target.path + (f"?{target.query}" if target.query else "")
    lines = [f"{prepared.method} {path} HTTP/1.1", f"Host: {target.netloc}"]
    for name, value in prepared.headers.items():
        if name.lower() != "content-length":
            lines.append(f"{name}: {_text(value)}")
    lines += [f"Content-Length: {len(body)}", "", ""]
    wire = "\r\n".join(lines).encode() + body
    return Request(endpoint, str(prepared.method).encode(), wire, good, length)

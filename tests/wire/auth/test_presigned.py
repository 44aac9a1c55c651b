"""Presigned URLs of S3."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config

from holdfast.aws.http import Headers, Request, Response
from in_process import Aws


@pytest.fixture
def url(aws: Aws) -> str:
    """A URL that reads an object, valid for an hour."""
    aws.s3.create_bucket(Bucket="bucket")
    aws.s3.put_object(Bucket="bucket", Key="a b/é", Body=b"state")
    return _presigned(aws, "get_object", ExpiresIn=3600)


def _presigned(aws: Aws, method: str, **options: Any) -> str:
    client: Any = aws.client("s3", config=_v4())
    where = {"Bucket": "bucket", "Key": "a b/é"}
    return str(client.generate_presigned_url(method, Params=where, **options))


def _v4() -> Config:
    return Config(signature_version="s3v4", s3={"addressing_style": "path"})


def _send(aws: Aws, url: str, method: str = "GET", body: bytes = b"") -> Response:
    parts = urlsplit(url)
    pairs = [("host", parts.netloc), ("content-length", str(len(body)))]
    return aws.send(Request(method, parts.path, parts.query, Headers(pairs)), body)


def _body(response: Response) -> bytes:
    body = response.body
    return body if isinstance(body, bytes) else b"".join(body)


def test_url_reads(aws: Aws, url: str) -> None:
    """Whoever has the URL can read."""
    response = _send(aws, url)
    assert (response.status, _body(response)) == (200, b"state")


def test_url_writes(aws: Aws, url: str) -> None:
    """A URL for writing takes any body, for its hash is not signed."""
    assert url
    assert _send(aws, _presigned(aws, "put_object"), "PUT", b"new").status == 200
    assert aws.s3.get_object(Bucket="bucket", Key="a b/é")["Body"].read() == b"new"


def test_url_is_for_one_method(aws: Aws, url: str) -> None:
    """A URL for reading does not delete."""
    response = _send(aws, url, "DELETE")
    assert response.status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in _body(response)


def test_url_is_for_one_key(aws: Aws, url: str) -> None:
    """A URL for one object does not read another one."""
    assert _send(aws, url.replace("/bucket/a", "/bucket/b")).status == 403


def test_url_expires(aws: Aws, url: str) -> None:
    """After its time a URL is refused, and says when that was."""
    aws.clock.advance(3601)
    response = _send(aws, url)
    assert response.status == 403
    assert b"<Message>Request has expired</Message>" in _body(response)
    assert b"<X-Amz-Expires>3600</X-Amz-Expires>" in _body(response)


def test_url_of_more_than_a_week(aws: Aws, url: str) -> None:
    """A week is the most."""
    assert url
    response = _send(aws, _presigned(aws, "get_object", ExpiresIn=604801))
    assert response.status == 400
    assert b"<Code>AuthorizationQueryParametersError</Code>" in _body(response)

"""From a request to its service, operation, bucket and key."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request
from holdfast.aws.models import service
from holdfast.aws.routing import Target, route, service_of

FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")


def request(line: str, *headers: tuple[str, str], host: str = "127.0.0.1:8270") -> Request:
    """Make a request of `METHOD /path?query`."""
    method, _, uri = line.partition(" ")
    path, _, query = uri.partition("?")
    return Request(method, path, query, Headers([("host", host), *headers]))


def scope(name: str) -> tuple[str, str]:
    """Make an authorization header for a service."""
    credential = f"AKIA/20240101/us-east-1/{name}/aws4_request"
    return ("Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host")


@pytest.mark.parametrize("name", ["s3", "dynamodb", "kms", "sts", "iam", "holdfast"])
def test_the_credential_scope_says_which_service(name: str) -> None:
    """What a request was signed for is what it is for."""
    assert service_of(request("POST /", scope(name))) == name
    query = f"X-Amz-Credential=AKIA%2F20240101%2Fus-east-1%2F{name}%2Faws4_request"
    assert service_of(request(f"GET /?{query}")) == name


@pytest.mark.parametrize(
    ("asked", "body", "name"),
    [
        (request("POST /", ("x-amz-target", "DynamoDB_20120810.GetItem")), b"", "dynamodb"),
        (request("POST /", ("x-amz-target", "TrentService.Encrypt")), b"", "kms"),
        (request("POST /", ("x-amz-target", "Holdfast_20261101.X")), b"", "holdfast"),
        (request("POST /", FORM), b"Action=GetUser&Version=2010-05-08", "iam"),
        (request("POST /", FORM), b"Action=GetCallerIdentity&Version=2011-06-15", "sts"),
        (request("POST /", FORM), None, "sts"),
        (request("GET /b/k", scope("ec2")), b"", "s3"),
        (request("GET /"), b"", "s3"),
    ],
)
def test_unsigned_requests_are_known_by_their_form(
    asked: Request, body: bytes | None, name: str
) -> None:
    """Without a scope, target and content type tell the services apart."""
    assert service_of(asked, body) == name


@pytest.mark.parametrize(
    ("line", "operation"),
    [
        ("GET /", "ListBuckets"),
        ("PUT /b", "CreateBucket"),
        ("PUT /b/", "CreateBucket"),
        ("HEAD /b", "HeadBucket"),
        ("GET /b", "ListObjects"),
        ("GET /b?prefix=x", "ListObjects"),
        ("GET /b?list-type=1", "ListObjects"),
        ("GET /b?list-type=2&prefix=x", "ListObjectsV2"),
        ("GET /b?versions", "ListObjectVersions"),
        ("GET /b?versions=&prefix=x", "ListObjectVersions"),
        ("GET /b?lifecycle", "GetBucketLifecycleConfiguration"),
        ("PUT /b?lifecycle", "PutBucketLifecycleConfiguration"),
        ("PUT /b?notification", "PutBucketNotificationConfiguration"),
        ("POST /b?delete", "DeleteObjects"),
        ("GET /b?uploads", "ListMultipartUploads"),
        ("GET /b/k", "GetObject"),
        ("GET /b/k?partNumber=1", "GetObject"),
        ("GET /b/k?foo=bar&X-Amz-Date=1", "GetObject"),
        ("GET /b/k?attributes", "GetObjectAttributes"),
        ("GET /b/k?uploadId=U", "ListParts"),
        ("PUT /b/k?x-id=PutObject", "PutObject"),
        ("PUT /b/k?partNumber=1&uploadId=U", "UploadPart"),
        ("POST /b/k?uploads=", "CreateMultipartUpload"),
        ("POST /b/k?uploadId=U", "CompleteMultipartUpload"),
        ("DELETE /b/k?uploadId=U&x-id=AbortMultipartUpload", "AbortMultipartUpload"),
        ("DELETE /b/k?versionId=V", "DeleteObject"),
    ],
)
def test_s3_operations(line: str, operation: str) -> None:
    """Method, path and sub-resource choose the operation that demands most."""
    assert route("s3", request(line), None).operation == operation


def test_a_copy_source_makes_a_copy() -> None:
    """One header turns an upload into a copy."""
    source = ("x-amz-copy-source", "/b/other")
    assert route("s3", request("PUT /b/k", source), None).operation == "CopyObject"
    part = request("PUT /b/k?partNumber=1&uploadId=U", source)
    assert route("s3", part, None).operation == "UploadPartCopy"


@pytest.mark.parametrize(
    ("path", "bucket", "key"),
    [
        ("/b/k", "b", "k"),
        ("/b//k//", "b", "/k//"),
        ("/b/../x/./y", "b", "../x/./y"),
        ("/b/%2e%2e%2fetc", "b", "../etc"),
        ("/b/a%2520b+c", "b", "a%20b+c"),
        ("/b/env%3A/dev/%C3%A9%2B%26", "b", "env:/dev/é+&"),
        ("/b/a%00b", "b", "a\0b"),
    ],
)
def test_keys_are_decoded_once_and_kept_whole(path: str, bucket: str, key: str) -> None:
    """Slashes and dots are part of a key; nothing is normalised."""
    assert route("s3", request(f"GET {path}"), None) == Target("GetObject", bucket, key)


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("my.bucket.s3.example:8270", "/a/b", "my.bucket", "a/b"),
        ("bucket.S3.Example", "/", "bucket", None),
        ("s3.example:8270", "/bucket/k", "bucket", "k"),
        ("evil.example", "/bucket/k", "bucket", "k"),
    ],
)
def test_virtual_hosts(host: str, path: str, bucket: str, key: str | None) -> None:
    """Below the base domain the host names the bucket; elsewhere the path does."""
    target = route("s3", request(f"GET {path}", host=host), None, "s3.example")
    assert (target.bucket, target.key) == (bucket, key)


@pytest.mark.parametrize("uri", ["/b/%ff", "/%ff/k", "//k", "//"])
def test_paths_that_name_nothing(uri: str) -> None:
    """What is not UTF-8, or has no bucket, is InvalidURI."""
    asked = Request("GET", uri, "", Headers([("host", "h")]))
    with pytest.raises(ServiceError) as caught:
        route("s3", asked, None)
    assert (caught.value.code, caught.value.status) == ("InvalidURI", 400)


def test_keys_have_at_most_1024_bytes() -> None:
    """One byte more is KeyTooLongError."""
    assert route("s3", request(f"GET /b/{'%C3%A9' * 512}"), None).key == "é" * 512
    with pytest.raises(ServiceError, match="KeyTooLongError"):
        route("s3", request(f"GET /b/{'x' * 1025}"), None)


@pytest.mark.parametrize(
    ("line", "code", "named"),
    [
        ("GET /b/k?torrent", "NotImplemented", "GetObjectTorrent"),
        ("GET /b?analytics&id=1", "NotImplemented", "GetBucketAnalyticsConfiguration"),
        ("GET /b?analytics", "NotImplemented", "ListBucketAnalyticsConfigurations"),
        ("GET /b?session", "NotImplemented", "CreateSession"),
        ("PUT /b/k?retention", "NotImplemented", "PutObjectRetention"),
        ("POST /b/k?select&select-type=2", "NotImplemented", "SelectObjectContent"),
        ("OPTIONS /b/k", "NotImplemented", "OPTIONS object"),
        ("PUT /b/k?policy", "MethodNotAllowed", "not allowed"),
        ("PUT /b/k?uploadId=U", "MethodNotAllowed", "not allowed"),
        ("DELETE /b?versioning", "MethodNotAllowed", "not allowed"),
        ("DELETE /b/k?acl", "MethodNotAllowed", "not allowed"),
        ("PATCH /b/k", "MethodNotAllowed", "not allowed"),
        ("PUT /", "MethodNotAllowed", "not allowed"),
        ("GET /b?acl&policy", "InvalidArgument", "acl, policy"),
    ],
)
def test_what_s3_refuses(line: str, code: str, named: str) -> None:
    """Operations that are not served are named, and no sub-resource is ignored."""
    with pytest.raises(ServiceError) as caught:
        route("s3", request(line), None)
    assert caught.value.code == code
    assert named in caught.value.message


def test_form_uploads_are_named() -> None:
    """A browser's form upload is PostObject."""
    asked = request("POST /b", ("content-type", "multipart/form-data; boundary=x"))
    with pytest.raises(ServiceError, match="PostObject"):
        route("s3", asked, None)


def test_every_operation_of_s3_is_recognised() -> None:
    """Whatever AWS has is either routed to itself, or refused by its name."""
    model = service("s3")
    old = {template.operation for template in model.templates if template.deprecated}
    for template in model.templates:
        names = [f"{name}=1" for name in template.needs_query]
        query = "&".join(filter(None, [template.uri.partition("?")[2], *names]))
        path = template.uri.partition("?")[0].replace("{Bucket}", "b").replace("{Key+}", "k")
        headers = [(name, "x") for name in template.needs_headers]
        named = _outcome(request(f"{template.method} {path}?{query}", *headers))
        shared = {"ListDirectoryBuckets", "WriteGetObjectResponse"}
        if template.operation not in old | shared:
            assert named == template.operation


def _outcome(asked: Request) -> str:
    try:
        return route("s3", asked, None).operation
    except ServiceError as error:
        return error.message.partition(" ")[0]


def test_json_operations() -> None:
    """The target header names the operation."""
    asked = request("POST /", ("X-Amz-Target", "DynamoDB_20120810.GetItem"))
    assert route("dynamodb", asked, None) == Target("GetItem")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("DynamoDB_20120810.CreateBackup", "CreateBackup is not implemented"),
        ("DynamoDB_20120810.Nonsense", ""),
        ("DynamoDB_20111205.GetItem", ""),
        ("GetItem", ""),
        ("", ""),
    ],
)
def test_json_operations_that_are_not_there(target: str, said: str) -> None:
    """Both unknown and unserved operations are UnknownOperationException; the latter is named."""
    with pytest.raises(ServiceError) as caught:
        route("dynamodb", request("POST /", ("X-Amz-Target", target)), None)
    assert (caught.value.code, caught.value.status) == ("UnknownOperationException", 400)
    assert said in caught.value.message


def test_query_operations() -> None:
    """The action is in the form, or in the query string."""
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert route("sts", request("POST /", FORM), body) == Target("GetCallerIdentity")
    assert route("sts", request(f"GET /?{body.decode()}"), b"") == Target("GetCallerIdentity")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MissingAction"),
        (b"Action=Nonsense&Version=2011-06-15", "InvalidAction"),
        (b"Action=GetCallerIdentity&Version=2010-05-08", "InvalidAction"),
        (b"Action=GetCallerIdentity", "InvalidAction"),
        (b"Action=GetFederationToken&Version=2011-06-15", "NotImplemented"),
    ],
)
def test_query_operations_that_are_not_there(body: bytes, code: str) -> None:
    """Each way to be wrong has its own code."""
    with pytest.raises(ServiceError) as caught:
        route("sts", request("POST /", FORM), body)
    assert caught.value.code == code


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "TRACE", "\x00"]),
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.text("&=acl%uploadsId+policy2x", max_size=30),
    st.text(max_size=20),
)
def test_any_request_gets_an_answer(method: str, path: str, query: str, host: str) -> None:
    """Routing ends in a target or in a service error, whatever comes."""
    asked = Request(method, f"/{path}", query, Headers([("host", host)]))
    with suppress(ServiceError):
        target = route("s3", asked, None, "base.example")
        assert target.operation in service("s3").operations

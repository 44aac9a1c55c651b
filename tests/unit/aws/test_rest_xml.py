"""S3's requests and responses."""

from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat

import pytest
from botocore.parsers import create_parser

from holdfast.aws import protocols, routing
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request, Response
from holdfast.aws.models import service

XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'


def parse(line: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    """Route and parse a request of `METHOD /path?query`."""
    method, _, uri = line.partition(" ")
    path, _, query = uri.partition("?")
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request = Request(method, path, query, Headers([("host", "h"), *pairs]))
    target = routing.route("s3", request, body)
    model = service("s3").operations[target.operation]
    return protocols.parse("s3", model, request, target, body)


def answer(operation: str, result: dict[str, Any], status: int | None = None) -> Response:
    """Serialize a result."""
    model = service("s3").operations[operation]
    return protocols.serialize("s3", model, result, "RID", status=status)


def document(response: Response) -> str:
    """Return the body without the prologue."""
    assert isinstance(response.body, bytes)
    text = response.body.decode()
    assert text.startswith(PROLOGUE)
    return text.removeprefix(PROLOGUE)


def test_metadata_is_a_map_of_headers() -> None:
    """User metadata comes with a prefix, and UTF-8 in it is understood."""
    params = parse("PUT /b/k", x_amz_meta_a="1", x_amz_meta_b="é".encode().decode("latin-1"))
    assert params == {"Bucket": "b", "Key": "k", "Metadata": {"a": "1", "b": "é"}}


def test_a_streamed_body_is_left_out() -> None:
    """The body of an upload is not among its parameters."""
    params = parse("PUT /b/k?x-id=PutObject", b"ignored", if_none_match="*", content_length="7")
    assert params == {"Bucket": "b", "Key": "k", "IfNoneMatch": "*", "ContentLength": 7}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("aws-chunked", None),
        ("aws-chunked,gzip", "gzip"),
        ("gzip, aws-chunked", "gzip"),
        ("x", "x"),
    ],
)
def test_chunking_is_no_encoding_of_the_object(sent: str, kept: str | None) -> None:
    """How the body was framed is not kept."""
    assert parse("PUT /b/k", content_encoding=sent).get("ContentEncoding") == kept


def test_dates_that_cannot_be_read_are_no_conditions() -> None:
    """S3 ignores them."""
    assert "IfModifiedSince" not in parse("GET /b/k", if_modified_since="yesterday")
    params = parse("GET /b/k", if_modified_since="Wed, 21 Oct 2015 07:28:00 GMT")
    assert params["IfModifiedSince"] == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)


@pytest.mark.parametrize("value", ["x", "1.5", "9" * 30, "", "9" * 5000])
def test_numbers_that_are_none(value: str) -> None:
    """A query parameter that must be a number is InvalidArgument if it is none."""
    with pytest.raises(ServiceError) as caught:
        parse(f"GET /b?list-type=2&max-keys={value}")
    error = caught.value
    assert (error.code, error.fields["ArgumentName"]) == ("InvalidArgument", "max-keys")
    assert error.message == "Provided max-keys not an integer or within integer range"


def test_a_required_header_is_missed() -> None:
    """GetObjectAttributes needs to know which."""
    with pytest.raises(ServiceError, match="x-amz-object-attributes"):
        parse("GET /b/k?attributes")


def test_the_first_fault_in_the_order_of_the_model_is_told() -> None:
    """However a client orders its parameters, the same one is refused."""
    for query in ("max-parts=x&part-number-marker=y", "part-number-marker=y&max-parts=x"):
        with pytest.raises(ServiceError) as caught:
            parse(f"GET /b/k?uploadId=u&{query}")
        assert caught.value.fields["ArgumentName"] == "max-parts"


def test_of_a_repeated_parameter_the_first_counts() -> None:
    """A parameter that comes twice is taken once."""
    assert parse("GET /b/k?uploadId=u&max-parts=1&max-parts=x")["MaxParts"] == 1


def test_a_policy_is_text() -> None:
    """The body of a policy is handed over as it is."""
    assert parse("PUT /b?policy", b'{"a": 1}')["Policy"] == '{"a": 1}'
    with pytest.raises(ServiceError, match="MalformedPolicy"):
        parse("PUT /b?policy", b"\xff")


def test_documents_may_come_without_a_namespace() -> None:
    """Many clients leave it out."""
    body = b"<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>"
    assert parse("PUT /b?tagging", body)["Tagging"] == {"TagSet": [{"Key": "a", "Value": ""}]}


def test_a_bucket_may_be_made_without_a_document() -> None:
    """In us-east-1 clients send none."""
    assert parse("PUT /b", x_amz_acl="private") == {"Bucket": "b", "ACL": "private"}


@pytest.mark.parametrize(
    ("line", "body", "code"),
    [
        ("PUT /b?versioning", b"", "MissingRequestBodyError"),
        ("PUT /b?policy", b"", "MissingRequestBodyError"),
        ("POST /b?delete", b"", "MissingRequestBodyError"),
        ("POST /b/k?uploadId=U", b"", "MalformedXML"),
        ("POST /b?delete", b"<Delete/>", "MalformedXML"),
        ("POST /b?delete", b"<Delete><Object/></Delete>", "MalformedXML"),
        ("POST /b?delete", b"<Delete><Object><Key><b/></Key></Object></Delete>", "MalformedXML"),
        ("PUT /b?versioning", b"<Tagging><TagSet/></Tagging>", "MalformedXML"),
        (
            "PUT /b?versioning",
            b"<VersioningConfiguration><Status>On</Status></VersioningConfiguration>",
            "MalformedXML",
        ),
        (
            "PUT /b?lifecycle",
            (
                b"<LifecycleConfiguration><Rule><Status>Enabled</Status><Unheard/></Rule>"
                b"</LifecycleConfiguration>"
            ),
            "MalformedXML",
        ),
        ("PUT /b?lifecycle", b"<LifecycleConfiguration/>", "MalformedXML"),
        (
            "PUT /b?publicAccessBlock",
            (
                b"<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls>"
                b"</PublicAccessBlockConfiguration>"
            ),
            "MalformedXML",
        ),
        (
            "PUT /b?tagging",
            b"<Tagging><TagSet><Other/></TagSet></Tagging>",
            "MalformedXML",
        ),
    ],
)
def test_documents_that_s3_refuses(line: str, body: bytes, code: str) -> None:
    """What S3's schema does not allow is MalformedXML; nothing at all has its own code."""
    with pytest.raises(ServiceError) as caught:
        parse(line, body)
    assert (caught.value.code, caught.value.status) == (code, 400)


def test_a_listing_as_s3_writes_it() -> None:
    """Root, namespace, flattened lists, timestamps to the millisecond, escapes."""
    result = {
        "Name": "b",
        "Prefix": "",
        "IsTruncated": False,
        "KeyCount": 1,
        "Contents": [
            {
                "Key": "a&\x01",
                "LastModified": datetime(2024, 1, 2, 3, 4, 5, 678901, UTC),
                "ETag": '"x"',
            }
        ],
        "CommonPrefixes": [{"Prefix": "p/"}],
    }
    assert document(answer("ListObjectsV2", result)) == (
        f"<ListBucketResult {XMLNS}><IsTruncated>false</IsTruncated>"
        "<Contents><Key>a&amp;&#x1;</Key><LastModified>2024-01-02T03:04:05.678Z</LastModified>"
        "<ETag>&quot;x&quot;</ETag></Contents><Name>b</Name><Prefix></Prefix>"
        "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><KeyCount>1</KeyCount>"
        "</ListBucketResult>"
    )


def test_the_location_is_the_root() -> None:
    """GetBucketLocation's document is a single element."""
    assert document(answer("GetBucketLocation", {"LocationConstraint": "eu-west-1"})) == (
        f"<LocationConstraint {XMLNS}>eu-west-1</LocationConstraint>"
    )
    assert document(answer("GetBucketLocation", {})) == (
        f"<LocationConstraint {XMLNS}></LocationConstraint>"
    )


def test_a_grantee_has_its_type_as_an_attribute() -> None:
    """With the namespace that it needs."""
    grant = {"Grantee": {"ID": "1", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    text = document(answer("GetBucketAcl", {"Owner": {"ID": "1"}, "Grants": [grant]}))
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    assert f'<Grantee {xsi} xsi:type="CanonicalUser"><ID>1</ID></Grantee>' in text
    assert text.startswith(f"<AccessControlPolicy {XMLNS}><Owner>")


@pytest.mark.parametrize(
    ("operation", "result", "root"),
    [
        ("CopyObject", {"CopyObjectResult": {"ETag": "x"}}, "CopyObjectResult"),
        ("UploadPartCopy", {"CopyPartResult": {"ETag": "x"}}, "CopyPartResult"),
        ("CreateMultipartUpload", {"UploadId": "x"}, "InitiateMultipartUploadResult"),
        ("ListBuckets", {"Buckets": []}, "ListAllMyBucketsResult"),
        ("GetBucketVersioning", {}, "VersioningConfiguration"),
        ("GetBucketEncryption", {"ServerSideEncryptionConfiguration": {"Rules": []}}, None),
        ("GetBucketLogging", {}, "BucketLoggingStatus"),
    ],
)
def test_roots(operation: str, result: dict[str, Any], root: str | None) -> None:
    """Documents have the root elements of the API reference."""
    name = root or next(iter(result))
    text = document(answer(operation, result))
    assert text.startswith(f"<{name} {XMLNS}>")
    assert text.endswith(f"</{name}>")


def test_header_values_stay_in_their_line() -> None:
    """A client can choose some response headers; none of them can add another."""
    response = answer("HeadObject", {"ContentDisposition": "a\r\nSet-Cookie: x", "ETag": '"e"'})
    headers = dict(response.headers)
    assert headers["Content-Disposition"] == "a  Set-Cookie: x"
    assert headers["ETag"] == '"e"'


def test_headers_of_an_object() -> None:
    """Times are HTTP dates, flags are words, metadata has its prefix."""
    moment = datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    result = {
        "LastModified": moment,
        "ContentLength": 12,
        "BucketKeyEnabled": True,
        "Metadata": {"a": "é"},
    }
    headers = dict(answer("HeadObject", result).headers)
    assert headers["Last-Modified"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert headers["Content-Length"] == "12"
    assert headers["x-amz-server-side-encryption-bucket-key-enabled"] == "true"
    assert headers["x-amz-meta-a"].encode("latin-1") == "é".encode()
    assert "Content-Length" not in dict(answer("GetObject", result).headers)


@pytest.mark.parametrize(
    ("operation", "status"), [("DeleteObject", 204), ("PutBucketTagging", 200)]
)
def test_answers_without_a_body(operation: str, status: int) -> None:
    """The status is the model's."""
    response = answer(operation, {})
    assert (response.status, response.body) == (status, b"")


def test_a_given_status_wins() -> None:
    """A partial answer is 206."""
    assert answer("GetObject", {}, 206).status == 206


def failure(error: ServiceError, method: str = "GET") -> Response:
    """Serialize an error."""
    request = Request(method, "/b/k", "", Headers([("host", "h")]))
    return protocols.serialize_error("s3", error, request, "RID", "HID", "/b/k")


def test_errors_say_what_s3_says() -> None:
    """Code, message, further fields and the identifiers, in S3's order."""
    response = failure(ServiceError("NoSuchKey", Key="a<b"))
    assert response.status == 404
    assert document(response) == (
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
        "<Key>a&lt;b</Key><Resource>/b/k</Resource><RequestId>RID</RequestId>"
        "<HostId>HID</HostId></Error>"
    )
    headers = dict(response.headers)
    assert headers["x-amz-request-id"] == "RID"
    assert headers["x-amz-id-2"] == "HID"


def test_botocore_reads_errors() -> None:
    """Its parser finds code and message."""
    response = failure(ServiceError("NoSuchBucket", BucketName="b"))
    shape: Any = None
    parsed = create_parser("rest-xml").parse(
        {"status_code": 404, "headers": dict(response.headers), "body": response.body}, shape
    )
    assert parsed["Error"]["Code"] == "NoSuchBucket"
    assert parsed["Error"]["BucketName"] == "b"


@pytest.mark.parametrize(
    ("error", "method"),
    [(ServiceError("NoSuchKey"), "HEAD"), (ServiceError("NotModified"), "GET")],
)
def test_errors_without_a_body(error: ServiceError, method: str) -> None:
    """HEAD and 304 have none."""
    response = failure(error, method)
    assert response.body == b""
    assert "Content-Type" not in dict(response.headers)


def test_errors_are_well_formed_whatever_they_quote() -> None:
    """A client's own words cannot break the document."""
    response = failure(ServiceError("InvalidArgument", "]]>&<", ArgumentValue="</Error>\"'"))
    assert isinstance(response.body, bytes)
    expat.ParserCreate().Parse(response.body, True)

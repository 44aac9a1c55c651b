"""AWS's published examples of Signature Version 4."""

import hashlib
from datetime import UTC, datetime

import pytest

from holdfast.aws import sigv4
from holdfast.aws.http import Headers, Request

SUITE_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
S3_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EMPTY = hashlib.sha256(b"").hexdigest()
WELCOME = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
SUITE_TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
S3_TIME = datetime(2013, 5, 24, tzinfo=UTC)


def _suite(method: str, query: str, signed: str, signature: str, **headers: str) -> Request:
    credential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    )
    pairs = [
        ("Host", "example.amazonaws.com"),
        ("X-Amz-Date", "20150830T123600Z"),
        ("Authorization", authorization),
        *((name.replace("_", "-"), value) for name, value in headers.items()),
    ]
    return Request(method, "/", query, Headers(pairs))


@pytest.mark.parametrize(
    ("method", "query", "signature"),
    [
        ("GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case"],
)
def test_request_of_the_signature_test_suite_verifies(
    method: str, query: str, signature: str
) -> None:
    """A request of the published suite has the published signature."""
    request = _suite(method, query, "host;x-amz-date", signature)
    claims = sigv4.claims(request, "service")
    context = sigv4.verify(claims, request, SUITE_SECRET, SUITE_TIME, EMPTY)
    assert context.signature == signature


def test_spaces_in_header_values_are_collapsed() -> None:
    """Case get-header-value-trim of the suite: runs of spaces count as one."""
    request = _suite(
        "GET",
        "",
        "host;my-header1;my-header2;x-amz-date",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        My_Header1=" value1",
        My_Header2=' "a   b   c"',
    )
    claims = sigv4.claims(request, "service")
    assert sigv4.verify(claims, request, SUITE_SECRET, SUITE_TIME, EMPTY)


def _s3(
    method: str, path: str, query: str, signature: str, payload: str, *more: tuple[str, str]
) -> Request:
    pairs = [
        ("host", "examplebucket.s3.amazonaws.com"),
        ("x-amz-content-sha256", payload),
        ("x-amz-date", "20130524T000000Z"),
        *more,
    ]
    signed = ";".join(sorted(name for name, _ in pairs))
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={signed},Signature={signature}"
    )
    return Request(method, path, query, Headers([*pairs, ("Authorization", authorization)]))


@pytest.mark.parametrize(
    "request_",
    [
        _s3(
            "GET",
            "/test.txt",
            "",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            EMPTY,
            ("range", "bytes=0-9"),
        ),
        _s3(
            "PUT",
            "/test%24file.text",
            "",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            WELCOME,
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ),
        _s3(
            "GET",
            "/",
            "lifecycle",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            EMPTY,
        ),
        _s3(
            "GET",
            "/",
            "max-keys=2&prefix=J",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            EMPTY,
        ),
    ],
    ids=["get-object", "put-object", "get-lifecycle", "list-objects"],
)
def test_example_of_the_s3_reference_verifies(request_: Request) -> None:
    """An example request of the S3 API reference has the signature printed there."""
    claims = sigv4.claims(request_, "s3")
    assert sigv4.verify(claims, request_, S3_SECRET, S3_TIME)


def test_presigned_example_of_the_s3_reference_verifies() -> None:
    """The presigned URL of the S3 API reference has the signature printed there."""
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
        "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
        "X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    headers = Headers([("host", "examplebucket.s3.amazonaws.com")])
    request = Request("GET", "/test.txt", query, headers)
    claims = sigv4.claims(request, "s3")
    assert claims.presigned
    assert claims.expires == 86400
    assert sigv4.verify(claims, request, S3_SECRET, S3_TIME)


def test_signing_key_is_the_published_one() -> None:
    """The key derived in the documentation's example comes out."""
    key = sigv4.signing_key(SUITE_SECRET, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"

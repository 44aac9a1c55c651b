"""Keys that try to be paths: stored literally or refused, never made into other keys."""

from urllib.parse import quote

import pytest

from holdfast.aws.http import Headers, Request
from in_process import ACCESS_KEY_ID, REGION, SECRET, Aws
from raw_http import Reply, Signer

SIGNER = Signer("127.0.0.1:8270", ACCESS_KEY_ID, SECRET, REGION)
BUCKET = "keys-as-they-are"
STATE = "env:/prod/terraform.tfstate"


def ask(aws: Aws, method: str, target: str, body: bytes = b"", **headers: str) -> Reply:
    """Send a signed request whose target is exactly this; return the answer."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    signed = SIGNER.headers(method, target, body, sent)
    signed["Content-Length"] = str(len(body))
    path, _, query = target.partition("?")
    response = aws.send(Request(method, path, query, Headers(signed.items())), body)
    content = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return Reply(response.status, {n.lower(): v for n, v in response.headers}, content)


@pytest.fixture
def keys(aws: Aws) -> Aws:
    """A server with a bucket and a state in it that no other key may reach."""
    aws.s3.create_bucket(Bucket=BUCKET)
    aws.s3.put_object(Bucket=BUCKET, Key=STATE, Body=b"the state")
    return aws


def stored(aws: Aws) -> list[str]:
    """Return every key in the bucket but the state's."""
    listed = aws.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return sorted({item["Key"] for item in listed} - {STATE})


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("..", ".."),
        ("../other-bucket/k", "../other-bucket/k"),
        ("a/../../etc/passwd", "a/../../etc/passwd"),
        ("env:/dev/../prod/terraform.tfstate", "env:/dev/../prod/terraform.tfstate"),
        ("env%3A//prod/terraform.tfstate", "env://prod/terraform.tfstate"),
        ("env:/./prod/terraform.tfstate", "env:/./prod/terraform.tfstate"),
        ("%2e%2e/%2E%2E/k", "../../k"),
        ("%2e", "."),
        ("/k", "/k"),
        ("//", "//"),
        ("k/", "k/"),
        ("k//", "k//"),
        ("a%2Fb", "a/b"),
        ("a%5Cb\\c", "a\\b\\c"),
        ("%252e%252e", "%2e%2e"),
        ("%25", "%"),
        ("%", "%"),
        ("%zz", "%zz"),
        ("a+b%20c", "a+b c"),
        ("%3FversionId=null", "?versionId=null"),
        ("%23", "#"),
        ("%00", "\x00"),
        ("k%00.tfstate", "k\x00.tfstate"),
        ("%0d%0aX-Evil:%20yes", "\r\nX-Evil: yes"),
        ("%7F%01", "\x7f\x01"),
        ("%F0%9F%97%BF", "\U0001f5ff"),
        ("%EF%BF%BF", "\uffff"),
        ("%C3%A9", "é"),
        ("e%CC%81", "e\u0301"),
        ("-/healthz", "-/healthz"),
        ("'; DROP TABLE object; --".replace(" ", "%20"), "'; DROP TABLE object; --"),
    ],
)
def test_a_key_is_stored_as_it_is(keys: Aws, raw: str, key: str) -> None:
    """Decoded once, and otherwise untouched: what is written is listed and read, and only that."""
    target = f"/{BUCKET}/{raw}"

    assert ask(keys, "PUT", target, b"mine").status == 200
    assert stored(keys) == [key]
    assert ask(keys, "GET", target).body == b"mine"
    assert keys.s3.get_object(Bucket=BUCKET, Key=STATE)["Body"].read() == b"the state"
    assert ask(keys, "DELETE", target).status == 204
    assert stored(keys) == []


@pytest.mark.parametrize(
    "raw",
    [
        *("%FF", "%C3", "%C0%AE%C0%AE/k", "%E0%80%AF", "%ED%A0%80", "%F4%90%80%80", "%80"),
        *("a%C3/b", "%F8%88%80%80%80"),
    ],
)
def test_a_key_that_is_no_utf_8(keys: Aws, raw: str) -> None:
    """Broken, overlong and surrogate forms are refused, for every method."""
    for method in ("PUT", "GET", "DELETE"):
        reply = ask(keys, method, f"/{BUCKET}/{raw}", b"x" if method == "PUT" else b"")
        assert reply.problem == (400, "InvalidURI")
    assert stored(keys) == []


@pytest.mark.parametrize("letter", ["k", "é", "\U0001f5ff"])
def test_the_longest_key(keys: Aws, letter: str) -> None:
    """A key of 1,024 bytes is one; a byte more is too many, however it is written."""
    longest = letter * (1024 // len(letter.encode()))
    longest += "k" * (1024 - len(longest.encode()))

    assert ask(keys, "PUT", f"/{BUCKET}/{quote(longest)}", b"x").status == 200
    assert stored(keys) == [longest]
    for method in ("PUT", "GET", "DELETE"):
        reply = ask(keys, method, f"/{BUCKET}/{quote(longest)}k")
        assert reply.problem == (400, "KeyTooLongError")
    assert stored(keys) == [longest]


@pytest.mark.parametrize(
    "bucket",
    [
        *("-", "..", ".", "a", "%2e%2e", "a%2Fb", "UPPER", "under_score", "127.0.0.1", "a..b"),
        *("x" * 64, "%00%00%00", "%C3%A9%C3%A9%C3%A9", "xn--abc", "a%20b", "..%2f..%2fetc"),
    ],
)
def test_a_bucket_that_cannot_be(keys: Aws, bucket: str) -> None:
    """No such bucket is made or found; `-` belongs to the server's own pages."""
    assert ask(keys, "PUT", f"/{bucket}").problem == (400, "InvalidBucketName")
    assert ask(keys, "GET", f"/{bucket}").problem == (404, "NoSuchBucket")
    assert ask(keys, "PUT", f"/{bucket}/k", b"x").problem == (404, "NoSuchBucket")
    assert [each["Name"] for each in keys.s3.list_buckets()["Buckets"]] == [BUCKET]


@pytest.mark.parametrize("target", ["//", "//k", f"//{BUCKET}/k", "///"])
def test_no_bucket_before_the_key(keys: Aws, target: str) -> None:
    """A path that begins with two slashes names no bucket."""
    assert ask(keys, "PUT", target, b"x").problem == (400, "InvalidURI")
    assert stored(keys) == []


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (f"/{BUCKET}/../{BUCKET}/{STATE}", "NoSuchKey"),
        (f"{BUCKET}//{STATE}", "NoSuchKey"),
        (f"../{BUCKET}/{STATE}", "NoSuchBucket"),
        (f"{BUCKET}/%FF", "InvalidArgument"),
        (f"{BUCKET}/{'k' * 1025}", "NoSuchKey"),
        (BUCKET, "InvalidArgument"),
        ("", "InvalidArgument"),
        ("/", "InvalidArgument"),
        ("//", "InvalidArgument"),
        (f"{BUCKET}/{STATE}?versionId=../x", "InvalidArgument"),
        (f"http://127.0.0.1:8270/{BUCKET}/{STATE}", "InvalidArgument"),
        ("file:///etc/passwd", "InvalidArgument"),
    ],
)
def test_sources_of_copies(keys: Aws, source: str, code: str) -> None:
    """A copy's source is a bucket and a literal key, and nothing is fetched from elsewhere."""
    reply = ask(keys, "PUT", f"/{BUCKET}/copy", x_amz_copy_source=source)

    assert reply.status in (400, 404)
    assert reply.code in (code, "NoSuchKey", "NoSuchBucket", "InvalidArgument", "KeyTooLongError")
    assert stored(keys) == []


def test_nothing_that_a_client_sends_ends_a_header(keys: Aws) -> None:
    """Values that come back in headers bring no line of their own."""
    ask(keys, "PUT", f"/{BUCKET}/k", b"x", x_amz_meta_b="a, b")
    evil = quote("text/html\r\nX-Evil: yes\r\n\r\n<script>", safe="")
    reply = ask(keys, "GET", f"/{BUCKET}/k?response-content-type={evil}")

    assert reply.status == 200
    assert "x-evil" not in reply.headers
    assert all("\r" not in value and "\n" not in value for value in reply.headers.values())
    assert reply.headers["x-amz-meta-b"] == "a, b"


@pytest.mark.parametrize("size", [2048, 2049, 8000])
def test_metadata_has_a_limit(keys: Aws, size: int) -> None:
    """User metadata are two kilobytes at most, names included."""
    reply = ask(keys, "PUT", f"/{BUCKET}/k", b"x", x_amz_meta_a="v" * (size - 1))

    assert reply.problem == ((200, "") if size == 2048 else (400, "MetadataTooLarge"))
    assert stored(keys) == (["k"] if size == 2048 else [])


@pytest.mark.parametrize(
    "query",
    [
        *(
            "policy",
            "versioning",
            "acl",
            "uploads&uploadId=x",
            "partNumber=1",
            "uploadId=x",
            "torrent",
        ),
        *("retention", "legal-hold", "restore", "select&select-type=2", "tagging&versioning"),
    ],
)
def test_a_write_that_asks_for_something_else(keys: Aws, query: str) -> None:
    """A sub-resource that an object does not have never makes the request an upload."""
    reply = ask(keys, "PUT", f"/{BUCKET}/k?{query}", b"<x/>")

    assert reply.status in (400, 404, 405, 501)
    assert reply.code
    assert stored(keys) == []

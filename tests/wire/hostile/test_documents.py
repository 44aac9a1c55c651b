"""Bombs and broken documents: XML, JSON, forms, policies and expressions that mean harm."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from holdfast.aws.http import Headers, Request
from holdfast.aws.models import service
from holdfast.aws.shapes import OperationModel
from in_process import ACCESS_KEY_ID, REGION, SECRET, Aws
from raw_http import JSON_KINDS, TARGETS, Reply, Signer

SIGNER = Signer("127.0.0.1:8270", ACCESS_KEY_ID, SECRET, REGION)
BUCKET = "documents"
TABLE = "items"
MIB = 1 << 20
SECONDS = 3.0  # of work that any of these may take


def send(
    aws: Aws, name: str, target: str, body: bytes, method: str = "POST", **headers: str
) -> Reply:
    """Send a signed request; it is answered in time."""
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    signed = SIGNER.headers(method, target, body, sent, service=name)
    signed["Content-Length"] = str(len(body))
    path, _, query = target.partition("?")
    began = time.thread_time()
    response = aws.send(Request(method, path, query, Headers(signed.items())), body)
    assert time.thread_time() - began < SECONDS
    content = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return Reply(response.status, {n.lower(): v for n, v in response.headers}, content)


def call(aws: Aws, name: str, operation: str, document: Any) -> Reply:
    """Call an operation of DynamoDB or KMS with a document, or with bytes that are none."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    target = f"{TARGETS[name]}.{operation}"
    return send(aws, name, "/", body, X_Amz_Target=target, Content_Type=JSON_KINDS[name])


def with_documents() -> list[OperationModel]:
    """Return S3's operations that take an XML document."""
    operations = service("s3").operations.values()
    return [
        each
        for each in operations
        if each.input
        and each.payload
        and not each.streams_input
        and each.input.members[each.payload].shape.type == "structure"
    ]


def bombs(root: str) -> dict[str, bytes]:
    """Return XML documents for an operation whose root element this is."""
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol" * 10}">' for n in range(12)
    )
    many = " ".join(f'a{n}="u{n}"' for n in range(20_000))
    width = 120_000 if root == "Delete" else 12_000  # one size is enough for the common parser
    outside = '<!ENTITY x SYSTEM "file:///etc/passwd">'
    return {
        "entities": f"<!DOCTYPE {root} [{entities}]><{root}>&e11;</{root}>".encode(),
        "outside": f"<!DOCTYPE {root} [{outside}]><{root}>&x;</{root}>".encode(),
        "parameter": f'<!DOCTYPE {root} [<!ENTITY % p SYSTEM "http://x/">%p;]><{root}/>'.encode(),
        "doctype": f'<!DOCTYPE {root} SYSTEM "http://127.0.0.1/x.dtd"><{root}/>'.encode(),
        "deep": f"<{root}>".encode() * 20_000,
        "wide": f"<{root}>".encode() + b"<a/>" * width + f"</{root}>".encode(),
        "long": f"<{root}><a>{'x' * MIB}</a></{root}>".encode(),
        "attributes": f"<{root}><a {many}/></{root}>".encode(),
        "namespaces": f"<{root}><a {many.replace('a', 'xmlns:a')}/></{root}>".encode(),
        "name": b"<" + b"x" * (MIB // 4) + b"/>",
        "comment": f"<{root}><!--{'-' * 99_999}</{root}>".encode(),
        "cut": f"<{root}><".encode(),
        "second root": f"<{root}/><{root}/>".encode(),
        "other root": b"<Other/>",
        "utf-16": f'<?xml version="1.0" encoding="UTF-16"?><{root}/>'.encode(),
        "utf-7": f'<?xml version="1.0" encoding="UTF-7"?><{root}>+ADw-a/+AD4-</{root}>'.encode(),
        "punycode": f'<?xml version="1.0" encoding="punycode"?><{root}/>'.encode(),
        "zlib": f'<?xml version="1.0" encoding="zlib_codec"?><{root}/>'.encode(),
        "no utf-8": f"<{root}>\xff</{root}>".encode("latin-1"),
        "nul": f"<{root}>\0</{root}>".encode(),
        "json": b"{}",
    }


@pytest.fixture
def documents(aws: Aws) -> Aws:
    """A server with a bucket, an object and a table."""
    aws.s3.create_bucket(Bucket=BUCKET)
    aws.s3.put_object(Bucket=BUCKET, Key="k", Body=b"kept")
    aws.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws


@pytest.mark.parametrize("operation", with_documents(), ids=lambda each: each.name)
def test_xml(documents: Aws, operation: OperationModel) -> None:
    """No operation's document expands, recurses or reads files: all of these are malformed."""
    assert operation.input is not None
    root = operation.input.members[operation.payload].wire
    target = operation.request_uri.replace("{Bucket}", BUCKET).replace("{Key+}", "k")
    target = target.replace("?uploadId={UploadId}", "?uploadId=x")
    if operation.name in ("UploadPart", "CompleteMultipartUpload"):
        target = f"/{BUCKET}/k?uploadId=x"
    before = documents.s3.list_object_versions(Bucket=BUCKET)["Versions"]
    for name, body in bombs(root).items():
        reply = send(documents, "s3", target, body, operation.method)
        assert 400 <= reply.status < 500 or reply.status == 501, (name, reply)
        assert reply.code in ("MalformedXML", "NotImplemented", "NoSuchBucket"), (name, reply)
        assert b"root:" not in reply.body
        assert len(reply.body) < 10_000
    assert documents.s3.list_object_versions(Bucket=BUCKET)["Versions"] == before
    assert [each["Name"] for each in documents.s3.list_buckets()["Buckets"]] == [BUCKET]


NOT_JSON = {
    "nothing": b"",
    "cut": b'{"TableName": "items"',
    "words": b"TableName=items",
    "list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "null": b"null",
    "NaN": b'{"Limit": NaN}',
    "comment": b'{} // "x"',
    "two": b"{}{}",
    "trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "no utf-8": b'{"TableName": "\xff"}',
    "utf-16": '{"TableName": "items"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "surrogate": b'{"TableName": "\\ud800"}',
    "control": b'{"TableName": "\x00"}',
    "deep list": b"[" * 500_000,
    "deep object": b'{"a":' * 500_000,
    "deep and closed": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "large number": b'{"Limit": ' + b"9" * MIB + b"}",
    "large exponent": b'{"Limit": 1e999999999}',
}


@pytest.mark.parametrize("name", ["dynamodb", "kms"])
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_no_json(documents: Aws, name: str, body: bytes) -> None:
    """A body that is no JSON object is refused as such, by every operation."""
    for operation in service(name).operations:
        reply = call(documents, name, operation, body)
        assert reply.problem == (400, "SerializationException"), (operation, reply)


def test_a_key_that_is_there_twice(documents: Aws) -> None:
    """The last one counts, for the signature as for the operation: there is one reading only."""
    body = b'{"TableName": "nothing", "TableName": "items"}'
    reply = call(documents, "dynamodb", "DescribeTable", body)

    assert reply.status == 200
    assert json.loads(reply.body)["Table"]["TableName"] == TABLE


def nested(levels: int) -> dict[str, Any]:
    """Return an attribute value with so many levels of lists."""
    value: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


@pytest.mark.parametrize("levels", [40, 60, 150, 400])
def test_a_deep_item(documents: Aws, levels: int) -> None:
    """An item has 32 levels at most."""
    item = {"LockID": {"S": "x"}, "a": nested(levels)}
    reply = call(documents, "dynamodb", "PutItem", {"TableName": TABLE, "Item": item})

    assert reply.problem[0] == 400
    assert reply.code in ("ValidationException", "SerializationException")
    assert documents.dynamodb.scan(TableName=TABLE)["Count"] == 0


@pytest.mark.parametrize(
    "value",
    [
        {"S": "x" * 410_000},
        {"B": "AAAA" * 140_000},
        {"L": [{"S": "x" * 30}] * 14_000},
        {"M": {f"name-{n}": {"BOOL": True} for n in range(40_000)}},
        {"SS": [f"member-{n}" for n in range(40_000)]},
    ],
    ids=lambda value: next(iter(value)),
)
def test_an_item_that_is_too_large(documents: Aws, value: dict[str, Any]) -> None:
    """An item has 400 KB at most, whichever way it is written."""
    item = {"LockID": {"S": "x"}, "a": value}
    put = {"TableName": TABLE, "Item": item}
    asked = [
        ("PutItem", put),
        ("BatchWriteItem", {"RequestItems": {TABLE: [{"PutRequest": {"Item": item}}]}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": put}]}),
        (
            "UpdateItem",
            {
                "TableName": TABLE,
                "Key": {"LockID": {"S": "x"}},
                "UpdateExpression": "SET a = :v",
                "ExpressionAttributeValues": {":v": value},
            },
        ),
    ]
    for operation, document in asked:
        reply = call(documents, "dynamodb", operation, document)
        assert reply.problem == (400, "ValidationException"), operation
        assert len(reply.body) < 10_000
    assert documents.dynamodb.scan(TableName=TABLE)["Count"] == 0


EXPRESSIONS = {
    "parentheses": "(" * 2000 + "a = :v" + ")" * 2000,
    "only parentheses": "(" * 4000,
    "not": "NOT " * 1000 + "a = :v",
    "and": " AND ".join(["a = :v"] * 500),
    "or": " OR ".join(["a = :v"] * 500),
    "in": "a IN (" + ", ".join([":v"] * 1000) + ")",
    "path": ".".join("a" * 1000) + " = :v",
    "indexes": "a" + "[0]" * 1300 + " = :v",
    "large index": "a[" + "9" * 3000 + "] = :v",
    "functions": "size(" * 700 + "a" + ")" * 700 + " = :v",
    "too long": "a = :v AND " * 1000 + "a = :v",
    "nothing": "",
    "blank": "   ",
    "binary": "\x00\x01",
    "name": "x" * 70_000,
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_deep_expressions(documents: Aws, expression: str) -> None:
    """Deep, long and empty conditions are refused in any operation that takes one."""
    values = {":v": {"S": "x"}}
    key = {"TableName": TABLE, "Key": {"LockID": {"S": "x"}}, "ExpressionAttributeValues": values}
    asked = [
        ("DeleteItem", key | {"ConditionExpression": expression}),
        ("UpdateItem", key | {"UpdateExpression": f"SET b = {expression}"}),
        ("UpdateItem", key | {"UpdateExpression": expression}),
        ("Scan", {"TableName": TABLE, "FilterExpression": expression} | _values(values)),
        ("Query", {"TableName": TABLE, "KeyConditionExpression": expression} | _values(values)),
        ("GetItem", {**key, "ProjectionExpression": expression}),
    ]
    for operation, document in asked:
        reply = call(documents, "dynamodb", operation, document)
        assert reply.problem == (400, "ValidationException"), (operation, reply)
        assert len(reply.body) < 100_000
    assert documents.dynamodb.scan(TableName=TABLE)["Count"] == 0


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return {"ExpressionAttributeValues": values}


def test_many_faults_at_once(documents: Aws) -> None:
    """A message names ten faults and takes no longer for a hundred thousand."""
    tables: dict[str, list[Any]] = {f"table-{n}": [] for n in range(100_000)}
    reply = call(documents, "dynamodb", "BatchWriteItem", {"RequestItems": tables})

    assert reply.problem == (400, "ValidationException")
    assert len(reply.body) < 100_000


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("TransactWriteItems", {"TransactItems": [{}] * 50_000}),
        ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [{"LockID": {"S": "x"}}] * 50_000}}}),
        ("TagResource", {"ResourceArn": "x", "Tags": [{"Key": "", "Value": "x" * 300}] * 50_000}),
        ("CreateTable", {"TableName": "t", "AttributeDefinitions": [{}] * 50_000, "KeySchema": []}),
    ],
)
def test_long_lists(documents: Aws, operation: str, document: Any) -> None:
    """Lists that are far too long are refused in time."""
    reply = call(documents, "dynamodb", operation, document)

    assert reply.problem == (400, "ValidationException")
    assert len(reply.body) < 100_000


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "MissingAction"),
        ({"Action": "AssumeRole"}, "InvalidAction"),
        ({"Action": "x" * 10_000, "Version": "2011-06-15"}, "InvalidAction"),
        ({"Action": "DecodeAuthorizationMessage", "Version": "2011-06-15"}, "NotImplemented"),
        ({"Action": "AssumeRole", "Version": "2011-06-15"}, "ValidationError"),
        ({f"a{n}": "" for n in range(20_000)}, "MalformedQueryString"),
    ],
)
def test_forms(documents: Aws, fields: dict[str, str], code: str) -> None:
    """Forms without an action, with an unknown one, and with too many fields."""
    kind = "application/x-www-form-urlencoded"
    reply = send(documents, "sts", "/", urlencode(fields).encode(), Content_Type=kind)

    assert reply.code == code
    assert 400 <= reply.status < 500 or code == "NotImplemented"


@pytest.mark.parametrize(
    "policy",
    [
        *(b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"{}" * 2, b'{"Statement":' * 5000),
        *(b'{"Statement": []}' + b" " * 30_000, b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}"),
        *(b'{"Statement": [1]}', b'{"Statement": {"Effect": {}}}', b'{"Version": []}'),
    ],
)
def test_bucket_policies(documents: Aws, policy: bytes) -> None:
    """Policies that are none."""
    reply = send(documents, "s3", f"/{BUCKET}?policy", policy, "PUT")

    assert reply.status == 400
    assert reply.code in ("MalformedPolicy", "MissingRequestBodyError", "InvalidRequest")


@pytest.mark.parametrize("name", ["dynamodb", "kms"])
def test_unknown_operations(documents: Aws, name: str) -> None:
    """Operations that AWS has and we do not, and such that nobody has, are named as unknown."""
    unserved = service(name).known - set(service(name).operations)
    for operation in [*sorted(unserved)[:20], "Nothing", "", "GetItem.GetItem", "x" * 5000]:
        reply = call(documents, name, operation, {})
        assert reply.problem == (400, "UnknownOperationException"), operation
        if operation in unserved:
            assert operation.encode() in reply.body


def test_unknown_s3_operations(documents: Aws) -> None:
    """Every operation of S3 that is not served says so, or that there is none."""
    model = service("s3")
    for template in model.templates:
        same = template.deprecated or template.operation == "ListDirectoryBuckets"
        if template.operation in model.operations or same:  # as one that is served
            continue
        target = template.uri.replace("{Bucket}", BUCKET).replace("{Key+}", "k")
        query = "&".join(f"{name}=1" for name in template.needs_query)
        target += ("&" if "?" in target else "?") + query if query else ""
        headers = {name.replace("-", "_"): "x" for name in template.needs_headers}
        reply = send(documents, "s3", target, b"", template.method, **headers)
        if template.operation != "WriteGetObjectResponse" and template.method != "HEAD":
            assert reply.status in (400, 404, 405, 501), template
            assert reply.code in (
                *("NotImplemented", "MethodNotAllowed", "InvalidArgument", "InvalidRequest"),
                *("MalformedXML", "NoSuchBucket", "NoSuchKey"),
            ), (template, reply)
    assert documents.s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"kept"

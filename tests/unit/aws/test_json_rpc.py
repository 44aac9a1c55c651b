"""The protocol of DynamoDB and KMS."""

import json
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws import protocols
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request, Response
from holdfast.aws.models import service
from holdfast.aws.routing import Target

REQUEST = Request("POST", "/", "", Headers([("host", "h")]))


def parse(name: str, operation: str, body: Any) -> dict[str, Any]:
    """Parse a request, given as bytes or as what to encode."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    model = service(name).operations[operation]
    return protocols.parse(name, model, REQUEST, Target(operation), raw)


def refusal(name: str, operation: str, body: Any) -> tuple[str, str]:
    """Return the code and message that a request is refused with."""
    with pytest.raises(ServiceError) as caught:
        parse(name, operation, body)
    assert caught.value.status == 400
    return caught.value.code, caught.value.message


def answer(name: str, operation: str, result: dict[str, Any]) -> Response:
    """Serialize a result."""
    return protocols.serialize(name, service(name).operations[operation], result, "RID")


def failure(name: str, error: ServiceError) -> tuple[int, dict[str, Any]]:
    """Serialize an error; return status and document."""
    response = protocols.serialize_error(name, error, REQUEST, "RID", "HID", "/")
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)


def put(value: Any) -> dict[str, Any]:
    """Make a PutItem with one attribute."""
    return {"TableName": "locks", "Item": {"LockID": value}}


def test_an_item_keeps_its_wire_form_but_for_bytes() -> None:
    """Numbers stay text, base64 becomes bytes, nesting is kept."""
    value = {"M": {"l": {"L": [{"N": "1.50"}, {"B": "AAE="}, {"BS": ["AA=="]}, {"NULL": True}]}}}
    assert parse("dynamodb", "PutItem", put(value))["Item"]["LockID"] == {
        "M": {"l": {"L": [{"N": "1.50"}, {"B": b"\0\1"}, {"BS": [b"\0"]}, {"NULL": True}]}}
    }


def test_nulls_and_unknown_members_are_absent() -> None:
    """A member that is null was not sent."""
    body = {"TableName": "t", "Limit": None, "Unheard": 1}
    assert parse("dynamodb", "Scan", body) == {"TableName": "t"}


def test_null_in_an_item_is_an_attribute_without_a_type() -> None:
    """So that DynamoDB's own message for it can be given."""
    assert parse("dynamodb", "PutItem", put(None))["Item"] == {"LockID": {}}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"TableName": "\\ud800"}', b"[" * 100_000],
)
def test_what_is_no_json_object(body: bytes) -> None:
    """Broken documents are SerializationException."""
    assert refusal("dynamodb", "ListTables", body)[0] == "SerializationException"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"TableName": 1}, "NUMBER_VALUE can not be converted to String"),
        ({"TableName": True}, "TRUE_VALUE can not be converted to String"),
        ({"TableName": {}}, "Start of structure or map found where not expected"),
        ({"TableName": []}, "Unrecognized collection type class java.lang.String"),
        ({"TableName": "t", "ConsistentRead": "yes"}, "Unexpected token received from parser"),
        ({"TableName": "t", "Key": "x"}, "Unexpected field type"),
        ({"TableName": "t", "Key": []}, "Unrecognized collection type class java.util.Map"),
        (
            {"TableName": "t", "Key": {"a": {"B": "AAA"}}},
            "Base64 encoded length is expected a multiple of 4 bytes but found: 3",
        ),
        ({"TableName": "t", "Key": {"a": {"B": "A*=="}}}, "Invalid Base64 character"),
    ],
)
def test_wrong_types(body: dict[str, Any], said: str) -> None:
    """Each is SerializationException with DynamoDB's words."""
    assert refusal("dynamodb", "GetItem", body) == ("SerializationException", said)


def test_whole_numbers_may_be_written_as_fractions() -> None:
    """As DynamoDB does, what is behind the point is dropped."""
    assert parse("dynamodb", "Scan", {"TableName": "t", "Limit": 2.9})["Limit"] == 2


def test_numbers_beyond_64_bits_are_refused() -> None:
    """Nothing later has to care."""
    body = b'{"TableName": "t", "Limit": 99999999999999999999}'
    assert refusal("dynamodb", "Scan", body)[0] == "SerializationException"


def test_deep_attributes_are_refused_early() -> None:
    """Thousands of levels do not exhaust anything."""
    value: dict[str, Any] = {"S": "x"}
    for _ in range(120):
        value = {"L": [value]}
    code, message = refusal("dynamodb", "PutItem", put(value))
    assert (code, message) == (
        "ValidationException",
        "Nesting Levels have exceeded supported limits",
    )


@pytest.mark.parametrize(
    ("operation", "body", "said"),
    [
        (
            "GetItem",
            {"Key": {}},
            (
                "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ),
        (
            "GetItem",
            {},
            (
                "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: "
                "Member must not be null; Value null at 'key' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ),
        (
            "Scan",
            {"TableName": "t", "Limit": 0},
            (
                "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"
            ),
        ),
        (
            "PutItem",
            {"TableName": "t", "Item": {}, "ReturnValues": "SOME"},
            (
                "1 validation error detected: Value 'SOME' at 'returnValues' failed to satisfy "
                "constraint: Member must satisfy enum value set: "
                "[NONE, ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATED_NEW]"
            ),
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "t"}}]},
            (
                "1 validation error detected: Value null at 'transactItems.1.member.put.item' failed "
                "to satisfy constraint: Member must not be null"
            ),
        ),
        (
            "BatchGetItem",
            {"RequestItems": {}},
            (
                "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy "
                "constraint: Member must have length greater than or equal to 1"
            ),
        ),
    ],
)
def test_constraints_of_the_model(operation: str, body: dict[str, Any], said: str) -> None:
    """What the model demands is checked, with AWS's message."""
    assert refusal("dynamodb", operation, body) == ("ValidationException", said)


def test_constraints_of_map_values() -> None:
    """A batch without requests for a table is refused in the name of the whole map."""
    assert refusal("dynamodb", "BatchWriteItem", {"RequestItems": {"t": []}}) == (
        "ValidationException",
        (
            "1 validation error detected: Value '{t=[]}' at 'requestItems' failed to satisfy "
            "constraint: Map value must satisfy constraint: [Member must have length less than "
            "or equal to 25, Member must have length greater than or equal to 1]"
        ),
    )


def test_a_secret_is_not_quoted() -> None:
    """The message about a plaintext that is too long does not contain it."""
    body = {"KeyId": "k", "Plaintext": "AAAA" * 2000}
    assert refusal("kms", "Encrypt", body)[1] == (
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to 4096"
    )


def test_patterns_of_the_model() -> None:
    """KMS checks aliases against a pattern."""
    code, message = refusal("kms", "CreateAlias", {"AliasName": "alias/a b", "TargetKeyId": "k"})
    assert code == "ValidationException"
    assert "regular expression pattern: ^[a-zA-Z0-9:/_-]+$" in message


def test_responses_of_dynamodb() -> None:
    """Content type, request id, a checksum of the body, base64 for bytes."""
    response = answer("dynamodb", "GetItem", {"Item": {"a": {"B": b"\0"}, "n": {"N": "1.0"}}})
    assert response.body == b'{"Item":{"a":{"B":"AA=="},"n":{"N":"1.0"}}}'
    assert dict(response.headers) == {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amzn-RequestId": "RID",
        "x-amz-crc32": str(zlib.crc32(response.body)),
    }


def test_timestamps_are_seconds() -> None:
    """Nested ones too."""
    created = datetime(2024, 1, 1, 0, 0, 0, 250_000, UTC)
    response = answer(
        "kms", "DescribeKey", {"KeyMetadata": {"KeyId": "k", "CreationDate": created}}
    )
    assert isinstance(response.body, bytes)
    assert json.loads(response.body)["KeyMetadata"] == {"KeyId": "k", "CreationDate": 1704067200.25}


def test_an_operation_without_output_has_no_body() -> None:
    """KMS answers EnableKey with nothing."""
    assert answer("kms", "EnableKey", {}).body == b""


def test_errors_of_dynamodb() -> None:
    """With its prefix, and the item of a failed condition."""
    error = ServiceError("ConditionalCheckFailedException", "no", Item={"a": {"B": b"\0"}})
    assert failure("dynamodb", error) == (
        400,
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "no",
            "Item": {"a": {"B": "AA=="}},
        },
    )
    _, cancelled = failure(
        "dynamodb",
        ServiceError("TransactionCanceledException", "no", CancellationReasons=[{"Code": "None"}]),
    )
    assert cancelled["Message"] == "no"
    assert cancelled["CancellationReasons"] == [{"Code": "None"}]
    _, invalid = failure("dynamodb", ServiceError("ValidationException", "no"))
    assert invalid["__type"] == "com.amazon.coral.validate#ValidationException"


def test_errors_of_kms() -> None:
    """KMS's codes come bare."""
    status, document = failure("kms", ServiceError("NotFoundException", "no such key"))
    assert (status, document) == (400, {"__type": "NotFoundException", "message": "no such key"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["TableName", "Key", "S", "L", "M", "Item", "x"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["TableName", "Key", "Item", "Limit"]), JSON))
def test_any_json_gets_an_answer(body: dict[str, Any]) -> None:
    """Parsing ends in parameters or in a client error."""
    with suppress(ServiceError):
        parse("dynamodb", "PutItem", body)


@given(st.binary(max_size=50))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    """Also if they are no JSON."""
    with suppress(ServiceError):
        parse("kms", "ListKeys", body)

"""The protocol of DynamoDB and KMS: JSON both ways, the operation in `X-Amz-Target`.

Sources: the DynamoDB low-level API page; Smithy's AWS JSON protocols. The wording of type errors is
DynamoDB's own, as its clients see it.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from holdfast.aws import json_shapes
from holdfast.aws.constraints import check
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Response
from holdfast.aws.shapes import OperationModel, ServiceModel

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

# Errors that DynamoDB's front end gives have its name for them.
_FRONT_END: Mapping[str, str] = {
    "AccessDeniedException": "com.amazon.coral.service#",
    "ExpiredTokenException": "com.amazon.coral.service#",
    "IncompleteSignatureException": "com.amazon.coral.service#",
    "InvalidSignatureException": "com.amazon.coral.service#",
    "MissingAuthenticationTokenException": "com.amazon.coral.service#",
    "SerializationException": "com.amazon.coral.service#",
    "ThrottlingException": "com.amazon.coral.availability#",
    "UnknownOperationException": "com.amazon.coral.service#",
    "UnrecognizedClientException": "com.amazon.coral.service#",
    "ValidationException": "com.amazon.coral.validate#",
}


def parse(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Return the parameters of a request.

    Raises:
        ServiceError: SerializationException if it is not JSON or of the wrong types,
            ValidationException if a value is not what the model allows.
    """
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ServiceError("SerializationException") from error
    if not isinstance(value, dict):
        raise ServiceError("SerializationException")
    if operation.input is None:
        return {}
    params: dict[str, Any] = json_shapes.reader(operation.input)(value, 0)
    check(operation.input, params, "ValidationException")
    return params


def serialize(
    model: ServiceModel,
    operation: OperationModel,
    result: Mapping[str, Any],
    request_id: str,
    status: int,
) -> Response:
    """Return the response to an operation that succeeded."""
    if operation.output is None:
        body = b"{}" if model.name == "dynamodb" else b""
    else:
        write = json_shapes.writer(operation.output)
        body = _encode(result if write is None else write(result))
    return Response(status, _headers(model, request_id, body), body)


def serialize_error(model: ServiceModel, error: ServiceError, request_id: str) -> Response:
    """Return the response that says what went wrong."""
    name = error.code
    document: dict[str, Any] = {}
    if model.name == "dynamodb":
        name = _FRONT_END.get(name, "com.amazonaws.dynamodb.v20120810#") + name
    document["__type"] = name
    if error.message:
        capital = error.code in ("TransactionCanceledException", "SerializationException")
        document["Message" if capital else "message"] = error.message
    document.update(_fields(model, error))
    body = _encode(document)
    return Response(error.status, (*_headers(model, request_id, body), *error.headers), body)


def _fields(model: ServiceModel, error: ServiceError) -> Mapping[str, Any]:
    shape = model.errors.get(error.code)
    write: Callable[[Any], Any] | None = json_shapes.writer(shape) if shape else None
    fields = {name: value for name, value in error.fields.items() if value is not None}
    return fields if write is None else write(fields)


def _headers(model: ServiceModel, request_id: str, body: bytes) -> tuple[tuple[str, str], ...]:
    kind = ("Content-Type", f"application/x-amz-json-{model.json_version}")
    headers = (("x-amzn-RequestId", request_id), kind)
    if model.name == "dynamodb":
        return (*headers, ("x-amz-crc32", str(zlib.crc32(body))))
    return headers

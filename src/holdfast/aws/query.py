"""The protocol of STS and IAM: form parameters in, XML out.

Sources: the AWS query protocol in the STS API reference; Smithy's AWS query protocol.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from holdfast.aws.constraints import check
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.aws.scalars import convert, text
from holdfast.aws.shapes import Member, OperationModel, ServiceModel, Shape
from holdfast.aws.xml import escape, readable
from holdfast.aws.xml_writers import writer

Form = Mapping[str, str]

_MAX_FIELDS = 10_000


def form(request: Request, body: bytes) -> dict[str, str]:
    """Return the form parameters of the query string and the body.

    Raises:
        ServiceError: MalformedQueryString, for what is no form.
    """
    text_body = body.decode("utf-8", "replace")
    try:
        pairs = [
            *parse_qsl(request.raw_query, keep_blank_values=True, max_num_fields=_MAX_FIELDS),
            *parse_qsl(text_body, keep_blank_values=True, max_num_fields=_MAX_FIELDS),
        ]
    except ValueError as error:
        raise ServiceError(
            "MalformedQueryString", "The query string contains a syntax error.", status=404
        ) from error
    return dict(pairs)


def parse(operation: OperationModel, request: Request, body: bytes) -> dict[str, Any]:
    """Return the parameters of a request.

    Raises:
        ServiceError: MalformedInput for values of the wrong type, ValidationError for those that the
            model does not allow.
    """
    if operation.input is None:
        return {}
    values = _structure(operation.input, form(request, body), "")
    check(operation.input, values, "ValidationError")
    return values


def _structure(shape: Shape, fields: Form, prefix: str) -> dict[str, Any]:
    result = {}
    for member in shape.members.values():
        value = _value(member, fields, f"{prefix}{member.wire}")
        if value is not None:
            result[member.name] = value
    return result


def _value(member: Member, fields: Form, name: str) -> Any:
    """Return what the fields under a name say, None if there are none."""
    shape = member.shape
    if shape.type not in ("structure", "list", "map"):
        return _scalar(shape, fields[name]) if name in fields else None
    inside = f"{name}."
    below = {key: value for key, value in fields.items() if key.startswith(inside)}
    if not below:
        return [] if shape.type == "list" and fields.get(name) == "" else None
    if shape.type == "structure":
        return _structure(shape, below, inside)
    if shape.type == "list":
        return _list(member, below, inside)
    return _map(member, below, inside)


def _list(member: Member, fields: Form, inside: str) -> list[Any]:
    element = member.shape.item
    start = inside if member.flattened else f"{inside}{element.wire}."
    values = (_value(element, group, name) for name, group in _numbered(fields, start))
    return [value for value in values if value is not None]


def _map(member: Member, fields: Form, inside: str) -> dict[str, Any]:
    key, value = member.shape.entry
    start = inside if member.flattened else f"{inside}entry."
    result = {}
    for name, group in _numbered(fields, start):
        word = group.get(f"{name}.{key.wire}")
        if word is not None:
            result[word] = _value(value, group, f"{name}.{value.wire}")
    return result


def _numbered(fields: Form, start: str) -> list[tuple[str, Form]]:
    """Group the fields `start`1, `start`2.X, ... by their number, in its order."""
    groups: dict[int, dict[str, str]] = {}
    for key, value in fields.items():
        number = key[len(start) :].partition(".")[0]
        if key.startswith(start) and number.isdecimal() and number.isascii() and len(number) < 10:
            groups.setdefault(int(number), {})[key] = value
    return [(f"{start}{number}", groups[number]) for number in sorted(groups)]


def _scalar(shape: Shape, value: str) -> Any:
    try:
        return convert(shape.type, value)
    except ValueError as error:
        message = f"Unable to parse {value[:100]!r} as {shape.type}"
        raise ServiceError("MalformedInput", message) from error


def serialize(
    model: ServiceModel,
    operation: OperationModel,
    result: Mapping[str, Any],
    request_id: str,
    status: int,
) -> Response:
    """Return the response to an operation that succeeded."""
    pieces = [f'<{operation.name}Response xmlns="{model.xml_namespace}">']
    if operation.output is not None:
        wrapper = operation.result_wrapper or f"{operation.name}Result"
        pieces.append(writer(operation.output, milliseconds=False)(result, wrapper))
    pieces.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>")
    pieces.append(f"</{operation.name}Response>\n")
    return Response(status, _headers(request_id), "".join(pieces).encode())


def serialize_error(model: ServiceModel, error: ServiceError, request_id: str) -> Response:
    """Return the response that says what went wrong."""
    fields = {
        "Type": "Receiver" if error.status >= 500 else "Sender",
        "Code": error.code,
        "Message": error.message,
        **error.fields,
    }
    content = "".join(
        f"<{name}>{escape(readable(text(value)))}</{name}>" for name, value in fields.items()
    )
    body = (
        f'<ErrorResponse xmlns="{model.xml_namespace}"><Error>{content}</Error>'
        f"<RequestId>{request_id}</RequestId></ErrorResponse>\n"
    )
    return Response(error.status, (*_headers(request_id), *error.headers), body.encode())


def _headers(request_id: str) -> tuple[tuple[str, str], ...]:
    return (("x-amzn-RequestId", request_id), ("Content-Type", "text/xml"))

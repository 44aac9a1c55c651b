"""S3's protocol: members travel in the path, query, headers and an XML document.

Sources: the Amazon S3 API reference; Smithy's REST XML protocol and HTTP bindings.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.aws.scalars import convert, text
from holdfast.aws.shapes import Member, OperationModel, Shape
from holdfast.aws.timestamps import from_any, from_http_date, http_date, iso_milliseconds
from holdfast.aws.xml import PROLOGUE, escape, malformed, read, readable
from holdfast.aws.xml_shapes import reader
from holdfast.aws.xml_writers import writer

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

# Root elements that the model does not tell, from the examples of the API reference.
_ROOTS: Mapping[str, str] = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}

# These do without a body; any other operation with an XML document needs one.
_BODY_OPTIONAL = frozenset({"CreateBucket", "PutBucketAcl", "PutObjectAcl"})

# S3 ignores conditions on times that it cannot read.
_LENIENT = frozenset({"if-modified-since", "if-unmodified-since"})

_CONTROL = dict.fromkeys((*range(32), 127), " ")

Take = Callable[[Request, dict[str, Any]], None]
_ranked = itemgetter(0)


class _Takers(NamedTuple):
    """What takes members from heads of requests, each with its rank: its place in the model."""

    always: tuple[tuple[int, Take], ...]  # of members that are required, or in no one place
    by_header: Mapping[str, tuple[int, Take]]
    by_query: Mapping[str, tuple[int, Take]]


# ---- requests ------------------------------------------------------------------------------------


def parse(
    operation: OperationModel,
    request: Request,
    bucket: str | None,
    key: str | None,
    body: bytes,
) -> dict[str, Any]:
    """Return the parameters of a request. A streamed body is left out.

    Raises:
        ServiceError: InvalidArgument or InvalidRequest for headers and query parameters, MalformedXML
            or MissingRequestBodyError for the document.
    """
    params: dict[str, Any] = {}
    if operation.input is None:
        return params
    if bucket is not None:
        params["Bucket"] = bucket
    if key is not None:
        params["Key"] = key
    for _, take in _taking(_takers(operation.input), request):
        take(request, params)
    payload = operation.payload
    if payload and not operation.streams_input:
        _take_document(operation, operation.input.members[payload], body, params)
    return params


def _taking(takers: _Takers, request: Request) -> list[tuple[int, Take]]:
    """Return what there is to take, in the order of the model."""
    taking = list(takers.always)
    taking += [takers.by_header[name] for name in request.headers if name in takers.by_header]
    if request.query:
        names = dict.fromkeys(name for name, _ in request.query)
        taking += [takers.by_query[name] for name in names if name in takers.by_query]
    taking.sort(key=_ranked)
    return taking


@cache
def _takers(shape: Shape) -> _Takers:
    always: list[tuple[int, Take]] = []
    by_header: dict[str, tuple[int, Take]] = {}
    by_query: dict[str, tuple[int, Take]] = {}
    for rank, member in enumerate(shape.members.values()):
        if member.location == "headers":
            always.append((rank, _headers_taker(member)))
        elif member.location == "header":
            taker = (rank, _header_taker(member))
            always.append(taker) if member.required else by_header.update(
                {member.wire.lower(): taker}
            )
        elif member.location == "querystring":
            taker = (rank, _query_taker(member))
            always.append(taker) if member.required else by_query.update({member.wire: taker})
    return _Takers(tuple(always), by_header, by_query)


def _query_taker(member: Member) -> Take:
    converted = _converter(member, "query parameter")

    def take(request: Request, params: dict[str, Any]) -> None:
        value = request.parameter(member.wire)
        if value is not None:
            params[member.name] = converted(value)
        elif member.required:
            raise _missing(member, "query parameter")

    return take


def _header_taker(member: Member) -> Take:
    wire = member.wire.lower()
    converted = _converter(member, "header")
    lenient = wire in _LENIENT

    def take(request: Request, params: dict[str, Any]) -> None:
        if wire in request.headers:
            try:
                value = converted(request.headers.get(wire))
            except ServiceError:
                if not lenient:
                    raise
                return
            if value is not None:
                params[member.name] = value
        elif member.required:
            raise _missing(member, "header")

    return take


def _headers_taker(member: Member) -> Take:
    prefix = member.wire.lower()

    def take(request: Request, params: dict[str, Any]) -> None:
        found = {
            name[len(prefix) :]: _unwired(value)
            for name, value in request.headers.items()
            if name.startswith(prefix)
        }
        if found:
            params[member.name] = found

    return take


def _converter(member: Member, where: str) -> Callable[[str], Any]:
    scalar = _scalar(member)

    def checked(value: str) -> Any:
        try:
            return scalar(value)
        except ValueError as error:
            raise _invalid(member, value, where) from error

    return checked


def _scalar(member: Member) -> Callable[[str], Any]:
    kind = member.shape.type
    if kind == "list":
        return lambda value: [piece.strip() for piece in value.split(",") if piece.strip()]
    if kind == "timestamp":
        iso = member.timestamp_format or ("rfc822" if member.location == "header" else "iso8601")
        return from_http_date if iso == "rfc822" else from_any
    if member.wire.lower() == "content-encoding":
        return _without_chunking
    if kind == "string":
        return _unwired if member.location == "header" else str
    return partial(convert, kind)


def _without_chunking(value: str) -> str | None:
    """How a body was sent is not part of what it is: S3 keeps `gzip` of `aws-chunked,gzip`."""
    pieces = (piece.strip() for piece in _unwired(value).split(","))
    return ",".join(piece for piece in pieces if piece and piece != "aws-chunked") or None


def _unwired(value: str) -> str:
    """Header bytes come as latin-1; clients that send more than ASCII mean UTF-8."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _missing(member: Member, where: str) -> ServiceError:
    return ServiceError(
        "InvalidRequest", f"Missing required {where} for this request: {member.wire}"
    )


def _invalid(member: Member, value: str, where: str) -> ServiceError:
    if member.shape.type in ("integer", "long"):
        message = f"Provided {member.wire} not an integer or within integer range"
    else:
        message = f"The value of the {where} {member.wire} is not valid"
    return ServiceError(
        "InvalidArgument", message, ArgumentName=member.wire, ArgumentValue=value[:256]
    )


def _take_document(
    operation: OperationModel, member: Member, body: bytes, params: dict[str, Any]
) -> None:
    kind = member.shape.type
    if kind == "blob":
        params[member.name] = body
    elif kind != "structure":
        _take_text(member, body, params)
    elif body.strip():
        root = read(body)
        if root.name != member.wire:
            raise malformed()
        params[member.name] = reader(member.shape)(root)
    elif operation.name == "CompleteMultipartUpload":
        raise malformed()
    elif operation.name not in _BODY_OPTIONAL:
        raise ServiceError("MissingRequestBodyError")


def _take_text(member: Member, body: bytes, params: dict[str, Any]) -> None:
    if not body:
        raise ServiceError("MissingRequestBodyError")
    try:
        params[member.name] = body.decode("utf-8")
    except UnicodeDecodeError as error:
        code = "MalformedPolicy" if member.name == "Policy" else "InvalidRequest"
        raise ServiceError(code, "The document is not valid UTF-8.") from error


# ---- responses -----------------------------------------------------------------------------------


def serialize(
    operation: OperationModel, result: Mapping[str, Any], request_id: str, status: int
) -> Response:
    """Return the response to an operation that succeeded, but for a streamed body."""
    headers = [("x-amz-request-id", request_id)]
    if operation.output is None:
        return Response(status, tuple(headers))
    headers.extend(_headers(operation, result))
    if operation.method == "HEAD" or status in (204, 304) or operation.streams_output:
        return Response(status, tuple(headers))
    content_type, body = _document(operation, operation.output, result)
    if body:
        headers.append(("Content-Type", content_type))
    return Response(status, tuple(headers), body)


def _headers(operation: OperationModel, result: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    members = _header_members(operation)
    for given, value in result.items():
        member = members.get(given)
        if member is None or value is None:
            continue
        if member.location == "headers":
            prefix = member.wire
            headers.extend((prefix + name, _wired(each)) for name, each in value.items())
        else:
            headers.append((member.wire, _header_text(member, value)))
    return headers


@cache
def _header_members(operation: OperationModel) -> dict[str, Member]:
    members = operation.output.members.values() if operation.output else ()
    # The length of a streamed body is set where the body is.
    left_out = () if operation.method == "HEAD" else ("Content-Length",)
    return {
        member.name: member
        for member in members
        if member.location in ("header", "headers") and member.wire not in left_out
    }


def _header_text(member: Member, value: Any) -> str:
    if type(value) is str:
        return _wired(value)
    if isinstance(value, datetime):
        iso = member.timestamp_format == "iso8601"
        return iso_milliseconds(value) if iso else http_date(value)
    if isinstance(value, (list, tuple)):
        return ",".join(_wired(str(item)) for item in value)
    return _wired(text(value))


def _wired(value: str) -> str:
    """Write as a header value: UTF-8 bytes as latin-1 text, and nothing that could end the line."""
    if value.isascii() and value.isprintable():
        return value
    clean = value.translate(_CONTROL)
    return clean if clean.isascii() else clean.encode("utf-8").decode("latin-1")


def _document(
    operation: OperationModel, output: Shape, result: Mapping[str, Any]
) -> tuple[str, bytes]:
    if output.payload:
        return _payload(output.members[output.payload], result.get(output.payload))
    if operation.name == "GetBucketLocation":
        place = escape(result.get("LocationConstraint") or "")
        return _xml(f'<LocationConstraint xmlns="{NAMESPACE}">{place}</LocationConstraint>')
    if all(member.location for member in output.members.values()):
        return "", b""
    return _root(output, _ROOTS.get(operation.name, f"{operation.name}Result"), result)


def _payload(member: Member, value: Any) -> tuple[str, bytes]:
    if value is None:
        return "", b""
    if isinstance(value, bytes):
        return "application/octet-stream", value
    if isinstance(value, str):
        return "application/json", value.encode()
    name = member.wire if member.explicit else member.shape.location_name or member.shape.name
    return _root(member.shape, name, value)


def _root(shape: Shape, name: str, value: Mapping[str, Any]) -> tuple[str, bytes]:
    content = writer(shape)(value, name).removeprefix(f"<{name}")
    return _xml(f'<{name} xmlns="{NAMESPACE}"{content}')


def _xml(document: str) -> tuple[str, bytes]:
    return "application/xml", (PROLOGUE + document).encode("utf-8")


# ---- errors --------------------------------------------------------------------------------------


def serialize_error(
    error: ServiceError, request: Request, request_id: str, host_id: str, resource: str
) -> Response:
    """Return the response that says what went wrong; without a body to HEAD, and with 304."""
    headers = (("x-amz-request-id", request_id), ("x-amz-id-2", host_id), *error.headers)
    if request.method == "HEAD" or error.status in (204, 304):
        return Response(error.status, headers)
    fields = {"Code": error.code, "Message": error.message, **error.fields}
    if resource and "Resource" not in fields:
        fields["Resource"] = resource
    fields |= {"RequestId": request_id, "HostId": host_id}
    content = "".join(
        f"<{name}>{escape(readable(text(value)))}</{name}>"
        for name, value in fields.items()
        if value is not None
    )
    body = f"{PROLOGUE}<Error>{content}</Error>".encode()
    return Response(error.status, (*headers, ("Content-Type", "application/xml")), body)

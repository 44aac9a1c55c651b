"""The service models: AWS's, read from botocore's data files without importing botocore, and our own.

Only what the served operations reach is kept; documentation is never even decoded.
"""

import importlib.util
import zlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from holdfast.aws.served import SERVED
from holdfast.aws.shapes import Member, OperationModel, ServiceModel, Shape, Template

__all__ = ["SERVED", "Member", "OperationModel", "ServiceModel", "Shape", "service"]


class _Namespace(msgspec.Struct, frozen=True):
    uri: str = ""
    prefix: str = ""


class _Reference(msgspec.Struct, rename="camel"):
    shape: str
    location: str = ""
    location_name: str = ""
    flattened: bool = False
    streaming: bool = False
    xml_attribute: bool = False
    xml_namespace: _Namespace = _Namespace()
    timestamp_format: str = ""
    result_wrapper: str = ""


class _Error(msgspec.Struct, frozen=True):
    code: str = ""


class _Shape(msgspec.Struct, rename="camel"):
    type: str
    members: dict[str, _Reference] = {}
    required: list[str] = []
    member: _Reference | None = None
    key: _Reference | None = None
    value: _Reference | None = None
    flattened: bool = False
    payload: str = ""
    location_name: str = ""
    xml_namespace: _Namespace = _Namespace()
    timestamp_format: str = ""
    enum: list[str] = []
    min: float | None = None
    max: float | None = None
    pattern: str = ""
    sensitive: bool = False
    error: _Error = _Error()


class _Http(msgspec.Struct, rename="camel", frozen=True):
    method: str = "POST"
    request_uri: str = "/"
    response_code: int = 200


class _Operation(msgspec.Struct):
    http: _Http = _Http()
    input: _Reference | None = None
    output: _Reference | None = None
    errors: list[_Reference] = []
    deprecated: bool = False


class _Metadata(msgspec.Struct, rename="camel"):
    protocol: str
    api_version: str
    json_version: str = ""
    target_prefix: str = ""
    xml_namespace: str | _Namespace = ""


class _Model(msgspec.Struct):
    metadata: _Metadata
    operations: dict[str, _Operation]
    shapes: dict[str, msgspec.Raw]  # most of them are never needed, so each is decoded when it is


_OWN = Path(__file__).parents[1] / "service_model"  # in botocore's form, not compressed

# Made while one thread imports this: msgspec crashes the process when two threads are the first to
# decode a Struct at the same time.
_DECODER = msgspec.json.Decoder(_Model)
_SHAPE_DECODER = msgspec.json.Decoder(_Shape)


@cache
def service(name: str) -> ServiceModel:
    """Return the model of a served service.

    Args:
        name: s3, dynamodb, kms, sts, iam or holdfast.

    Raises:
        KeyError: it is not one of these.
        RuntimeError: botocore, or its model of the service, is not installed.
    """
    served = SERVED[name]
    model = _DECODER.decode(_model_of(name))
    about = model.metadata
    namespace = about.xml_namespace
    shapes = _Shapes(model.shapes)
    return ServiceModel(
        name=name,
        protocol=about.protocol,
        json_version=about.json_version,
        target_prefix=about.target_prefix,
        api_version=about.api_version,
        xml_namespace=namespace if isinstance(namespace, str) else namespace.uri,
        operations={key: shapes.operation(key, model.operations[key]) for key in sorted(served)},
        known=frozenset(model.operations),
        errors=shapes.errors(model.operations[key] for key in served),
        templates=shapes.templates(model.operations) if about.protocol == "rest-xml" else (),
    )


def _model_of(name: str) -> bytes:
    own = sorted(_OWN.glob(f"{name}/*/service-2.json"))
    return own[-1].read_bytes() if own else _uncompressed(_model_file(name).read_bytes())


def _model_file(name: str) -> Path:
    found = importlib.util.find_spec("botocore")
    if found is None or found.origin is None:
        raise RuntimeError("botocore, whose service models Holdfast reads, is not installed")
    versions = sorted(Path(found.origin).parent.glob(f"data/{name}/*/service-2.json.gz"))
    if not versions:
        raise RuntimeError(f"the installed botocore has no model of {name}")
    return versions[-1]


def _uncompressed(file: bytes) -> bytes:
    # A gzip file ends with its size (RFC 1952, 2.3.1). Known before, memory is taken once.
    size = int.from_bytes(file[-4:], "little")
    return zlib.decompress(file, zlib.MAX_WBITS | 16, max(size, 1))


class _Shapes:
    """Makes shapes of the raw ones, each once, and only those that are asked for."""

    def __init__(self, undecoded: dict[str, msgspec.Raw]) -> None:
        self._undecoded = undecoded
        self._decoded: dict[str, _Shape] = {}
        self._made: dict[str, Shape] = {}

    def operation(self, name: str, raw: _Operation) -> OperationModel:
        return OperationModel(
            name=name,
            method=raw.http.method,
            request_uri=raw.http.request_uri,
            response_code=raw.http.response_code,
            input=self._shape(raw.input.shape) if raw.input else None,
            output=self._shape(raw.output.shape) if raw.output else None,
            result_wrapper=raw.output.result_wrapper if raw.output else "",
        )

    def errors(self, operations: Iterable[_Operation]) -> dict[str, Shape]:
        names = {error.shape for operation in operations for error in operation.errors}
        return {self._raw(name).error.code or name: self._shape(name) for name in sorted(names)}

    def templates(self, operations: dict[str, _Operation]) -> tuple[Template, ...]:
        return tuple(
            _template(name, raw, self._raw(raw.input.shape) if raw.input else _Shape("structure"))
            for name, raw in operations.items()
        )

    def _raw(self, name: str) -> _Shape:
        known = self._decoded.get(name)
        if known is None:
            known = self._decoded[name] = _SHAPE_DECODER.decode(self._undecoded[name])
        return known

    def _shape(self, name: str) -> Shape:
        known = self._made.get(name)
        if known is not None:
            return known
        raw = self._raw(name)
        shape = self._made[name] = Shape(
            name=name,
            type=raw.type,
            flattened=raw.flattened,
            payload=raw.payload,
            location_name=raw.location_name,
            xml_namespace=raw.xml_namespace.uri,
            xml_prefix=raw.xml_namespace.prefix,
            timestamp_format=raw.timestamp_format,
            enum=tuple(raw.enum),
            minimum=raw.min,
            maximum=raw.max,
            pattern=raw.pattern,
            sensitive=raw.sensitive,
        )
        for key, reference in raw.members.items():
            shape.members[key] = self._member(key, reference, required=key in raw.required)
        shape.element = self._member("member", raw.member) if raw.member else None
        shape.key = self._member("key", raw.key) if raw.key else None
        shape.value = self._member("value", raw.value) if raw.value else None
        return shape

    def _member(self, name: str, reference: _Reference, *, required: bool = False) -> Member:
        shape = self._shape(reference.shape)
        return Member(
            name=name,
            shape=shape,
            location=reference.location,
            wire=reference.location_name or name,
            explicit=bool(reference.location_name),
            flattened=reference.flattened or shape.flattened,
            xml_attribute=reference.xml_attribute,
            xml_namespace=reference.xml_namespace.uri or shape.xml_namespace,
            xml_prefix=reference.xml_namespace.prefix or shape.xml_prefix,
            streaming=reference.streaming,
            required=required,
            timestamp_format=reference.timestamp_format or shape.timestamp_format,
        )


def _template(name: str, raw: _Operation, shape: _Shape) -> Template:
    def wires(location: str) -> list[tuple[str, str]]:
        members = shape.members.items()
        return [(key, ref.location_name) for key, ref in members if ref.location == location]

    return Template(
        operation=name,
        method=raw.http.method,
        uri=raw.http.request_uri,
        needs_query=tuple(wire for key, wire in wires("querystring") if key in shape.required),
        takes_query=frozenset(wire for _, wire in wires("querystring")),
        needs_headers=tuple(wire.lower() for key, wire in wires("header") if key in shape.required),
        deprecated=raw.deprecated,
    )

"""Which service a request is for, and which of its operations."""

from functools import lru_cache

from msgspec import Struct

from holdfast.aws import query, s3_routes
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request
from holdfast.aws.models import service as model_of
from holdfast.aws.served import SERVED
from holdfast.aws.shapes import ServiceModel

_TARGETS = {
    "DynamoDB_20120810": "dynamodb",
    "TrentService": "kms",
    "Holdfast_20261101": "holdfast",
}
_FORM = "application/x-www-form-urlencoded"


class Target(Struct, frozen=True):
    """What a request is for."""

    operation: str
    bucket: str | None = None
    key: str | None = None


def service_of(request: Request, body: bytes | None = None) -> str:
    """Return the service that a request is for: s3 unless it says something else.

    Args:
        request: the head.
        body: of a form, if at hand: the version in it tells IAM from STS.
    """
    scope = _scope(request)
    if scope in SERVED:
        return scope
    prefix = request.headers.get("x-amz-target").partition(".")[0]
    if prefix:
        # A target of no service here is refused as soon as it is authenticated, in JSON.
        return _TARGETS.get(prefix, "kms")
    is_form = request.headers.get("content-type").partition(";")[0].strip().lower() == _FORM
    if request.method == "POST" and request.raw_path in ("", "/") and is_form:
        return "iam" if b"Version=2010-05-08" in (body or b"").split(b"&") else "sts"
    return "s3"


def _scope(request: Request) -> str:
    """Return the service in the credential scope, KEY/DATE/REGION/SERVICE/aws4_request."""
    _, found, rest = request.headers.get("authorization").partition("Credential=")
    if found:
        return _scoped(rest.partition(",")[0])
    return _scoped(request.parameter("X-Amz-Credential") or "")


@lru_cache(maxsize=256)
def _scoped(credential: str) -> str:
    pieces = credential.strip().split("/")
    return pieces[-2] if len(pieces) >= 5 else ""


def route(service: str, request: Request, body: bytes | None, base_domain: str = "") -> Target:
    """Return the operation that a request is for, and S3's bucket and key.

    Args:
        service: as `service_of` says.
        request: the head.
        body: the whole body; only STS and IAM need it.
        base_domain: for S3 at BUCKET.base_domain; empty if buckets are in the path only.

    Raises:
        ServiceError: there is no such operation, or it is not served.
    """
    model = model_of(service)
    if model.protocol == "rest-xml":
        bucket, key = s3_routes.address(request, base_domain)
        return Target(s3_routes.operation(request, bucket, key), bucket, key)
    if model.protocol == "json":
        return Target(_json_operation(model, request))
    return Target(_query_operation(model, query.form(request, body or b"")))


def _json_operation(model: ServiceModel, request: Request) -> str:
    prefix, _, name = request.headers.get("x-amz-target").partition(".")
    if request.method != "POST" or prefix != model.target_prefix or name not in model.known:
        raise ServiceError("UnknownOperationException", status=400)
    if name not in model.operations:
        raise ServiceError(
            "UnknownOperationException", f"NotImplemented: {name} is not implemented", status=400
        )
    return name


def _query_operation(model: ServiceModel, form: query.Form) -> str:
    name = form.get("Action")
    if not name:
        raise ServiceError("MissingAction", "The request must contain the parameter Action.")
    version = form.get("Version", "NO_VERSION_SPECIFIED")
    if name not in model.known or version != model.api_version:
        message = f"Could not find operation {name[:128]} for version {version[:32]}"
        raise ServiceError("InvalidAction", message, status=400)
    if name not in model.operations:
        raise ServiceError("NotImplemented", f"{name} is not implemented", status=501)
    return name

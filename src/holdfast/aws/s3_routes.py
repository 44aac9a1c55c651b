"""S3's routes: bucket and key from host and path, the operation from what else the request has.

The table is AWS's model itself. Of the operations whose demands a request meets, the one with the
most demands is meant: `PUT /b/k?partNumber=1&uploadId=U` with a copy source is UploadPartCopy.
"""

from collections.abc import Iterable
from functools import cache
from urllib.parse import unquote_to_bytes

import msgspec

from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, parse_query
from holdfast.aws.models import service
from holdfast.aws.shapes import Template

MAX_KEY_BYTES = 1024  # "Naming Amazon S3 objects" in the user guide

# Literals in the model's templates that are values or hints, not sub-resources.
_NO_SUBRESOURCE = frozenset({"list-type", "select-type", "x-id"})


class _Route(msgspec.Struct, frozen=True):
    operation: str
    literals: tuple[tuple[str, str], ...]  # query parameters that must be there; any value if ""
    needs_query: tuple[str, ...]
    needs_headers: tuple[str, ...]
    takes: frozenset[str]  # every query parameter it knows
    preference: int  # among equals, served before unserved before deprecated

    @property
    def demands(self) -> int:
        return len(self.literals) + len(self.needs_query) + len(self.needs_headers)


class _Routes(msgspec.Struct, frozen=True):
    by_place: dict[tuple[str, str], tuple[_Route, ...]]  # (method, level) -> most demands first
    without_query: dict[tuple[str, str], tuple[_Route, ...]]  # the same, of those that need none
    subresources: frozenset[str]


# ---- where ---------------------------------------------------------------------------------------


def address(request: Request, base_domain: str) -> tuple[str | None, str | None]:
    """Return bucket and key, each None if the request names none.

    The path is decoded once, and the key is all that follows the bucket's slash: further slashes,
    dots and a trailing slash are part of it.

    Raises:
        ServiceError: InvalidURI if the path is not UTF-8, KeyTooLongError.
    """
    path = request.raw_path.removeprefix("/")
    bucket = _virtual_host(request.host, base_domain)
    if bucket is not None:
        return bucket, _key(path)
    raw_bucket, _, raw_key = path.partition("/")
    if not raw_bucket and not raw_key:
        if path:
            raise _invalid_uri()
        return None, None
    if not raw_bucket:
        raise _invalid_uri()
    return _decoded(raw_bucket), _key(raw_key)


def _virtual_host(host: str, base_domain: str) -> str | None:
    if not base_domain:
        return None
    name = host.lower().rpartition(":")[0] if _has_port(host) else host.lower()
    bucket, found, rest = name.rpartition(f".{base_domain.lower()}")
    return bucket if found and bucket and not rest else None


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdecimal() and ":" in host


def _key(raw: str) -> str | None:
    if not raw:
        return None
    key = _decoded(raw)
    size = len(key.encode())
    if size > MAX_KEY_BYTES:
        raise ServiceError("KeyTooLongError", Size=str(size), MaxSizeAllowed=str(MAX_KEY_BYTES))
    return key


def _decoded(raw: str) -> str:
    if "%" not in raw:
        return raw
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _invalid_uri() from error


def _invalid_uri() -> ServiceError:
    return ServiceError("InvalidURI")


# ---- what ----------------------------------------------------------------------------------------


def operation(request: Request, bucket: str | None, key: str | None) -> str:
    """Return the name of the operation that a request is for.

    Raises:
        ServiceError: NotImplemented for one that AWS has and we do not, MethodNotAllowed for none.
    """
    level = "service" if bucket is None else "bucket" if key is None else "object"
    _refuse_browsers(request, level)
    query = {name: value for name, value in request.query if name != "x-id"}
    routes = _routes()
    places = routes.by_place if query else routes.without_query
    for route in places.get((request.method, level), ()):
        if _meets(route, query, request):
            _refuse_ignoring(route, query, routes.subresources, request)
            return _served(route.operation)
    raise _not_allowed(request, query, routes.subresources)


def _refuse_browsers(request: Request, level: str) -> None:
    if request.method == "OPTIONS":
        raise ServiceError("NotImplemented", "OPTIONS object is not implemented")
    if request.method == "POST" and level == "bucket":
        form = request.headers.get("content-type").lower().startswith("multipart/form-data")
        if form:
            raise ServiceError("NotImplemented", "PostObject is not implemented")


def _meets(route: _Route, query: dict[str, str], request: Request) -> bool:
    return (
        all(name in query and value in ("", query[name]) for name, value in route.literals)
        and all(name in query for name in route.needs_query)
        and all(name in request.headers for name in route.needs_headers)
    )


def _refuse_ignoring(
    route: _Route, query: dict[str, str], subresources: frozenset[str], request: Request
) -> None:
    """Refuse a request that asks for a sub-resource which its operation does not know.

    Else `PUT /b/k?policy` would write an object.
    """
    ignored = [name for name in query if name in subresources and name not in route.takes]
    if not ignored:
        return
    asked = [name for name, _ in route.literals if name in subresources]
    if asked:
        names = ", ".join(sorted([*asked, *ignored]))
        raise ServiceError(
            "InvalidArgument",
            f"Conflicting query string parameters: {names}",
            ArgumentName="ResourceType",
            ArgumentValue=ignored[0],
        )
    raise _not_allowed(request, query, subresources)


def _served(name: str) -> str:
    if name not in service("s3").operations:
        raise ServiceError("NotImplemented", f"{name} is not implemented", status=501)
    return name


def _not_allowed(
    request: Request, query: dict[str, str], subresources: frozenset[str]
) -> ServiceError:
    kinds = [name for name in query if name in subresources]
    resource_type = kinds[0].upper() if kinds else "OBJECT"
    return ServiceError("MethodNotAllowed", Method=request.method, ResourceType=resource_type)


@cache
def _routes() -> _Routes:
    model = service("s3")
    by_place: dict[tuple[str, str], list[_Route]] = {}
    subresources = {"uploadId", "partNumber"}
    for template in model.templates:
        level = _level(template)
        if level is not None:
            route = _route(template, served=template.operation in model.operations)
            by_place.setdefault((template.method, level), []).append(route)
            subresources.update(name for name, _ in route.literals)
    plain = {
        place: [route for route in routes if not (route.literals or route.needs_query)]
        for place, routes in by_place.items()
    }
    return _Routes(
        {place: _ordered(routes) for place, routes in by_place.items()},
        {place: _ordered(routes) for place, routes in plain.items()},
        frozenset(subresources - _NO_SUBRESOURCE),
    )


def _ordered(routes: Iterable[_Route]) -> tuple[_Route, ...]:
    return tuple(sorted(routes, key=lambda route: (-route.demands, route.preference)))


def _level(template: Template) -> str | None:
    path = template.uri.partition("?")[0]
    return {"/": "service", "/{Bucket}": "bucket", "/{Bucket}/{Key+}": "object"}.get(path)


def _route(template: Template, *, served: bool) -> _Route:
    literals = tuple(
        pair for pair in parse_query(template.uri.partition("?")[2]) if pair[0] != "x-id"
    )
    # A header tells operations apart only where no literal does.
    headers = () if literals else template.needs_headers
    return _Route(
        operation=template.operation,
        literals=literals,
        needs_query=template.needs_query,
        needs_headers=headers,
        takes=template.takes_query | {name for name, _ in literals},
        preference=0 if served else 2 if template.deprecated else 1,
    )

"""What a request line and the headers that frame a request may say, before it is a request.

Sources: RFC 9112, 3.2 (forms of the target, Host) and 6.1 (Transfer-Encoding).
"""

from typing import Any, NamedTuple

import httptools

from holdfast.aws.http import Headers

_DEFAULT_PORTS = (b":80", b":443")


class Fault(NamedTuple):
    """An answer to what never becomes a request."""

    status: str  # code and reason
    code: str
    message: str


class Unacceptable(Exception):
    """A request whose head cannot be meant in one way only."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


_NO_URI = Fault("400 Bad Request", "InvalidURI", "Couldn't parse the specified URI.")
_NO_HOST = Fault(
    "400 Bad Request", "BadRequest", "A request names its host once, and in one way only."
)
_NO_VERSION = Fault(
    "505 HTTP Version Not Supported", "BadRequest", "HTTP 1.1 and 1.0 are spoken here."
)
_NO_CODING = Fault(
    "501 Not Implemented",
    "NotImplemented",
    "A header you provided implies functionality that is not implemented",
)


def checked_target(target: bytes, headers: Headers, version: str) -> bytes:
    """Return path and query of a request, which a client may also write behind scheme and host.

    Args:
        target: as it is in the request line.
        headers: of the request.
        version: of HTTP.

    Raises:
        Unacceptable: the version is none that is spoken, the target has a fragment or another host
            than the Host header, which is missing or repeated, or the body has a transfer coding
            other than chunked.
        httptools.HttpParserInvalidURLError: it is no target at all.
    """
    if version not in ("1.0", "1.1"):
        raise Unacceptable(_NO_VERSION)
    if "host" in headers.repeated or ("host" not in headers and version == "1.1"):
        raise Unacceptable(_NO_HOST)
    if headers.get("transfer-encoding", "chunked").lower() != "chunked":
        raise Unacceptable(_NO_CODING)
    if b"#" in target or not target.isascii():
        raise Unacceptable(_NO_URI)
    if target.startswith(b"/") or target == b"*":
        return target
    return _origin_form(target, headers.get("host").encode("latin-1"))


def _origin_form(target: bytes, host: bytes) -> bytes:
    """Take an absolute target apart: what clients send to a proxy."""
    parts: Any = httptools.parse_url(target)  # its types do not say that a part may be None
    if parts.schema is None or parts.host is None or parts.userinfo is not None:
        raise Unacceptable(_NO_URI)
    authority = target.partition(b"://")[2]
    for end in (b"/", b"?"):
        authority = authority.partition(end)[0]
    # The Host header is what is signed, so the two have to agree.
    if _plain(authority) != _plain(host):
        raise Unacceptable(_NO_HOST)
    query = b"" if parts.query is None else b"?" + parts.query
    return (parts.path or b"/") + query


def _plain(authority: bytes) -> bytes:
    name = authority.lower()
    for port in _DEFAULT_PORTS:
        name = name.removesuffix(port)
    return name

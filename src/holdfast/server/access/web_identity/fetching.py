"""Fetching an issuer's keys: over https, from its own server, so many bytes and seconds at most.

Source: "OpenID Connect Discovery 1.0", sections 3 and 4.
"""

import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

import msgspec

from holdfast.server.access.web_identity.issuer import Issuer, may_be_asked, same_origin

_MOST_BYTES = 512 << 10
_SECONDS = 5.0  # for a step of the connection
_WELL_KNOWN = "/.well-known/openid-configuration"


class Unreachable(Exception):
    """The keys cannot be had; the message says why."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An issuer's keys are where it says, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def fetch_keys(issuer: Issuer) -> bytes:
    """Return an issuer's key set, as it serves it.

    Raises:
        Unreachable: it does not answer, answers something else, or sends us elsewhere.
    """
    if issuer.keys:
        return _get(issuer.keys)
    return _get(_discovered(issuer))


def _discovered(issuer: Issuer) -> str:
    where = issuer.url.rstrip("/") + _WELL_KNOWN
    try:
        document = msgspec.json.decode(_get(where))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Unreachable(f"{where} is no JSON") from None
    if not isinstance(document, Mapping) or document.get("issuer") != issuer.url:
        raise Unreachable(f"{where} is not of the issuer {issuer.url}")
    found = document.get("jwks_uri")
    if not isinstance(found, str) or not may_be_asked(found) or not same_origin(found, where):
        raise Unreachable(f"{where} names keys at another server; set keys=URL for this issuer")
    return found


def _get(url: str) -> bytes:
    if not may_be_asked(url):
        raise Unreachable(f"{url} is neither https nor on this machine")
    opener = urllib.request.build_opener(_NoRedirects)
    asked = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - checked
    try:
        with opener.open(asked, timeout=_SECONDS) as answer:
            body: bytes = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unreachable(f"{url} answers {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{url} cannot be read: {error}") from None
    if len(body) > _MOST_BYTES:
        raise Unreachable(f"{url} is longer than {_MOST_BYTES} bytes")
    return body

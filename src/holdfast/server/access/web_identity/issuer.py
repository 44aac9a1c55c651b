"""An issuer of tokens that the operator trusts, and how policies name it."""

import ipaddress
from urllib.parse import urlsplit

import msgspec


class Issuer(msgspec.Struct, frozen=True):
    """An OpenID Connect issuer."""

    url: str  # exactly as the `iss` claim of its tokens says it
    audiences: frozenset[str]  # a token has to be meant for one of them
    keys: str = ""  # a JWKS file, or where one is fetched; empty: as the issuer itself says

    @property
    def name(self) -> str:
        """The URL without its scheme, as condition keys begin: `gitlab.example.com/group`."""
        return self.url.partition("://")[2].rstrip("/")

    def arn(self, account: str) -> str:
        """Return the ARN that trust policies name it by.

        Args:
            account: 12 digits.
        """
        return f"arn:aws:iam::{account}:oidc-provider/{self.name}"


def may_be_asked(url: str) -> bool:
    """Whether keys may be fetched from a URL: by https, or by http from this very machine."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _loopback(host))


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs lead to the same server by the same scheme."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc.lower()) == (second.scheme, second.netloc.lower())


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

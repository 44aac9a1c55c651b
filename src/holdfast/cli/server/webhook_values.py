"""The types of the settings of webhooks."""

import ipaddress

_MOST = 10  # receivers


def addresses(text: str) -> tuple[str, ...]:
    """Read addresses with spaces between them. What crosses a network is encrypted."""
    found = tuple(dict.fromkeys(text.split()))
    if len(found) > _MOST:
        raise ValueError(f"must be at most {_MOST} addresses")
    for url in found:
        _check(url)
    return found


def _check(url: str) -> None:
    from urllib.parse import urlsplit  # most servers have no receivers

    # The address may hold a secret, so it is not repeated.
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("https", "http") or port == 0 or not url.isascii():
        raise ValueError("must be addresses such as https://hooks.example.com/holdfast")
    if parts.username is not None or parts.fragment:
        raise ValueError("must be addresses without a user name, a password and a #")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError(
            f"must be https:// for {host}: http:// is for receivers on this machine only"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def events(text: str) -> frozenset[str]:
    """Read kinds of entries of the journal, with spaces between them."""
    from holdfast.server.journal_kinds import KINDS
    from holdfast.server.webhooks.events import LOCK_HELD

    found = frozenset(text.split())
    unknown = sorted(found - {*KINDS, LOCK_HELD})
    if not found or unknown:
        wrong = f"'{unknown[0]}' is none" if unknown else "there is none"
        raise ValueError(f"must be kinds of entries such as lock-forced; {wrong}")
    return found

"""The issuers whose tokens are taken, with their keys."""

import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.server.access.web_identity.issuer import Issuer

if TYPE_CHECKING:
    from holdfast.server.access.web_identity.key_source import KeySource
    from holdfast.server.access.web_identity.token import WebIdentity


class Issuers:
    """All that the operator trusts. Safe to use from many threads."""

    def __init__(self, issuers: Iterable[Issuer] = ()) -> None:
        """Trust these; nothing is read or fetched before the first token comes."""
        self._issuers = {issuer.url: issuer for issuer in issuers}
        self._sources: dict[str, KeySource] = {}

    def verified(self, token: str, now: datetime) -> "WebIdentity":
        """Return whom a token is of; see `token.verified`.

        Raises:
            ServiceError: it is not a token to be believed.
        """
        from holdfast.server.access.web_identity.token import verified  # only where it is used

        return verified(token, self._find, now)

    def look_for_keys(self) -> None:
        """Read or fetch the keys of all, so that a wrong setting is logged before a token comes."""
        if not self._issuers:
            return
        from holdfast.server.access.web_identity.fetching import Unreachable

        for url in self._issuers:
            found = self._find(url)
            with contextlib.suppress(Unreachable):
                if found is not None:
                    found[1].find("", "RS256")

    def _find(self, url: str) -> "tuple[Issuer, KeySource] | None":
        from holdfast.server.access.web_identity.key_source import source_of

        issuer = self._issuers.get(url)
        if issuer is None:
            return None
        source = self._sources.get(url)
        if source is None:
            source = self._sources.setdefault(url, source_of(issuer))
        return issuer, source

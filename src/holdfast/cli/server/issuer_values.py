"""The setting that lists issuers of web identity tokens."""

import re
from urllib.parse import urlsplit

from holdfast.server.access.web_identity.issuer import Issuer, may_be_asked

_SEPARATOR = re.compile(r"[;\n]")


def issuers(text: str) -> tuple[Issuer, ...]:
    """Read issuers: `URL audience=TEXT [audience=TEXT] [keys=FILE|URL]`, between semicolons or lines.

    Raises:
        ValueError: one of them has no meaning.
    """
    found = tuple(_issuer(entry.split()) for entry in _SEPARATOR.split(text) if entry.strip())
    urls = [issuer.url for issuer in found]
    twice = next((url for url in urls if urls.count(url) > 1), "")
    if twice:
        raise ValueError(f"must name the issuer {twice} only once")
    return found


def _issuer(words: list[str]) -> Issuer:
    url, audiences, keys = words[0], set[str](), ""
    _check_url(url)
    for word in words[1:]:
        name, _, value = word.partition("=")
        if name == "audience" and value:
            audiences.add(value)
        elif name == "keys" and value and not keys:
            keys = value
        else:
            raise ValueError(
                "must be a list of URL audience=TEXT [keys=FILE or URL], separated by semicolons; "
                f"'{word}' is none of that"
            )
    if not audiences:
        raise ValueError(f"must say for whom tokens of {url} are meant: add audience=TEXT")
    if "://" in keys and not may_be_asked(keys):
        raise ValueError(f"must fetch keys by https, not from {keys}")
    return Issuer(url, frozenset(audiences), keys)


def _check_url(url: str) -> None:
    # What the path may not have would not fit into condition keys and ARNs of policies.
    if not may_be_asked(url) or urlsplit(url).query or re.search(r"[*:?\"]", urlsplit(url).path):
        raise ValueError(f"must name issuers as https://HOST or https://HOST/PATH, not '{url}'")

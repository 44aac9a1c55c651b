"""The setting that lists issuers of tokens."""

import pytest

from holdfast.cli.server.issuer_values import issuers
from holdfast.server.access.web_identity.issuer import Issuer

GITHUB = "https://token.actions.githubusercontent.com"


def test_nothing_is_nobody() -> None:
    """Without the setting no token is taken."""
    assert issuers("") == issuers(" ;\n ") == ()


def test_one_issuer() -> None:
    """Its address and whom its tokens are meant for."""
    (issuer,) = issuers(f"{GITHUB} audience=sts.amazonaws.com")
    assert issuer == Issuer(GITHUB, frozenset({"sts.amazonaws.com"}))
    assert issuer.name == "token.actions.githubusercontent.com"


def test_several_issuers() -> None:
    """Between semicolons or on lines of their own, with keys from elsewhere."""
    found = issuers(
        f"{GITHUB} audience=a audience=b;\n"
        "https://gitlab.example.com/group audience=c keys=/etc/keys.json\n"
        "http://127.0.0.1:9000 audience=d keys=https://keys.example.com/set"
    )
    assert [issuer.audiences for issuer in found] == [{"a", "b"}, {"c"}, {"d"}]
    assert [issuer.keys for issuer in found] == [
        *("", "/etc/keys.json", "https://keys.example.com/set")
    ]
    assert found[1].arn("123456789012") == (
        "arn:aws:iam::123456789012:oidc-provider/gitlab.example.com/group"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GITHUB, "add audience=TEXT"),
        (f"{GITHUB} audience=", "'audience=' is none of that"),
        (f"{GITHUB} audience=a colour=red", "'colour=red' is none of that"),
        (f"{GITHUB} audience=a keys=x keys=y", "'keys=y' is none of that"),
        (f"{GITHUB} audience=a;{GITHUB} audience=b", "only once"),
        ("token.actions.githubusercontent.com audience=a", "must name issuers as https://"),
        ("http://ci.example.com audience=a", "must name issuers as https://"),
        ("https://ci.example.com/?q=1 audience=a", "must name issuers as https://"),
        ("https://ci.example.com/* audience=a", "must name issuers as https://"),
        ("https://user:secret@ci.example.com audience=a", "must name issuers as https://"),
        (f"{GITHUB} audience=a keys=http://keys.example.com", "fetch keys by https"),
        (f"{GITHUB} audience=a keys=ftp://keys.example.com", "fetch keys by https"),
    ],
)
def test_what_has_no_meaning(text: str, words: str) -> None:
    """It says what is wrong."""
    with pytest.raises(ValueError, match="must ") as caught:
        issuers(text)
    assert words in str(caught.value)

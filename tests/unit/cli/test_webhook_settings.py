"""The settings of webhooks: addresses, secret, kinds."""

import pytest

from holdfast.cli.server.settings import BadSetting, resolve
from holdfast.server.webhooks.events import USUAL

SECRET = "a-shared-secret-of-tests"
URLS = "HOLDFAST_WEBHOOK_URLS"


def refused(**variables: str) -> str:
    """Return what is said of settings without meaning."""
    named = {f"HOLDFAST_{name.upper()}": value for name, value in variables.items()}
    with pytest.raises(BadSetting) as caught:
        resolve({}, named)
    return str(caught.value)


def test_the_usual_kinds_are_the_servers() -> None:
    """The table and the server say the same."""
    assert resolve({}, {}).webhook_events == frozenset(USUAL)


def test_addresses_have_spaces_between_them() -> None:
    """Each is told once."""
    urls = "https://a.example/x?y=1 http://127.0.0.1:9 http://[::1]:9/ https://a.example/x?y=1"
    found = resolve({}, {URLS: urls, "HOLDFAST_WEBHOOK_SECRET": SECRET})
    assert found.webhook_urls == (
        "https://a.example/x?y=1",
        "http://127.0.0.1:9",
        "http://[::1]:9/",
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/t0ken", "must be https:// for hooks.example.com"),
        ("http://10.0.0.7/t0ken", "must be https:// for 10.0.0.7"),
        ("ftp://hooks.example.com/t0ken", "must be addresses such as https://"),
        ("hooks.example.com/t0ken", "must be addresses such as https://"),
        ("https:///t0ken", "must be addresses such as https://"),
        ("https://h:99999/t0ken", "must be addresses such as https://"),
        ("https://[::1/t0ken", "must be addresses such as https://"),
        ("https://é.example/t0ken", "must be addresses such as https://"),
        ("https://user:t0ken@hooks.example.com/", "without a user name"),
        ("https://hooks.example.com/#t0ken", "without a user name, a password and a #"),
        (" ".join(f"https://h{n}.example/t0ken" for n in range(11)), "at most 10"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, said: str) -> None:
    """Without being repeated: it may hold a secret."""
    problem = refused(webhook_urls=url, webhook_secret=SECRET)
    assert said in problem
    assert "t0ken" not in problem
    assert problem.startswith(URLS)


def test_a_short_secret_is_refused() -> None:
    """It is not repeated."""
    problem = refused(webhook_urls="https://a.example/", webhook_secret="t0o-short")
    assert "16 to 256 printable characters" in problem
    assert "t0o-short" not in problem


@pytest.mark.parametrize(
    "given", [{"webhook_urls": "https://a.example/"}, {"webhook_secret": SECRET}]
)
def test_addresses_and_secret_belong_together(given: dict[str, str]) -> None:
    """Nothing is sent that cannot be verified."""
    assert "HOLDFAST_WEBHOOK_URLS and HOLDFAST_WEBHOOK_SECRET belong together" in refused(**given)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [("lock-forced lock-frced", "'lock-frced' is none"), ("", "there is none")],
)
def test_kinds_that_do_not_exist_are_refused(kinds: str, said: str) -> None:
    """A misspelt one would never be sent."""
    assert said in refused(webhook_events=kinds)

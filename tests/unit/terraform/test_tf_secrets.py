"""What looks like a secret."""

import time

import pytest

from holdfast.terraform.secrets import format_of, is_secret_name


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "master_password",
        "Secret",
        "client_secret",
        "private_key_pem",
        "token",
        "secret_string",
        "login.0.password",
        "kube_config",
    ],
)
def test_names_of_secrets(name: str) -> None:
    """Providers name them so."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["secret_arn", "password_length", "token_ttl", "secretary", "tokens", "passwords_policy", "id"],
)
def test_names_of_other_things(name: str) -> None:
    """They say where a secret is, or how it is made."""
    assert not is_secret_name(name)


def test_a_name_may_tell_a_secret_in_one_type_only() -> None:
    """`result` is anything elsewhere."""
    assert is_secret_name("result", "random_password")
    assert not is_secret_name("result", "external")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "a private key"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
        ("ghp_" + "a" * 36, "a GitHub token"),
        ("github_pat_" + "a" * 82, "a GitHub token"),
        ("glpat-" + "a" * 20, "a GitLab token"),
        ("xoxb-123456789012-abc", "a Slack token"),
        ("sk_" + "live_" + "a" * 24, "a Stripe key"),
        ("AIza" + "a" * 35, "a Google API key"),
        ("npm_" + "a" * 36, "an npm token"),
        ("hvs." + "a" * 24, "a Vault token"),
        ("a" * 14 + ".atlasv1." + "b" * 67, "an HCP Terraform token"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl", "a JSON web token"),
        ("postgres://me:pw@db:5432/x", "a URL with a password"),
        ("redis://:pw@[::1]/0", "a URL with a password"),
        ("Server=db;User=me;Password=hunter22;", "a connection string with a password"),
        (
            "DefaultEndpointsProtocol=https;AccountKey=abcdefgh==",
            "a connection string with a password",
        ),
    ],
)
def test_formats_of_secrets(text: str, kind: str) -> None:
    """Found anywhere in a text."""
    assert format_of(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "https://example.com:8080/x@y",
        "https://me@example.com",
        "postgres://me:***@db/x",
        "postgres://${user}:${password}@db",
        "arn:aws:iam::123456789012:role/x",
        "ghp_short",
        "sk_test_" + "a" * 24,
        "Server=db;Password=;",
    ],
)
def test_formats_of_other_things(text: str) -> None:
    """Nobody has to hide them."""
    assert format_of(text) is None


@pytest.mark.parametrize(
    "unit",
    ["a", "eyJ", "://", "a:", ":" * 10 + "@", "-----BEGIN ", "A ", ";password=", "a.", "https://"],
)
def test_long_texts_take_no_time_without_end(unit: str) -> None:
    """Nobody can stop a check by a value that was made for it."""
    text = unit * (1_000_000 // len(unit))
    before = time.process_time()
    format_of(text)

    assert time.process_time() - before < 30

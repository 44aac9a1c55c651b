"""`holdfast roles`: making them for users and for web identities, granting, deleting."""

import json

import pytest

from access_commands import Access, access_for
from client_site import Site
from holdfast.cli.exit_codes import ExitCode


@pytest.fixture
def access(site: Site, capsys: pytest.CaptureFixture[str]) -> Access:
    """Commands in the environment of a server."""
    return access_for(site, capsys)


def _trust(access: Access, role: str) -> list[dict[str, object]]:
    document = json.loads(access.ok("roles", "show", role)["role"]["trust"])
    statements: list[dict[str, object]] = document["Statement"]
    return statements


def test_a_role_for_users(access: Access) -> None:
    """Named users are trusted, nobody else."""
    name, _ = access.user()
    role = access.name("deploy")
    made = access.ok("roles", "create", role, "--trust-user", name, "--external-id", "one")
    account = made["role"]["arn"].split(":")[4]
    (statement,) = _trust(access, role)
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{account}:user/{name}"]}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "one"}}
    assert role in access("roles").out
    assert '"sts:ExternalId"' in access("roles", "show", role).out


def test_a_role_for_an_issuer(access: Access) -> None:
    """Its tokens are trusted for an audience and subjects only."""
    role = access.name("ci")
    issuer = ("--trust-issuer", "https://gitlab.example.org/", "--audience", "holdfast")
    access.ok("roles", "create", role, *issuer, "--subject", "project_path:acme/*")
    (statement,) = _trust(access, role)
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {"gitlab.example.org:aud": ["holdfast"]},
        "StringLike": {"gitlab.example.org:sub": ["project_path:acme/*"]},
    }


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--trust-issuer", "https://gitlab.example.org"),
        ("--trust-issuer", "https://gitlab.example.org", "--audience", "holdfast"),
        ("--trust-issuer", "gitlab.example.org", "--audience", "a", "--subject", "b"),
    ],
)
def test_a_role_that_trusts_nobody_or_everybody(access: Access, options: tuple[str, ...]) -> None:
    """It is not made, and what is missing is said."""
    role = access.name("open")
    assert access("roles", "create", role, *options).code == ExitCode.REFUSED
    assert access("roles", "show", role).code == ExitCode.NOT_FOUND


def test_a_session_that_is_too_long(access: Access) -> None:
    """Twelve hours are the most."""
    options = ("--trust-user", "*", "--max-session", "13h")
    assert access("roles", "create", access.name("long"), *options).code == ExitCode.USAGE


def test_a_role_is_granted_a_right_and_deleted_with_it(access: Access) -> None:
    """As users are."""
    role = access.name("deploy")
    access.ok("roles", "create", role, "--trust-user", "*", "--max-session", "2h")
    granted = access.grant(role, "writer", "staging/", kind="roles")["policy"]
    shown = access.ok("roles", "show", role)["role"]
    assert (shown["policies"], shown["max_session"]) == ({granted: "writer"}, 7200)
    where = ("--bucket", access.site.bucket, "--prefix", "staging/")
    assert access.ok("roles", "revoke", role, *where)["revoked"] == "writer"
    access.grant(role, "reader", "staging/", kind="roles")
    assert "1 policy" in access("roles", "delete", role).err
    access.ok("roles", "delete", role, "--yes")
    assert access("roles", "show", role).code == ExitCode.NOT_FOUND

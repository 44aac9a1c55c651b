"""`holdfast keys`: making, rotating, switching off and on, deleting."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from access_commands import Access, access_for
from client_site import Site
from holdfast.cli.exit_codes import ExitCode


@pytest.fixture
def access(site: Site, capsys: pytest.CaptureFixture[str]) -> Access:
    """Commands in the environment of a server."""
    return access_for(site, capsys)


def _works(access: Access, key: dict[str, str]) -> bool:
    try:
        access.client(key, "sts").get_caller_identity()
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidClientTokenId":
            raise
        return False
    return True


def test_a_key_is_switched_off_and_on(access: Access) -> None:
    """At once, and without saying whose it is."""
    name, key = access.user()
    access.ok("keys", "disable", key["access_key_id"])
    assert not _works(access, key)
    (row,) = [row for row in access("keys", "list", "--user", name).rows if row[1] == name]
    assert row[2] == "disabled"

    access.ok("keys", "enable", key["access_key_id"], "--user", name)
    assert _works(access, key)


def test_a_key_that_expires_is_listed_with_its_end(access: Access) -> None:
    """It is told when it is made, and in the list."""
    name, _ = access.user()
    key = access.ok("keys", "create", name, "--expires", "90d")["access_key"]
    assert _works(access, key)
    end = datetime.fromisoformat(key["expires"])
    assert abs(end - datetime.now(UTC) - timedelta(days=90)) < timedelta(hours=1)
    listed = {each["access_key_id"]: each for each in access.ok("keys", "list")["keys"]}
    assert listed[key["access_key_id"]]["expires"] == key["expires"]


def test_a_key_that_has_expired_is_refused(access: Access) -> None:
    """A second is a life too."""
    name, _ = access.user()
    key = access.ok("keys", "create", name, "--expires", "1s")["access_key"]
    end = datetime.fromisoformat(key["expires"])
    while datetime.now(UTC) <= end:
        pass
    assert not _works(access, key)
    rows = access("keys", "list", "--user", name).rows
    assert [row[2] for row in rows if row[0] == key["access_key_id"]] == ["expired"]


def test_a_key_is_rotated(access: Access) -> None:
    """Both work until the old one is switched off, and the command for that is said."""
    name, old = access.user()
    done = access.ok("keys", "rotate", old["access_key_id"])
    assert done["access_key"]["user"] == name
    assert done["next"] == f"holdfast keys disable {old['access_key_id']}"
    assert _works(access, old)
    assert _works(access, done["access_key"])


def test_a_key_is_rotated_and_the_old_one_switched_off(access: Access) -> None:
    """With --disable-old nobody has to come back for that."""
    _, old = access.user()
    done = access.ok("keys", "rotate", old["access_key_id"], "--disable-old")
    assert not done["old"]["active"]
    assert not _works(access, old)
    assert _works(access, done["access_key"])


def test_a_rotated_key_lasts_as_long_as_the_old_one(access: Access) -> None:
    """Whoever wanted keys that end still wants that."""
    name, _ = access.user()
    old = access.ok("keys", "create", name, "--expires", "30d")["access_key"]
    new = access.ok("keys", "rotate", old["access_key_id"])["access_key"]
    left = datetime.fromisoformat(new["expires"]) - datetime.now(UTC)
    assert timedelta(days=29) < left < timedelta(days=31)


def test_a_key_is_deleted(access: Access) -> None:
    """After a question."""
    _, key = access.user()
    assert access("keys", "delete", key["access_key_id"]).code == ExitCode.REFUSED
    assert _works(access, key)
    access.ok("keys", "delete", key["access_key_id"], "--yes")
    assert not _works(access, key)


def test_a_key_that_nobody_has(access: Access) -> None:
    """It is looked for with all users."""
    ran = access("keys", "disable", "AKIANOBODYATALL00000")
    assert ran.code == ExitCode.NOT_FOUND
    assert "nobody has the access key" in ran.err


def test_too_many_keys(access: Access) -> None:
    """What to do is said."""
    name, _ = access.user()
    for _ in range(4):
        access.ok("keys", "create", name)
    ran = access("keys", "create", name)
    assert ran.code == ExitCode.REFUSED
    assert "AccessKeysPerUser" in ran.err


@pytest.mark.parametrize("span", ["0s", "soon", "9999999999d", "3000000d"])
def test_an_end_that_is_none(access: Access, span: str) -> None:
    """No key is made that could not be used, or that would not end when it was meant to."""
    name, _ = access.user()
    ran = access("keys", "create", name, "--expires", span)
    assert ran.code == ExitCode.USAGE
    assert len(access.ok("keys", "list", "--user", name)["keys"]) == 1

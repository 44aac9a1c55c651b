"""What commands do for somebody who may use one folder of a bucket only."""

import pytest

from access_commands import Access, access_for
from client_site import Site, made_state
from holdfast.cli.exit_codes import ExitCode
from state_commands import Commands, written

STAGING = "staging/app.tfstate"
PRODUCTION = "production/app.tfstate"


@pytest.fixture
def access(site: Site, capsys: pytest.CaptureFixture[str]) -> Access:
    """Commands in the environment of a server."""
    return access_for(site, capsys)


@pytest.fixture
def limited(
    access: Access, site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    """Commands of a writer of `staging/`, in a bucket that has production too."""
    written(site, STAGING, made_state())
    written(site, PRODUCTION, made_state())
    written(site, PRODUCTION, made_state(), workspace="blue")
    name, key = access.user()
    access.grant(name, "writer", "staging/")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
    return Commands(site, capsys)


def test_the_folder_is_listed_and_nothing_else(limited: Commands) -> None:
    """What is not known is said; that there is production is not."""
    ran = limited("states", "--prefix", "staging/")
    assert ran.code == 0
    assert [row[0] for row in ran.rows[1:]] == [STAGING]
    assert "workspaces are not known" in ran.err
    assert "production" not in ran.out + ran.err


def test_the_whole_bucket_is_not_listed(limited: Commands) -> None:
    """The missing permission is named."""
    ran = limited("states")
    assert ran.code == ExitCode.ACCESS_DENIED
    assert "s3:ListBucket" in ran.err
    assert "production" not in ran.out + ran.err


def test_a_state_of_the_folder_is_read_locked_and_its_lock_broken(limited: Commands) -> None:
    """All that concerns one state works."""
    assert limited("show", STAGING).code == 0
    assert limited("versions", STAGING).code == 0
    assert limited("lock", STAGING).code == 0
    held = limited("locks", "--prefix", "staging/")
    assert STAGING in held.out
    assert limited("unlock", STAGING, "--yes").code == 0
    assert limited("pull", STAGING).code == 0


@pytest.mark.parametrize("command", ["show", "pull", "versions", "lock"])
def test_a_state_outside_is_refused_as_if_it_were_not_there(
    limited: Commands, command: str
) -> None:
    """The same words, whether there is one or not."""
    said = []
    for key in (PRODUCTION, PRODUCTION.replace("app", "ppa")):
        ran = limited(command, key)
        assert ran.code == ExitCode.ACCESS_DENIED
        said.append((ran.out + ran.err).replace(key, "KEY"))
    assert said[0] == said[1]

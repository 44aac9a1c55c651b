"""Commands whose user chose knowingly what a rule refuses: they give themselves leave."""

import json
import uuid
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from client_site import KEY, LINEAGE, Site, made_state
from holdfast.cli.exit_codes import ExitCode
from holdfast.client.errors import AccessDenied, RefusedByRule
from holdfast.operations import with_leave as module
from holdfast.operations.copying.one_state import Options, copy_state
from holdfast.operations.with_leave import with_leave
from holdfast.server.rule_modes import DEFAULTS
from holdfast.terraform.statefile import header
from state_commands import Commands

OTHER = str(uuid.uuid4())


@pytest.fixture
def holdfast(site: Site, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Runs commands; another configuration's state has replaced one with resources."""
    backend = site.backend()
    with backend.lock("test") as held:
        backend.write(made_state(1, resources={"a": "one"}), held=held)
        body = made_state(1, OTHER, resources={"b": "two"})
        backend.write(body, held=held, force=True)
    site.server.client("holdfast").put_state_rules(Bucket=site.bucket, Modes=dict(DEFAULTS))
    return Commands(site, capsys)


def used(site: Site) -> list[str]:
    """Return the reasons of the leave that was used."""
    entries = site.server.client("holdfast").list_journal(
        Bucket=site.bucket, What=["override-used"]
    )["Entries"]
    return [json.loads(entry["Event"])["given_for"] for entry in entries]


def test_the_lineage_of_an_older_version_is_restored(site: Site, holdfast: Commands) -> None:
    """Whoever says --lineage version means it."""
    done = holdfast("restore", KEY, "--to", "latest~1", "--lineage", "version", "--yes")

    assert done.code == ExitCode.OK, done.err
    assert header(site.body()).lineage == LINEAGE
    assert [reason.partition(" version ")[0] for reason in used(site)] == ["restoring the"]


def test_a_forced_push_is_written(site: Site, holdfast: Commands, tmp_path: Path) -> None:
    """Of a state of another lineage; what is not forced is not."""
    file = tmp_path / "other.tfstate"
    file.write_bytes(made_state(9, resources={"c": "three"}))
    assert holdfast("push", str(file), "--yes", key=KEY).code == ExitCode.REFUSED
    assert used(site) == []

    assert holdfast("push", str(file), "--yes", "--force", key=KEY).code == ExitCode.OK
    assert header(site.body()).lineage == LINEAGE
    assert used(site) == ["holdfast push --force"]


def test_a_history_with_two_lineages_is_copied(site: Site, holdfast: Commands) -> None:
    """Version by version, as it was."""
    source, target = site.backend(), site.backend("copy/app.tfstate", "file")
    copied = copy_state(
        source, source.address, target, target.address, Options(), keeps_versions=True
    )

    assert copied.copied == 2
    assert site.body("copy/app.tfstate") == site.body()
    assert used(site) == [f"copying {source.address.url}"]


def test_who_may_not_give_leave_is_told_of_the_rule(
    site: Site, holdfast: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that leave was asked for."""

    def refused(*_: object) -> None:
        raise AccessDenied("it is not allowed", "", action="holdfast:PutOverride", resource="*")

    monkeypatch.setattr(module, "grant", refused)
    backend = site.backend()
    with backend.lock("test") as held, pytest.raises(RefusedByRule) as caught:
        with_leave(
            backend.connection,
            backend.address,
            "r",
            lambda: backend.write(made_state(5), held=held, force=True),
        )

    assert caught.value.rule == "fence.lineage"
    assert caught.value.__notes__ == ["Leave was asked for, and it is not allowed."]


def test_nobody_chooses_to_overtake_the_holder(site: Site, holdfast: Commands) -> None:
    """A rule about locks is not passed by."""
    backend = site.backend()
    body = made_state(2, OTHER, resources={"d": "four"})
    given = site.server.client("sts").get_session_token()["Credentials"]
    other = site.backend(
        access_key=given["AccessKeyId"],
        secret_key=given["SecretAccessKey"],
        token=given["SessionToken"],
    )
    with backend.lock("test"), pytest.raises(RefusedByRule) as caught:
        with_leave(other.connection, other.address, "r", lambda: other.write(body, force=True))

    assert caught.value.rule == "fence.held"
    assert used(site) == []
    with pytest.raises(ClientError, match="fence"):
        site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=made_state(1, resources={"z": "z"}))

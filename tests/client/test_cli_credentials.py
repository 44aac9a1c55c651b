"""`holdfast credentials`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from client_site import Site
from holdfast.cli.main import run
from holdfast.operations.fresh_credentials import own_name
from real_clients import SESSION
from roles import make_role

KEY = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def issued(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Run the command, and return what it printed."""
    assert run(["credentials", *options]) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def who(site: Site, printed: dict[str, Any]) -> str:
    """Return the ARN of whoever has these credentials."""
    sts = SESSION.client(
        "sts",
        endpoint_url=site.server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=printed["AccessKeyId"],
        aws_secret_access_key=printed["SecretAccessKey"],
        aws_session_token=printed["SessionToken"],
    )
    return str(sts.get_caller_identity()["Arn"])


def ends_in(printed: dict[str, Any]) -> timedelta:
    """Return how long credentials last."""
    return datetime.fromisoformat(printed["Expiration"]) - datetime.now(UTC)


def test_of_the_environment(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A document as the SDKs want it; the session is the user's own, for twelve hours."""
    printed = issued(capsys)

    assert set(printed) == {
        *("Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    }
    assert printed["Version"] == 1
    assert printed["AccessKeyId"].startswith("ASIA")
    assert timedelta(hours=11) < ends_in(printed) <= timedelta(hours=12)
    assert who(site, printed).endswith(":user/administrator")


def test_every_call_has_its_own(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """No two processes have the same credentials."""
    assert issued(capsys)["AccessKeyId"] != issued(capsys)["AccessKeyId"]
    assert site.server.endpoint


def test_of_a_data_directory(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may read the data directory needs to name neither key nor endpoint."""
    for name in (*KEY, "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)

    printed = issued(capsys, "--data", str(site.server.data), "--duration", "15m")

    assert timedelta(minutes=14) < ends_in(printed) <= timedelta(minutes=15)
    assert who(site, printed).endswith(":user/administrator")


def test_of_another_profile(
    site: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The profile has the key and says where the server is."""
    env = site.server.env
    (tmp_path / "config").write_text(
        f"[profile key]\naws_access_key_id = {env[KEY[0]]}\naws_secret_access_key = {env[KEY[1]]}\n"
        f"endpoint_url = {site.server.endpoint}\nregion = us-east-1\n"
    )
    for name in (*KEY, "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    printed = issued(capsys, "--source-profile", "key")

    assert who(site, printed).endswith(":user/administrator")


def test_a_profile_that_asks_itself(
    site: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """It is told instead of starting processes without end."""
    from real_clients import BIN

    command = f"{BIN / 'holdfast'} credentials --source-profile loop"
    (tmp_path / "config").write_text(f"[profile loop]\ncredential_process = {command}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    assert run(["credentials", "--source-profile", "loop"]) != 0
    assert "has none of its own" in capsys.readouterr().err
    assert site.server.endpoint


def test_of_a_role(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The role is assumed, in a session that says who runs it."""
    arn = make_role(site.server.client("iam"), "run")

    printed = issued(capsys, "--role-arn", arn, "--external-id", "vendor-1", "--duration", "30m")

    assert timedelta(minutes=29) < ends_in(printed) <= timedelta(minutes=30)
    assert who(site, printed).endswith(f":assumed-role/run/{own_name()}")


def test_without_a_key(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says where a key can be named, and asks no profile that may be the one that asks."""
    for name in KEY:
        monkeypatch.delenv(name)

    assert run(["credentials"]) == 12
    said = capsys.readouterr()
    assert said.out == ""
    assert "holdfast credentials --data DIR" in said.err
    assert site.server.endpoint


def test_with_a_wrong_key(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is printed that an SDK could take for credentials, and no secret is told."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret-of-nobody")

    assert run(["credentials"]) == 13
    said = capsys.readouterr()
    assert said.out == ""
    assert "wrong-secret" not in said.err
    assert site.server.endpoint


def test_two_sources_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Which key is meant has to be clear."""
    assert run(["credentials", "--data", "d", "--source-profile", "p"]) == 2
    assert "give one of them" in capsys.readouterr().err


def test_a_session_is_named_for_who_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name of a session must not have is replaced, and it is not too long."""
    monkeypatch.setattr("getpass.getuser", lambda: "ada lovelace")
    monkeypatch.setattr("socket.gethostname", lambda: "h" * 80)
    assert own_name() == "ada-lovelace@" + "h" * 51

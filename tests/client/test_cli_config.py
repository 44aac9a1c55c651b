"""`holdfast config`: what it prints of the backend, and the backends that it generates."""

import json
from pathlib import Path

import pytest

from client_site import Site, made_state
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.main import run
from holdfast.cli.state.target import backend_of
from holdfast.client.config.given import Given
from holdfast.client.errors import NoSuchState, NotConfigured

BLOCK = """terraform {
  backend "s3" {
    bucket     = "states"
    key        = "app"
    region     = "eu-west-1"
    secret_key = "do-not-print-me"
    use_lockfile = true
  }
}
"""
LAYOUT = """
bucket = "states"
write = "{environment}/{component}/backend.tf"
environments = ["dev"]
components = ["net", "app"]
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty directory, without the developer's AWS settings."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "TF_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Run a command; return its standard output."""
    assert run([*arguments]) == code
    return capsys.readouterr().out


def test_every_argument_has_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    """File and line of each argument are printed, and no secret is."""
    Path("main.tf").write_text(BLOCK)
    out = printed(capsys, "config", "--workspace", "dev")

    assert "s3://states/env:/dev/app\n" in out
    assert "Workspace  dev (--workspace)" in out
    assert "file s3://states/env:/dev/app.tflock" in out
    lines = [line.split() for line in out.splitlines()]
    assert ["bucket", '"states"', "main.tf:3"] in lines
    assert "do-not-print-me" not in out
    assert ["secret_key", "(hidden)", "main.tf:6"] in lines
    assert "\t" not in out
    assert "\x1b" not in out


def test_json_has_a_stable_shape(capsys: pytest.CaptureFixture[str]) -> None:
    """The same, for programs."""
    Path("main.tf").write_text(BLOCK)
    document = json.loads(printed(capsys, "config", "show", "--json"))

    assert set(document) == {
        *("usable", "state", "bucket", "object_key", "workspace", "lock", "arguments", "remarks"),
    }
    assert document["arguments"]["key"] == {
        "value": "app",
        "from": {"source": "block", "name": None, "file": "main.tf", "line": 4},
    }
    assert document["arguments"]["secret_key"]["value"] == "(hidden)"
    assert document["lock"]["file_key"] == "app.tflock"


def test_the_profile_is_looked_into(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Region and endpoints of the AWS profile are shown, and a missing profile is an error."""
    Path("aws-config").write_text(
        "[profile ops]\nregion = eu-south-1\nservices = here\n"
        "[services here]\ns3 =\n  endpoint_url = http://127.0.0.1:7\n"
    )
    url = "s3://states/app?use_lockfile=true"
    out = printed(capsys, "config", "show", "--url", url, "--profile", "ops")
    lines = [line.split() for line in out.splitlines()]
    assert ["region", '"eu-south-1"', "AWS", "profile", "ops"] in lines
    assert ["endpoints.s3", '"http://127.0.0.1:7"', "AWS", "profile", "ops"] in lines

    monkeypatch.setenv("AWS_PROFILE", "none-such")
    out = printed(capsys, "config", "show", "--url", url, code=ExitCode.NOT_CONFIGURED)
    assert "none-such" in out


def test_a_missing_region_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither block, nor environment, nor profile say it: the next step does."""
    out = printed(capsys, "config", "show", "--url", "s3://b/k", code=ExitCode.NOT_CONFIGURED)

    assert "Error: no region was said." in out
    assert "AWS_REGION" in out


def test_without_a_backend_the_ways_out_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """In any other directory the command says how to go on."""
    out = printed(capsys, "config", code=ExitCode.NOT_CONFIGURED)

    assert "no backend was found" in out
    assert "--chdir" in out


def test_a_broken_file_ends_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code and the place say what is wrong."""
    Path("main.tf").write_text('terraform {\n  backend "s3" {\n')

    assert run(["config"]) == ExitCode.NOT_CONFIGURED
    assert "main.tf:" in capsys.readouterr().err


def test_backend_of_reaches_the_state(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """What was found is a backend that works, and what may be another one is warned of."""
    Path("main.tf").write_text(site.block("app", "both"))
    site.s3.put_object(Bucket=site.bucket, Key="env:/dev/app", Body=made_state(7))

    backend = backend_of(Given(), "env:/dev/app")
    assert backend.read(accept_mismatch=True, settle=0).state.serial == 7
    assert capsys.readouterr().err == ""
    with pytest.raises(NoSuchState):
        backend_of(Given(bucket=site.bucket, key="other")).read()
    with pytest.raises(NotConfigured):
        backend_of(Given(directory=Path("/")))


def test_generate_shows_asks_and_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes and without a terminal nothing is written; a second time nothing is to do."""
    Path("backends.toml").write_text(LAYOUT)

    assert run(["config", "generate"]) == ExitCode.REFUSED
    assert not Path("dev").exists()
    assert "--yes" in capsys.readouterr().err

    out = printed(capsys, "config", "generate", "--yes")
    assert '+    key          = "dev/net/terraform.tfstate"' in out
    assert "Wrote 2 files." in out
    assert "Nothing to write, 2 as they should be." in printed(capsys, "config", "generate")


def test_check_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """For CI: what is to do is shown, and is the exit code."""
    Path("backends.toml").write_text(LAYOUT)
    document = json.loads(
        printed(capsys, "config", "generate", "--check", "--json", code=ExitCode.FINDINGS)
    )

    assert [file["change"] for file in document["files"]] == ["create", "create"]
    assert not document["written"]
    assert not Path("dev").exists()
    run(["config", "generate", "--yes"])
    assert run(["config", "generate", "--check"]) == ExitCode.OK


def test_files_of_others_are_not_replaced_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that somebody wrote needs --replace."""
    Path("backends.toml").write_text(LAYOUT)
    mine = Path("dev/net/backend.tf")
    mine.parent.mkdir(parents=True)
    mine.write_text("# mine\n")

    assert run(["config", "generate", "--yes"]) == ExitCode.REFUSED
    assert mine.read_text() == "# mine\n"
    assert not Path("dev/app").exists()
    assert "--replace" in capsys.readouterr().err
    assert run(["config", "generate", "--yes", "--replace"]) == ExitCode.OK
    assert "backend" in mine.read_text()


def test_a_shared_state_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """The files are written, and the warning is in the exit code."""
    Path("backends.toml").write_text(LAYOUT)
    Path("old").mkdir()
    Path("old/main.tf").write_text(BLOCK.replace('"app"', '"dev/app/terraform.tfstate"'))

    assert run(["config", "generate", "--yes"]) == ExitCode.FINDINGS
    warned = capsys.readouterr().err
    assert "old/main.tf:4: shares the state states/dev/app/terraform.tfstate" in warned

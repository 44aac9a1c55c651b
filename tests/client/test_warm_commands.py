"""Commands that are forked from a process which has the SDK ready, beside commands started afresh."""

import subprocess
from pathlib import Path

import pytest

from real_clients import BIN, clean_env
from warm_commands import run_warm

NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_MAX_ATTEMPTS": "1",
}
BLOCK = """
terraform {
  backend "s3" {
    bucket = "told-by-the-folder"
    key    = "it.tfstate"
    region = "eu-central-1"
  }
}
"""


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["nonsense"], ["config", "--json"], ["show"], ["env", "--data", "x"]],
)
def test_they_end_and_print_the_same(arguments: list[str], tmp_path: Path) -> None:
    """In the same folder and environment, where a request reaches nobody."""
    (tmp_path / "main.tf").write_text(BLOCK)
    env = {**clean_env(), **NOWHERE}
    fresh = subprocess.run(
        [str(BIN / "holdfast"), *arguments],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert run_warm(tmp_path, env, arguments, 60) == (fresh.returncode, fresh.stdout)


def test_one_knows_nothing_of_another(tmp_path: Path) -> None:
    """Neither its environment nor its folder."""
    env = {**clean_env(), **NOWHERE}
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "main.tf").write_text(BLOCK)

    assert "told-by-the-folder" in run_warm(tmp_path / "there", env, ["config"], 60)[1]
    assert "told-by-the-folder" not in run_warm(tmp_path, env, ["config"], 60)[1]

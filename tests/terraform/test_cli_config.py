"""`holdfast config` finds what the real terraform uses, and generates what it takes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from real_clients import BIN, Terraform, run

pytestmark = pytest.mark.terraform
Project = Callable[..., Terraform]

BLOCK = """
terraform {{
  backend "s3" {{
    bucket = "terraform-state"
    key    = "{key}"
    region = "us-east-1" # any
    {more}
  }}
}}
"""
# Everything that a block can say and that init accepts without another service.
FULL = """
    encrypt             = "true"
    kms_key_id          = "alias/terraform-state"
    max_retries         = "3"
    use_lockfile        = true
    dynamodb_table      = "terraform-locks"
    workspace_key_prefix = "spaces"
    allowed_account_ids = ["123456789012", "000000000000"]
    use_path_style      = true
    endpoints = {
      s3 = "${"%s"}"
    }
    skip_s3_checksum = false
"""


def shown(project: Terraform, **env: str) -> dict[str, Any]:
    """Return what `holdfast config --json` prints in a project."""
    done = run(project.path, project.environment(env), str(BIN / "holdfast"), "config", "--json")
    document: dict[str, Any] = json.loads(done.out)
    assert document["usable"], done.out
    return document


def stored(project: Terraform) -> dict[str, Any]:
    """Return what terraform merged and stored, without what is not set."""
    document = json.loads((project.path / ".terraform/terraform.tfstate").read_text())
    config = document["backend"]["config"]
    return {name: value for name, value in config.items() if value is not None}


def flat(config: dict[str, Any]) -> dict[str, Any]:
    """Return a stored configuration with endpoints one by one, in the order of nothing."""
    plain = {name: value for name, value in config.items() if name != "endpoints"}
    for service, url in config.get("endpoints", {}).items():
        if url is not None:
            plain[f"endpoints.{service}"] = url
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in plain.items()
    }


def found(document: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that were found, without those of the environment."""
    return {
        name: sorted(said["value"]) if isinstance(said["value"], list) else said["value"]
        for name, said in document["arguments"].items()
        if said["from"]["source"] not in ("environment", "profile")
    }


@pytest.mark.parametrize("how", ["block", "partial", "override", "json", "variable"])
def test_we_find_what_terraform_stores(project: Project, how: str) -> None:
    """Before init and after, every argument is the one that terraform merged itself."""
    it = project(how)
    env: dict[str, str] = {}
    arguments: list[str] = []
    block = BLOCK.format(key=f"found/{how}", more=FULL % it.server.endpoint)
    if how == "partial":
        it.write("main.tf", 'terraform {\n  backend "s3" {\n    encrypt = true\n  }\n}\n')
        it.write(
            "dev.tfbackend",
            f'bucket = "terraform-state"\nkey = "found/{how}"\nregion = "us-east-1"\n',
        )
        arguments = ["-backend-config=dev.tfbackend"]
    elif how == "override":
        it.write("main.tf", BLOCK.format(key="wrong", more="max_retries = 1"))
        it.write("backend_override.tf", block)
    elif how == "json":
        said = {"bucket": "terraform-state", "key": f"found/{how}", "region": "us-east-1"}
        document = {"terraform": {"backend": {"s3": {**said, "max_retries": 4}}}}
        it.write("main.tf.json", json.dumps(document))
    elif how == "variable":
        it.write("main.tf", BLOCK.format(key="wrong", more=""))
        env["TF_CLI_ARGS_init"] = (
            "-backend-config='key=found/variable' -backend-config=encrypt=true "
            f"-backend-config='endpoints={{s3=\"{it.server.endpoint}\"}}' "
            "-backend-config=use_path_style=true"
        )
    else:
        it.write("main.tf", block)

    before = found(shown(it, **env))
    it.ok("init", *arguments, env=env)
    after = shown(it)

    assert before == flat(stored(it))
    assert found(after) == flat(stored(it))
    assert after["remarks"] == shown(it)["remarks"]
    assert not [one for one in after["remarks"] if one["level"] == "warning"]


def test_a_changed_block_is_told_when_terraform_tells_it(project: Project) -> None:
    """Where terraform refuses because the block changed, we warn; and not where it does not."""
    it = project("changed")
    it.write("main.tf", BLOCK.format(key="changed/a", more="encrypt = true"))
    it.ok("init", "-backend-config=max_retries=2")
    variants = {
        "same": (BLOCK.format(key="changed/a", more="# more\n    encrypt = true"), False),
        "key": (BLOCK.format(key="changed/b", more="encrypt = true"), True),
        "added": (BLOCK.format(key="changed/a", more="encrypt = true\nuse_lockfile = true"), True),
        "gone": ("locals {}\n", True),
        "other": ('terraform {\n  backend "local" {}\n}\n', True),
    }
    for name, (text, changed) in variants.items():
        it.write("main.tf", text)
        refused = "Backend initialization required" in it.run("plan").out
        warned = [one for one in shown(it)["remarks"] if one["level"] == "warning"]
        assert (refused, bool(warned)) == (changed, changed), name


def test_a_removed_argument_is_told(project: Project) -> None:
    """Where init had nothing but the block, an argument that went is seen too."""
    it = project("removed")
    it.write("main.tf", BLOCK.format(key="removed", more="encrypt = true"))
    it.ok("init")
    it.write("main.tf", BLOCK.format(key="removed", more=""))

    (warning,) = [one for one in shown(it)["remarks"] if one["level"] == "warning"]
    assert "encrypt was true, is not set" in warning["text"]
    assert "Backend initialization required" in it.run("plan").out


def test_the_workspace_is_terraforms(project: Project) -> None:
    """Selected in the directory or named by TF_WORKSPACE."""
    it = project("workspaces")
    it.write("main.tf", BLOCK.format(key="workspaces", more=""))
    it.ok("init")
    it.ok("workspace", "new", "dev")

    assert shown(it)["object_key"] == "env:/dev/workspaces"
    assert it.ok("workspace", "show").strip() == shown(it)["workspace"]["name"]
    assert shown(it, TF_WORKSPACE="default")["object_key"] == "workspaces"


def test_what_is_generated_is_formatted_and_works(project: Project) -> None:
    """`terraform fmt` has nothing to change, and init and apply work with both kinds of files."""
    it = project("generated")
    layout = """
bucket = "terraform-state"
region = "us-east-1"
lock = "both"
table = "terraform-locks"
kms_key = "alias/terraform-state"
key = "generated/{environment}/{component}"
write = "{environment}/{component}/backend.tf"
environments = ["dev"]
components = ["app"]
[arguments]
use_path_style = true
allowed_account_ids = ["123456789012", "000000000000"]
endpoints = { s3 = "URL", dynamodb = "URL" }
""".replace("URL", it.server.endpoint)
    it.write("backends.toml", layout)
    it.write("files.toml", layout.replace("backend.tf", "{component}.s3.tfbackend"))
    for name in ("backends.toml", "files.toml"):
        command = [str(BIN / "holdfast"), "config", "generate", name, "--yes"]
        done = run(it.path, it.environment(), *command)
        assert "Wrote 1 file." in done.out
        if name == "backends.toml":
            assert done.code == 0
    assert it.ok("fmt", "-check", "-recursive") == ""

    app = Terraform(it.path / "dev/app", it.server, it.env)
    app.ok("init")
    app.ok("apply", "-auto-approve")
    (Path(app.path) / "backend.tf").unlink()
    app.write("main.tf", 'terraform {\n  backend "s3" {}\n}\n')
    app.ok("init", "-reconfigure", "-backend-config=app.s3.tfbackend")
    assert shown(app)["object_key"] == "generated/dev/app"

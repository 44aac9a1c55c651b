"""Whole `terraform plan` and `apply` runs, beside the same with the local backend."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.results import metrics
from benchmarks.results.metrics import Measured
from benchmarks.scenarios.places import BUCKET, TABLE
from benchmarks.scenarios.scenario import Scenario, Settings
from benchmarks.servers.peer import Running, Unsupported
from benchmarks.servers.process import clean_environment
from benchmarks.wire.load import Refused
from benchmarks.wire.requests import REGION

_TIMES = 5
_MOST_SECONDS = 60
_S3 = f"""terraform {{
  backend "s3" {{
    bucket                      = "{BUCKET}"
    key                         = "terraform/terraform.tfstate"
    region                      = "{REGION}"
    dynamodb_table              = "{TABLE}"
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_requesting_account_id  = true
    skip_region_validation      = true
  }}
}}
"""
# Built into terraform: nothing has to be downloaded. Each apply changes it.
_RESOURCE = """
variable "serial" { default = "0" }
resource "terraform_data" "one" { input = var.serial }
"""


def _measure(server: Running, settings: Settings) -> Measured:
    """Run both in turns, and return what the S3 backend takes longer, medians of five."""
    del settings
    if shutil.which("terraform") is None:
        raise Unsupported("terraform is not on PATH")
    environment = _environment(server)
    projects = {
        "local": _project(server.folder / "local", "", environment),
        "s3": _project(server.folder / "s3", _S3, environment),
    }
    plans: dict[str, list[float]] = {name: [] for name in projects}
    applies: dict[str, list[float]] = {name: [] for name in projects}
    for serial in range(_TIMES):
        change = f"-var=serial={serial}"
        for name, folder in projects.items():
            applies[name].append(_terraform(folder, environment, "apply", "-auto-approve", change))
            plans[name].append(_terraform(folder, environment, "plan", change))
    return Measured(
        {
            metrics.PLAN: (median(plans["s3"]) - median(plans["local"])) * 1e3,
            metrics.APPLY: (median(applies["s3"]) - median(applies["local"])) * 1e3,
        }
    )


def _project(folder: Path, backend: str, environment: Mapping[str, str]) -> Path:
    folder.mkdir()
    (folder / "main.tf").write_text(backend + _RESOURCE)
    _terraform(folder, environment, "init")
    return folder


def _terraform(folder: Path, environment: Mapping[str, str], *arguments: str) -> float:
    """Run terraform to its end, and return the seconds it took.

    Raises:
        Refused: It failed.
    """
    command = ["terraform", *arguments, "-no-color", "-input=false"]
    before = time.perf_counter()
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=dict(environment),
            capture_output=True,
            check=True,
            timeout=_MOST_SECONDS,
        )
    except subprocess.CalledProcessError as failed:
        said = " ".join(failed.stderr.decode().replace("│", " ").split())
        raise Refused(f"terraform {arguments[0]}: {said[:300]}") from failed
    return time.perf_counter() - before


def _environment(server: Running) -> dict[str, str]:
    config = server.folder / "terraform.rc"
    config.write_text("disable_checkpoint = true\n")
    return clean_environment(
        {
            "TF_CLI_CONFIG_FILE": os.fspath(config),
            "TF_IN_AUTOMATION": "1",
            "AWS_ENDPOINT_URL_S3": server.signer.s3_endpoint,
            "AWS_ENDPOINT_URL_DYNAMODB": server.signer.dynamodb_endpoint,
            "AWS_ACCESS_KEY_ID": server.signer.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.signer.secret,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )


SCENARIOS = [Scenario("terraform", "Whole terraform runs", _measure, fresh=True, once=True)]

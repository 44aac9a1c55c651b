"""Servers and projects for the tests that drive the real terraform."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from real_clients import Server, Terraform, mirrors, start, stop
from terraform_required import REQUIRED


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a worker; they keep apart by their keys."""
    process, running = start(tmp_path_factory.mktemp("server") / "data")
    yield running
    stop(process)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of a local mirror that holds the AWS provider."""
    found = next(mirrors(), None)
    if found is not None:
        return found
    message = "NO LOCAL MIRROR OF THE AWS PROVIDER WAS FOUND: set HOLDFAST_TERRAFORM_MIRROR"
    if REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Callable[..., Terraform]:
    """Make Terraform projects: `project("name")`."""
    config = tmp_path / "terraform.rc"
    config.write_text("disable_checkpoint = true\n")

    def make(name: str = "main", *, on: Server | None = None) -> Terraform:
        path = tmp_path / name
        path.mkdir()
        env = {
            "TF_CLI_CONFIG_FILE": str(config),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_CLI_ARGS": "-no-color",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "GOGC": "400",  # the AWS provider's schemas are a heap that is not worth collecting
        }
        return Terraform(path, on or server, env)

    return make

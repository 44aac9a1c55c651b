"""Temporary credentials in the real terraform and the aws CLI."""

import re
from collections.abc import Callable

import pytest

from real_clients import BIN, Server, Terraform
from terraform_blocks import LOCK_MODES, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

_PROFILE = """
[default]
region = us-east-1
endpoint_url = {endpoint}
credential_process = {holdfast} credentials --data {data}
"""


def _with_sessions(tf: Terraform) -> None:
    """Let a project's commands have sessions of their own, and no key."""
    server = tf.server
    config = tf.path / "aws-config"
    text = _PROFILE.format(
        endpoint=server.endpoint, holdfast=BIN / "holdfast", data=server.data.absolute()
    )
    config.write_text(text)
    tf.env["AWS_CONFIG_FILE"] = str(config)
    tf.env["AWS_SHARED_CREDENTIALS_FILE"] = str(tf.path / "none")
    dropped = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"}
    env = {name: text for name, text in server.env.items() if name not in dropped}
    tf.server = Server(server.data, env, server.said)


def _keys_that_wrote(server: Server, key: str) -> list[str]:
    """Return the access keys of the writes of a state, in order."""
    log = server.data.with_suffix(".log").read_text()
    found = re.findall(rf"access_key=(\w+) .*operation=PutObject .*key={re.escape(key)} ", log)
    return [str(one) for one in found]


@pytest.mark.parametrize("mode", ["dynamodb", "lockfile"])
def test_every_run_has_a_session_of_its_own(project: Project, server: Server, mode: str) -> None:
    """`credential_process` with `holdfast credentials`: two runs of one user have two keys."""
    tf = project()
    _with_sessions(tf)
    key = f"sessions-{mode}.tfstate"
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value("one"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value("two"))
    tf.ok("apply", "-auto-approve")

    assert tf.ok("output", "-raw", "it") == "two"
    keys = _keys_that_wrote(server, key)
    assert len(set(keys)) == 2
    assert all(one.startswith("ASIA") for one in keys)


def test_the_aws_command_has_a_session(project: Project) -> None:
    """The aws CLI takes the same profile, and is the user itself."""
    tf = project()
    _with_sessions(tf)

    arn = tf.aws("sts", "get-caller-identity", "--query", "Arn", "--output", "text")

    assert arn.strip().endswith(":user/administrator")

"""A configuration that reads the outputs of another one's state, and can read nothing else of it."""

import json
from collections.abc import Callable

import pytest

from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

KEY = "outputs-only/network.tfstate"
HIDDEN = """
resource "terraform_data" "hidden" {
  input = "not-for-readers"
}
"""
READER = f"""
data "terraform_remote_state" "network" {{
  backend = "s3"
  config = {{
    bucket = "{BUCKET}"
    key    = "{KEY}"
    region = "us-east-1"
  }}
}}
output "got" {{
  value = data.terraform_remote_state.network.outputs.it
}}
"""


def reader_key(server: Server) -> dict[str, str]:
    """Make a user who may read outputs only; return the environment that its key makes."""
    iam = server.client("iam")
    iam.create_user(UserName="outputs-reader")
    statement = {
        "Effect": "Allow",
        "Action": "holdfast:GetOutputs",
        "Resource": f"arn:aws:s3:::{BUCKET}/outputs-only/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="outputs-reader", PolicyName="own", PolicyDocument=document)
    made = iam.create_access_key(UserName="outputs-reader")["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }


def test_remote_state_reads_outputs_and_nothing_else(project: Project, server: Server) -> None:
    """An unmodified `terraform_remote_state` works; the resources never leave the server."""
    network = project("network")
    network.write("main.tf", backend(KEY, LOCK_MODES["lockfile"]) + value("vpc-1") + HIDDEN)
    network.ok("init")
    network.ok("apply", "-auto-approve")
    reader = project("reader")
    reader.env.update(reader_key(server))
    reader.write("main.tf", READER)
    reader.ok("init")
    reader.ok("apply", "-auto-approve")

    assert '"vpc-1"' in reader.ok("output")
    raw = reader.aws("s3", "cp", f"s3://{BUCKET}/{KEY}", "-")
    assert "vpc-1" in raw
    assert "not-for-readers" not in raw

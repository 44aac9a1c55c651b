"""An object that was put back by hand: Terraform reads it, because the digest followed."""

from collections.abc import Callable

import pytest

from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, backend, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


def restored(project: Project, server: Server, key: str) -> Terraform:
    """Apply twice, and delete the newer version of the state for good, as a console does."""
    tf = project()
    tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value("first"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value("second"))
    tf.ok("apply", "-auto-approve")
    s3 = server.client("s3")
    newest = s3.head_object(Bucket=BUCKET, Key=key)["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key=key, VersionId=newest)
    return tf


def test_without_the_rule_terraform_refuses_to_read_it(project: Project, server: Server) -> None:
    """The digest is that of the version which is gone."""
    key, off = "undigested/it.tfstate", {"digest": "off"}
    server.client("holdfast").put_state_rules(Bucket=BUCKET, Prefix=key, Modes=off)
    tf = restored(project, server, key)

    refused = tf.run("output")

    assert refused.code == 1
    assert "does not have the expected content" in refused.text


def test_with_the_rule_terraform_goes_on_from_it(project: Project, server: Server) -> None:
    """Its outputs are those of the version that came back."""
    tf = restored(project, server, "restored/it.tfstate")

    assert '"first"' in tf.ok("output")
    tf.ok("apply", "-auto-approve")
    assert '"second"' in tf.ok("output")

"""States in `backend "s3"`: migrated to it, written, read, listed, moved, versioned, recovered."""

import hashlib
import json
from collections.abc import Callable

import pytest

from real_clients import Server, Terraform
from terraform_blocks import BUCKET, LOCK_MODES, TABLE, backend, large, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


@pytest.fixture(params=list(LOCK_MODES))
def mode(request: pytest.FixtureRequest) -> str:
    """Each way to lock."""
    return str(request.param)


def test_local_state_is_migrated_and_every_command_reads_it_back(
    project: Project, server: Server, mode: str
) -> None:
    """`init -migrate-state` moves a local state into the bucket, encrypted under the alias."""
    tf = project()
    key = f"migrated/{mode}/terraform.tfstate"
    tf.write("main.tf", value("first"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.write("backend.tf", backend(key, LOCK_MODES[mode]))

    tf.ok("init", "-migrate-state", "-force-copy")

    assert tf.ok("output", "-raw", "it") == "first"
    assert "No changes" in tf.ok("plan", "-detailed-exitcode")
    head = server.client("s3").head_object(Bucket=BUCKET, Key=key)
    assert head["ServerSideEncryption"] == "aws:kms"
    assert ":key/" in head["SSEKMSKeyId"]


def test_a_state_lives_from_first_apply_to_destroy(
    project: Project, server: Server, mode: str
) -> None:
    """Each apply is a version; nothing stays locked; destroy leaves an empty state."""
    tf = project()
    key = f"life/{mode}/terraform.tfstate"
    tf.write("backend.tf", backend(key, LOCK_MODES[mode]))
    tf.write("main.tf", value("one"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.write("main.tf", value("two"))
    tf.ok("apply", "-auto-approve")
    tf.ok("destroy", "-auto-approve")

    state = json.loads(tf.ok("state", "pull"))

    assert state["resources"] == []
    s3 = server.client("s3")
    versions = s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]
    assert len([v for v in versions if v["Key"] == key]) == 3
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]] == [key]
    item = server.client("dynamodb").get_item(
        TableName=TABLE, Key={"LockID": {"S": f"{BUCKET}/{key}"}}
    )
    assert "Item" not in item


def test_the_digest_item_is_the_md5_of_the_state(project: Project, server: Server) -> None:
    """Terraform's own check value stands in the lock table after an apply."""
    tf = project()
    key = "digest/terraform.tfstate"
    tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value("x"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    body = server.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    item = server.client("dynamodb").get_item(
        TableName=TABLE, Key={"LockID": {"S": f"{BUCKET}/{key}-md5"}}
    )["Item"]

    assert item["Digest"]["S"] == hashlib.md5(body, usedforsecurity=False).hexdigest()


def test_a_tampered_digest_gives_the_checksum_error(project: Project, server: Server) -> None:
    """Terraform refuses a state that is not the one its digest is of, and names both values."""
    tf = project()
    key = "tampered/terraform.tfstate"
    own = server.client("holdfast")
    own.put_state_rules(Bucket=BUCKET, Prefix=key, Modes={"digest": "off"})
    tf.write("main.tf", backend(key, LOCK_MODES["dynamodb"]) + value("x"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    server.client("dynamodb").put_item(
        TableName=TABLE,
        Item={"LockID": {"S": f"{BUCKET}/{key}-md5"}, "Digest": {"S": "0" * 32}},
    )

    refused = tf.run("plan")

    assert refused.code == 1
    assert "state data in S3 does not have the expected content" in refused.text
    assert f"Stored checksum: {'0' * 32}" in refused.text


def test_state_commands_move_remove_and_list(project: Project) -> None:
    """`state mv`, `rm` and `list` work on the remote state."""
    tf = project()
    tf.write("main.tf", backend("commands.tfstate", LOCK_MODES["dynamodb"]) + value("x", "old"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    tf.ok("state", "mv", "terraform_data.old", "terraform_data.new")
    assert tf.ok("state", "list").split() == ["terraform_data.new"]
    tf.ok("state", "rm", "terraform_data.new")

    assert tf.ok("state", "list").split() == []


def test_workspaces_are_kept_apart(project: Project, server: Server, mode: str) -> None:
    """Every workspace has a state of its own, under Terraform's own prefix."""
    tf = project()
    key = f"spaces/{mode}.tfstate"
    tf.write("main.tf", backend(key, LOCK_MODES[mode]) + value("${terraform.workspace}"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.ok("workspace", "new", "dev")
    tf.ok("apply", "-auto-approve")

    assert tf.ok("output", "-raw", "it") == "dev"
    assert "dev" in tf.ok("workspace", "list")
    server.client("s3").head_object(Bucket=BUCKET, Key=f"env:/dev/{key}")
    tf.ok("destroy", "-auto-approve")
    tf.ok("workspace", "select", "default")
    assert tf.ok("output", "-raw", "it") == "default"
    tf.ok("workspace", "delete", "dev")
    assert "dev" not in tf.ok("workspace", "list")


def test_another_project_reads_the_outputs(project: Project) -> None:
    """`terraform_remote_state` reaches the server with nothing but the environment."""
    producer, consumer = project("producer"), project("consumer")
    producer.write("main.tf", backend("shared.tfstate", LOCK_MODES["both"]) + value("from-a"))
    producer.ok("init")
    producer.ok("apply", "-auto-approve")
    consumer.write(
        "main.tf",
        backend("consumer.tfstate", LOCK_MODES["both"])
        + f"""
data "terraform_remote_state" "a" {{
  backend = "s3"
  config  = {{ bucket = "{BUCKET}", key = "shared.tfstate", region = "us-east-1" }}
}}
output "seen" {{ value = data.terraform_remote_state.a.outputs.it }}
""",
    )
    consumer.ok("init")
    consumer.ok("apply", "-auto-approve")

    assert consumer.ok("output", "-raw", "seen") == "from-a"


def test_an_old_version_is_listed_fetched_shown_and_pushed_back(project: Project) -> None:
    """The way back that operators know: the aws CLI, `show`, `state push`."""
    tf = project()
    key = "rollback.tfstate"
    tf.write("backend.tf", backend(key, LOCK_MODES["dynamodb"]))
    for text in ("good", "bad"):
        tf.write("main.tf", value(text))
        tf.ok("init")
        tf.ok("apply", "-auto-approve")
    listed = json.loads(
        tf.aws("s3api", "list-object-versions", "--bucket", BUCKET, "--prefix", key)
    )
    oldest = listed["Versions"][-1]
    fetch = ("s3api", "get-object", "--bucket", BUCKET, "--key", key, "--version-id")

    tf.aws(*fetch, oldest["VersionId"], "old.tfstate")
    assert '"good"' in tf.ok("show", "old.tfstate")
    old = json.loads((tf.path / "old.tfstate").read_text())
    old["serial"] = 10
    tf.write("old.tfstate", json.dumps(old))
    tf.ok("state", "push", "old.tfstate")

    assert tf.ok("output", "-raw", "it") == "good"


def test_a_state_of_30_mb_goes_in_parts_and_comes_in_ranges(
    project: Project, server: Server
) -> None:
    """Multipart upload and ranged reads give back the same state."""
    tf = project()
    key = "large.tfstate"
    tf.write(
        "main.tf",
        backend(key, LOCK_MODES["both"]) + large(150),
    )
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    head = server.client("s3").head_object(Bucket=BUCKET, Key=key)
    assert head["ContentLength"] > 30_000_000
    assert head["ETag"].strip('"').endswith(f"-{-(-head['ContentLength'] // 5242880)}")
    assert "No changes" in tf.ok("plan", "-detailed-exitcode")


def test_customer_provided_keys_encrypt_the_state(project: Project, server: Server) -> None:
    """With `sse_customer_key` nobody reads the state without the key."""
    tf = project()
    key = "customer.tfstate"
    secret = "c2l4dGVlbi1ieXRlcy1zaXh0ZWVuLWJ5dGVzLTAwMDE="
    block = backend(key, "use_lockfile = true").replace(
        'kms_key_id = "alias/terraform-state"', f'sse_customer_key = "{secret}"'
    )
    tf.write("main.tf", block + value("secret"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    assert tf.ok("output", "-raw", "it") == "secret"
    s3 = server.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match="400"):
        s3.head_object(Bucket=BUCKET, Key=key)

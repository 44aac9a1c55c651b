"""`holdfast restore`, `diff`, `blame` and `versions` with the real terraform before and after."""

import json
import subprocess
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from client_site import Site, make_site
from patience import PATIENCE, wait_for
from real_clients import Done, Server, Terraform, run
from terraform_blocks import SLOW, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

KEY = "app/terraform.tfstate"
EACH_LOCK = pytest.mark.parametrize("tf", ["table", "file", "both"], indirect=True)
COUNTED = """
variable "names" {
  type = set(string)
}
resource "terraform_data" "each" {
  for_each = var.names
  input    = each.key
}
"""


@pytest.fixture
def site(server: Server, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A bucket and a table of this test's own, which backends of this process reach too."""
    for name, text in server.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, text)
    return make_site(server, f"r{uuid.uuid4().hex[:12]}")


@pytest.fixture
def tf(project: Project, site: Site, request: pytest.FixtureRequest) -> Terraform:
    """A project with two serials, whose first has two resources and whose last has one.

    It locks in both places, unless the test is run for several ways of locking.
    """
    made = project()
    made.write("backend.tf", site.block(KEY, getattr(request, "param", "both")))
    made.write("main.tf", COUNTED)
    made.ok("init")
    apply(made, "a", "b")
    apply(made, "a")
    return made


def apply(tf: Terraform, *names: str) -> None:
    """Apply with these resources."""
    tf.ok("apply", "-auto-approve", f"-var=names={json.dumps(names)}")


def holdfast(tf: Terraform, *arguments: str) -> Done:
    """Run a holdfast command in the project, as its user does."""
    return run(tf.path, tf.environment(), "holdfast", *arguments)


def ok(tf: Terraform, *arguments: str) -> str:
    """Run a holdfast command that has to succeed; return what it printed."""
    done = holdfast(tf, *arguments)
    assert done.code == 0, done.out
    return done.out


def resources(tf: Terraform) -> list[str]:
    """Return what Terraform knows."""
    return tf.ok("state", "list").split()


def pulled(tf: Terraform) -> dict[str, Any]:
    """Return the state as terraform reads it."""
    read: dict[str, Any] = json.loads(tf.ok("state", "pull"))
    return read


def begin(tf: Terraform, *arguments: str) -> subprocess.Popen[str]:
    """Start a holdfast command and leave it running."""
    return subprocess.Popen(
        ["holdfast", *arguments],
        cwd=tf.path,
        env=tf.environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until_it_says(process: subprocess.Popen[str], text: str) -> None:
    """Read what a command prints up to a line that holds a text."""
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    raise AssertionError("".join(said))


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for a command that has to succeed."""
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out
    return out


@EACH_LOCK
def test_terraform_goes_on_from_a_restored_state(tf: Terraform) -> None:
    """After restoring, the plan of the old configuration is empty, and the next apply goes on."""
    before = pulled(tf)
    shown = ok(tf, "restore", "--to", "latest~1", "--yes")
    assert 'terraform_data.each["b"]' in shown
    assert resources(tf) == ['terraform_data.each["a"]', 'terraform_data.each["b"]']
    assert pulled(tf)["serial"] == before["serial"] + 1
    assert pulled(tf)["lineage"] == before["lineage"]
    plan = tf.run("plan", "-detailed-exitcode", '-var=names=["a","b"]')
    assert plan.code == 0, plan.out
    apply(tf, "a", "b", "c")
    assert len(resources(tf)) == 3


def test_the_printed_undo_works(tf: Terraform) -> None:
    """The command that restore hands out brings the newest back, for terraform too."""
    done = json.loads(
        holdfast(tf, "restore", "--serial", "1", "--yes", "--json").out.split("\n", 1)[1]
    )
    words = done["undo"].split()
    assert words[:2] == ["holdfast", "restore"]
    ok(tf, *words[1:], "--yes")
    plan = tf.run("plan", "-detailed-exitcode", '-var=names=["a"]')
    assert plan.code == 0, plan.out


def test_terraform_finds_a_deleted_state_again(tf: Terraform, site: Site) -> None:
    """A state whose object was deleted by hand comes back; its orphan digest is no obstacle."""
    site.s3.delete_object(Bucket=site.bucket, Key=KEY)
    ok(tf, "restore", "--to", "latest", "--yes")
    plan = tf.run("plan", "-detailed-exitcode", '-var=names=["a"]')
    assert plan.code == 0, plan.out


def test_mends_a_version_that_was_copied_in_place(tf: Terraform, site: Site) -> None:
    """An old S3 version that was put back by hand, with leave, goes when the newest is restored."""
    listed = site.s3.list_object_versions(Bucket=site.bucket, Prefix=KEY)["Versions"]
    old = [entry for entry in listed if entry["Key"] == KEY]  # without those of the lock file
    newest, oldest = old[0]["VersionId"], old[-1]["VersionId"]
    source = {"Bucket": site.bucket, "Key": KEY, "VersionId": oldest}
    own = site.server.client("holdfast")
    own.put_override(Bucket=site.bucket, Key=KEY, Reason="put back by hand")
    site.s3.copy_object(Bucket=site.bucket, Key=KEY, CopySource=source)
    ok(tf, "restore", "--to", newest, "--yes")
    plan = tf.run("plan", "-detailed-exitcode", '-var=names=["a"]')
    assert plan.code == 0, plan.out


def test_waits_for_a_running_apply_and_then_refuses(tf: Terraform) -> None:
    """What an apply wrote while restore waited for its lock is not lost: restore begins anew."""
    tf.write("slow.tf", SLOW)
    running = tf.begin("apply", "-auto-approve", '-var=names=["a"]')
    wait_for(tf.path / "started", running)
    waiting = begin(tf, "restore", "--to", "latest~1", "--yes", "--lock-timeout", "2m")
    wait_until_it_says(waiting, "Waiting for")
    (tf.path / "release").touch()
    finished(running)
    out, _ = waiting.communicate(timeout=PATIENCE)
    assert "was written since its effect was shown" in out
    assert waiting.returncode == 8
    assert "terraform_data.slow" in resources(tf)


def test_restores_while_terraform_waits(tf: Terraform, site: Site) -> None:
    """A terraform that waits for the lock reads the restored state when it gets it."""
    backend = site.backend(KEY, lock="both")
    with backend.lock("test"):
        waiting = tf.begin("apply", "-auto-approve", '-var=names=["a","b"]', "-lock-timeout=120s")
        wait_until_it_says(waiting, "Acquiring state lock")
        restoring = begin(tf, "restore", "--serial", "1", "--yes", "--lock-timeout", "120s")
        wait_until_it_says(restoring, "Waiting for")
    out, _ = restoring.communicate(timeout=PATIENCE)
    finished(waiting)
    # Whoever came first, the other saw it: restore either wrote before, or refused after it.
    assert restoring.returncode in {0, 8}, out
    assert resources(tf) == ['terraform_data.each["a"]', 'terraform_data.each["b"]']
    assert tf.run("plan", "-detailed-exitcode", '-var=names=["a","b"]').code == 0


def break_locks(site: Site) -> None:
    """Break what is held, if anything is."""
    backend = site.backend(KEY)
    for held in backend.holder():
        backend.unlock(held)


def test_a_restore_that_is_killed_leaves_a_state_that_can_be_used(
    tf: Terraform, site: Site
) -> None:
    """Kill -9 at any moment leaves the old or the restored state, and at most a lock to break."""
    for delay in (0.2, 0.5, 0.8, 1.2):
        process = begin(tf, "restore", "--serial", "1", "--yes")
        time.sleep(delay)
        process.kill()
        process.communicate()
        break_locks(site)
        # `state list` refuses a wrong digest, as every command of terraform.
        known = resources(tf)
        assert known[0] == 'terraform_data.each["a"]'
        assert known[1:] in ([], ['terraform_data.each["b"]'])
    break_locks(site)  # a request of a killed one may have been on its way
    ok(tf, "restore", "--serial", "1", "--yes")
    plan = tf.run("plan", "-detailed-exitcode", '-var=names=["a","b"]')
    assert plan.code == 0, plan.out


def test_diff_blame_and_versions_read_what_terraform_wrote(project: Project, site: Site) -> None:
    """The history of a real state: an attribute that changed, a resource that moved."""
    tf = project()
    tf.write("backend.tf", site.block(KEY, "table"))
    tf.write("main.tf", value("one"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    tf.write("main.tf", value("two"))
    tf.ok("apply", "-auto-approve")
    tf.ok("state", "mv", "terraform_data.it", "terraform_data.other")
    shown = json.loads(ok(tf, "versions", "--json"))["versions"]
    assert [each["serial"] for each in shown] == [3, 2, 1]
    assert "terraform_data.other (moved from terraform_data.it)" in ok(tf, "diff")
    change = json.loads(ok(tf, "diff", "serial:1", "serial:2", "--json"))["difference"]
    assert change["counts"]["changed"] == 1
    entries = json.loads(ok(tf, "blame", "terraform_data.other", "--json"))["entries"]
    assert [(each["change"], each["serial"]) for each in entries] == [
        ("moved", 3),
        ("changed", 2),
        ("introduced", 1),
    ]


def test_a_real_state_that_did_not_change_differs_in_nothing(project: Project, site: Site) -> None:
    """Orders that terraform draws anew with each apply are no difference."""
    tf = project()
    tf.write("backend.tf", site.block(KEY, "file"))
    secrets = "\n".join(
        f'variable "s{n}" {{\n  default = "secret-number-{n}"\n  sensitive = true\n}}'
        for n in range(4)
    )
    given = ", ".join(f"s{n} = var.s{n}" for n in range(4))
    tf.write(
        "main.tf", f'{secrets}\nresource "terraform_data" "x" {{\n  input = {{ {given} }}\n}}\n'
    )
    tf.ok("init")
    for _ in range(3):
        tf.ok("apply", "-auto-approve")
    for version in json.loads(ok(tf, "versions", "--json"))["versions"]:
        out = ok(tf, "diff", version["version"], "latest", "--exit-code")
        assert "secret-number" not in out

"""State files that the real terraform writes and reads: names, numbers, serials, versions."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from holdfast.terraform.diff import diff
from holdfast.terraform.statefile import header, parse, with_serial
from real_clients import Terraform

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

LARGE = 98765432109876543210987654321

CONFIGURATION = f"""
resource "terraform_data" "named" {{
  for_each = toset(["plain", "a\\"b\\\\c", "$${{x}}%%{{y}}", "line\\nbreak\\ttab", "é\\u200b<&>", ""])
  input    = each.key
}}
resource "terraform_data" "counted" {{
  count = 2
  input = {{ large = {LARGE}, small = 1.5, truth = true, secret = sensitive("hidden-value") }}
}}
module "inner" {{
  source   = "./inner"
  for_each = toset(["eu west"])
}}
output "large" {{ value = {LARGE} }}
output "secret" {{
  value     = "hidden-output"
  sensitive = true
}}
"""

# What Terraform 0.11 left.
VERSION_3 = {
    "version": 3,
    "terraform_version": "0.11.14",
    "serial": 12,
    "lineage": "6e8dc0ee-7c0e-7f66-0d0b-9a4ad5d7d8c4",
    "modules": [
        {
            "path": ["root"],
            "outputs": {"ips": {"sensitive": False, "type": "list", "value": ["10.0.0.1"]}},
            "resources": {
                f"null_resource.{name}": {
                    "type": "null_resource",
                    "depends_on": [],
                    "primary": {
                        "id": name,
                        "attributes": {"id": name},
                        "meta": {},
                        "tainted": False,
                    },
                    "deposed": [],
                    "provider": "provider.null",
                }
                for name in ("one", "many.0", "many.1")
            }
            | {
                "data.null_data_source.read": {
                    "type": "null_data_source",
                    "depends_on": [],
                    "primary": {"id": "d", "attributes": {"id": "d"}, "meta": {}, "tainted": False},
                    "deposed": [],
                    "provider": "provider.null",
                }
            },
            "depends_on": [],
        },
        {
            "path": ["root", "net"],
            "outputs": {},
            "resources": {
                "null_resource.inner": {
                    "type": "null_resource",
                    "depends_on": [],
                    "primary": {"id": "i", "attributes": {"id": "i"}, "meta": {}, "tainted": True},
                    "deposed": [],
                    "provider": "provider.null",
                }
            },
            "depends_on": [],
        },
    ],
}


@pytest.fixture
def applied(project: Project) -> Terraform:
    """A project with a local state."""
    tf = project()
    tf.write("main.tf", CONFIGURATION)
    (tf.path / "inner").mkdir()
    tf.write("inner/main.tf", 'resource "terraform_data" "deep" {}\n')
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    return tf


def test_addresses_are_those_that_terraform_prints(applied: Terraform) -> None:
    """Every odd name is escaped in the same way."""
    state = parse((applied.path / "terraform.tfstate").read_bytes())

    assert sorted(each.address for each in state.instances) == sorted(
        applied.ok("state", "list").splitlines()
    )


def test_another_serial_is_accepted_and_nothing_else_changes(applied: Terraform) -> None:
    """Terraform plans nothing on it, and counts on from it."""
    path = applied.path / "terraform.tfstate"
    old = path.read_bytes()
    path.write_bytes(
        with_serial(old, header(old).serial + 1000, "11111111-2222-3333-4444-555555555555")
    )

    pulled = applied.ok("state", "pull").encode()
    planned = applied.run("plan", "-detailed-exitcode")

    assert planned.code == 0, planned.out
    assert header(pulled).serial == header(old).serial + 1000
    assert header(pulled).lineage == "11111111-2222-3333-4444-555555555555"
    assert diff(parse(old), parse(pulled)).is_empty
    assert parse(pulled).outputs["large"].value == LARGE


def test_a_new_serial_may_be_pushed_over_the_old_state(applied: Terraform) -> None:
    """`state push` checks serial and lineage."""
    old = (applied.path / "terraform.tfstate").read_bytes()
    (applied.path / "new.tfstate").write_bytes(with_serial(old, header(old).serial + 5))

    applied.ok("state", "push", "new.tfstate")

    assert (
        header((applied.path / "terraform.tfstate").read_bytes()).serial >= header(old).serial + 5
    )


def test_numbers_and_marks_are_read_as_written(applied: Terraform) -> None:
    """Large integers in full; what is sensitive is known and not shown."""
    state = parse((applied.path / "terraform.tfstate").read_bytes())
    counted = next(each for each in state.instances if each.resource.name == "counted")

    assert counted.attributes["input"]["value"]["large"] == LARGE
    assert counted.attributes["input"]["value"]["small"] == Decimal("1.5")
    shown = repr(diff(parse(b""), state))
    assert "hidden-output" not in shown
    assert "hidden-value" not in shown


def test_a_real_change_is_told(applied: Terraform) -> None:
    """One object went, one came, one moved."""
    old = parse((applied.path / "terraform.tfstate").read_bytes())
    applied.ok("state", "mv", "terraform_data.counted[1]", "terraform_data.kept")
    applied.ok("state", "rm", 'terraform_data.named["plain"]')

    found = diff(old, parse((applied.path / "terraform.tfstate").read_bytes()))

    assert [(each.kind, each.address, each.moved_from) for each in found.instances] == [
        ("moved", "terraform_data.kept", "terraform_data.counted[1]"),
        ("removed", 'terraform_data.named["plain"]', ""),
    ]


def test_version_3_is_read_like_terraform_reads_it(project: Project) -> None:
    """The same addresses, of modules and of counted resources."""
    tf = project()
    body = json.dumps(VERSION_3, indent=2).encode()
    (tf.path / "old.tfstate").write_bytes(body)
    (tf.path / "raised.tfstate").write_bytes(with_serial(body, 99))

    state = parse(body)

    for name in ("old.tfstate", "raised.tfstate"):
        listed = tf.ok("state", "list", f"-state={name}").splitlines()
        assert sorted(each.address for each in state.instances) == sorted(listed)

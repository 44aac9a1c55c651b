"""The commands show, outputs, pull, push and rm: what they print, refuse and change."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from client_site import KEY, LINEAGE, Site, made_state
from holdfast.terraform.digest import digest_of
from state_commands import Commands, Ran, written
from state_documents import get_attr, instance, resource, state

Run = Callable[..., Ran]
USAGE, CORRUPT, REFUSED, LOCKED, NOT_FOUND, DIGEST = 2, 6, 8, 9, 10, 11
HALF = made_state(9).replace(b'"resources": []', b'"resources": [{"mode": "managed"}]')


@pytest.fixture
def run(site: Site, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Runs commands on the test's bucket."""
    return Commands(site, capsys)


@pytest.fixture
def secret(site: Site) -> Site:
    """A state with a secret in a resource and one in an output."""
    attributes = {
        "id": "db-1",
        "port": 5432,
        "password": "attribute-secret",
        "labels": {"text": "line\x1b[31m\nnext"},
        "tags": None,
    }
    document = state(
        resource(
            "aws_db_instance.main",
            instance(attributes, sensitive_attributes=[get_attr("password")], status="tainted"),
        ),
        resource("data.aws_ami.it", instance({"id": "ami-1"})),
        outputs={
            "token": {"value": "output-secret", "type": "string", "sensitive": True},
            "sizes": {"value": [1, 2.5, 10**20], "type": ["list", "number"]},
            "name": {"value": "web", "type": "string"},
        },
    )
    written(site, KEY, document)
    return site


def test_show_says_what_the_state_is(secret: Site, run: Run) -> None:
    """The header, the lock, and a line for each resource."""
    with secret.backend().lock("OperationTypePlan"):
        ran = run("show", KEY)

    assert ran.code == 0
    assert ran.out.startswith(f"s3://{secret.bucket}/{KEY}\nSerial")
    assert "1 resource, 1 data source" in ran.out
    assert "for OperationTypePlan" in ran.out
    assert ran.out.endswith("aws_db_instance.main  tainted\ndata.aws_ami.it\n")


def test_show_of_a_resource_masks_its_secrets(secret: Site, run: Run) -> None:
    """Unless they are asked for; text of others cannot colour the terminal."""
    masked, asked = (
        run("show", KEY, "--resource", "aws_db_instance.main", *more)
        for more in ((), ("--show-sensitive",))
    )

    assert secret.bucket
    assert "password = (sensitive value)" in masked.out
    assert "port     = 5432" in masked.out
    assert "attribute-secret" not in masked.out
    assert 'password = "attribute-secret"' in asked.out
    assert "\x1b" not in asked.out


def test_show_masks_parts_of_values_of_dynamic_type(site: Site, run: Run) -> None:
    """The type that a state keeps beside such a value is no step of the way to a secret."""
    kind = ["object", {"a": "string", "n": "number", "l": ["tuple", ["bool", "bool"]]}]
    value = {"value": {"a": "open", "n": 4711, "l": [True, False]}, "type": kind}
    secret = [get_attr("input", "n"), get_attr("input", "l", 0)]
    it = instance({"input": value, "output": value}, sensitive_attributes=secret)
    written(site, KEY, state(resource("terraform_data.it", it)))

    shown = run("show", KEY, "terraform_data.it").out

    assert shown.count('"a": "open"') == 2
    assert shown.count('"n": (sensitive value)') == 2
    assert shown.count('"l": [(sensitive value), false]') == 2
    found = run("search", "--attribute", "input.n=4711", "--json").document["resources"]
    assert found[0]["matched"] == [{"path": "input.n", "value": None, "sensitive": True}]


def test_show_keeps_an_object_that_looks_like_a_value_with_its_type(site: Site, run: Run) -> None:
    """A record of a name server has a type and a value."""
    record = {"type": "A", "value": "192.0.2.1"}
    typed = {"value": record, "type": ["object", {"type": "string", "value": "string"}]}
    it = instance({"record": record, "input": typed})
    written(site, KEY, state(resource("terraform_data.it", it)))

    shown = run("show", KEY, "terraform_data.it").out

    assert shown.count('"type": "A"') == 2
    assert shown.count('"value": "192.0.2.1"') == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("aws_db_instance.main",),
        ("--resource", "aws_db_instance.main"),
        (KEY, "aws_db_instance.main"),
        (KEY, "--resource", "aws_db_instance.main"),
    ],
)
def test_show_takes_the_address_of_a_resource(
    secret: Site, run: Run, arguments: tuple[str, ...]
) -> None:
    """Alone, of the state that is meant anyway; or after the key of a state."""
    ran = run("show", *arguments, key=KEY)

    assert secret.bucket
    assert (ran.code, ran.out.splitlines()[0]) == (0, "aws_db_instance.main")


def test_show_of_an_address_that_is_a_key_too(site: Site, run: Run) -> None:
    """What looks like an address is one, unless --key names it."""
    written(site, "my_app.json", made_state(8))

    assert run("show", "my_app.json", key=KEY).code == NOT_FOUND
    assert run("show", "--json", key="my_app.json").document["serial"] == 8
    assert run("show", "a_b.c", "d_e.f", "--resource", "g_h.i").code == USAGE


def test_a_state_that_is_gone_and_left_its_digest_is_told_so(site: Site, run: Run) -> None:
    """Terraform refuses the key until the digest is gone."""
    written(site, KEY, made_state(3))
    site.s3.delete_object(Bucket=site.bucket, Key=KEY)

    ran = run("show", KEY)

    assert ran.code == DIGEST
    assert "the lock table has a digest of one" in ran.err


def test_show_as_json_masks_too(secret: Site, run: Run) -> None:
    """Null, and the names of what is masked."""
    (shown,) = run("show", KEY, "--resource", "aws_db_instance.main", "--json").document[
        "instances"
    ]

    assert secret.bucket
    assert (shown["attributes"]["password"], shown["masked"]) == (None, ["password"])
    assert (shown["attributes"]["port"], shown["tainted"]) == (5432, True)
    resources = run("show", KEY, "--json").document["resources"]
    assert [each["address"] for each in resources] == ["aws_db_instance.main", "data.aws_ami.it"]


def test_show_of_an_older_version(site: Site, run: Run) -> None:
    """By its name."""
    written(site, KEY, made_state(1))
    written(site, KEY, made_state(2))

    assert run("show", KEY, "--version", "latest~1", "--json").document["serial"] == 1


@pytest.mark.parametrize(
    "arguments",
    [("show", "no/state"), ("show", KEY, "--resource", "aws_x.y"), ("pull", "no/state")],
)
def test_what_is_not_there_is_not_found(secret: Site, run: Run, arguments: tuple[str, ...]) -> None:
    """A state, a resource."""
    assert secret.bucket
    assert run(*arguments).code == NOT_FOUND


def test_outputs_are_masked_unless_asked_for(secret: Site, run: Run) -> None:
    """For people and as JSON."""
    assert secret.bucket
    assert "token = (sensitive value)" in run("outputs", KEY).out
    assert 'token = "output-secret"' in run("outputs", KEY, "--show-sensitive").out
    document = run("outputs", KEY, "--json").document
    assert document["token"] == {
        "sensitive": True,
        "type": "string",
        "value": None,
        "masked": True,
    }
    assert document["sizes"]["value"] == [1, 2.5, 10**20]


def test_one_output_is_printed_raw(secret: Site, run: Run) -> None:
    """A text without quotes, anything else as JSON; a secret only if asked for."""
    assert secret.bucket
    assert run("outputs", KEY, "--raw", "name").out == "web\n"
    assert run("outputs", KEY, "--raw", "sizes").out == f"[1, 2.5, {10**20}]\n"
    assert run("outputs", KEY, "--raw", "token").code == REFUSED
    assert run("outputs", KEY, "--raw", "token", "--show-sensitive").out == "output-secret\n"
    assert run("outputs", KEY, "--raw", "other").code == NOT_FOUND


def test_pull_writes_the_very_bytes(site: Site, run: Run) -> None:
    """Also of a state whose digest is wrong, with a warning; and older ones."""
    written(site, KEY, made_state(1))
    odd = made_state(2).replace(b"\n", b"\r\n")
    site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=odd)

    ran = run("pull", KEY)

    assert ran.code == 0
    assert ran.out.encode() == odd or ran.out.encode() == odd.replace(b"\r\n", b"\n")
    assert "has the digest" in ran.err
    assert run("pull", KEY, "--version", "latest~1").out.encode() == made_state(1)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], str]:
    """Writes a file to push."""

    def make(body: bytes) -> str:
        (tmp_path / "it.tfstate").write_bytes(body)
        return str(tmp_path / "it.tfstate")

    return make


def test_push_writes_state_and_digest(site: Site, run: Run, file: Callable[[bytes], str]) -> None:
    """Over nothing, then over what is there, with the difference shown."""
    first = run("push", file(made_state(1)), "--yes", key=KEY)
    body = made_state(2, resources={"web": "x"})
    second = run("push", file(body), "--yes", key=KEY)

    assert (first.code, second.code) == (0, 0)
    assert "resources: 1 added" in second.out
    assert "serial 1 by serial 2" in second.err
    assert site.body() == body
    assert site.item(f"{site.bucket}/{KEY}-md5")["Digest"] == digest_of(body)
    assert site.keys() == [KEY]


def test_push_reads_standard_input(site: Site, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` names it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(made_state(5))))

    assert run("push", "-", "--yes", "--json", key=KEY).document["serial"] == 5
    assert site.body() == made_state(5)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (made_state(2), REFUSED),
        (made_state(3, outputs={"other": "x"}), REFUSED),
        (made_state(9, "another-lineage"), REFUSED),
        (made_state(9, ""), REFUSED),
        (b"{}", CORRUPT),
        (b"", CORRUPT),
        (HALF, CORRUPT),
    ],
)
def test_push_refuses_what_terraform_refuses_unless_forced(
    site: Site, run: Run, file: Callable[[bytes], str], body: bytes, code: int
) -> None:
    """An older serial, the same with other content, another lineage or none, what is no state."""
    written(site, KEY, made_state(3))
    refused = run("push", file(body), "--yes", key=KEY)
    there = site.body()
    forced = run("push", file(body), "--yes", "--force", key=KEY)

    assert (refused.code, there) == (code, made_state(3))
    assert (forced.code, site.body()) == (0, body)
    # No digest fits an object without bytes: Terraform refuses even that of no bytes.
    digest = site.item(f"{site.bucket}/{KEY}-md5").get("Digest")
    assert digest == (digest_of(body) if body else None)


def test_push_of_the_same_state_writes_nothing(
    site: Site, run: Run, file: Callable[[bytes], str]
) -> None:
    """No version, no question."""
    written(site, KEY, made_state(3))
    ran = run("push", file(made_state(3)), key=KEY)

    assert ran.code == 0
    assert "nothing was written" in ran.out
    again = run("push", file(made_state(3)), "--json", key=KEY).document
    assert again == {**again, "changed": False, "serial": 3, "lineage": LINEAGE}
    assert again["version_id"] == site.backend().read().version_id
    assert len(list(site.backend().history(headers=False))) == 1


@pytest.mark.parametrize("command", ["push", "rm"])
def test_nothing_happens_unasked(
    site: Site, run: Run, file: Callable[[bytes], str], command: str
) -> None:
    """Without a terminal and without --yes; the lock is released."""
    written(site, KEY, made_state(3))
    arguments = [file(made_state(4))] if command == "push" else []

    assert run(command, *arguments, key=KEY).code == REFUSED
    assert site.body() == made_state(3)
    assert site.backend().holder() == []


@pytest.mark.parametrize("command", ["push", "rm"])
def test_a_lock_of_somebody_else_stops_it(
    site: Site, run: Run, file: Callable[[bytes], str], command: str
) -> None:
    """And is left as it is."""
    written(site, KEY, made_state(3))
    arguments = [file(made_state(4))] if command == "push" else []
    with site.backend(lock="file").lock("other") as held:
        ran = run(command, *arguments, "--yes", key=KEY)
        held.check()

    assert ran.code == LOCKED
    assert site.body() == made_state(3)


def test_rm_deletes_an_empty_state_and_says_how_to_undo(site: Site, run: Run) -> None:
    """Object and digest are gone, versions stay."""
    written(site, KEY, made_state(3))

    removed = run("rm", KEY, "--yes", "--json").document

    assert site.keys() == []
    assert site.item(f"{site.bucket}/{KEY}-md5") == {}
    assert removed["version_id"] in removed["undo"]
    newest = next(iter(site.backend().history(headers=False)))
    assert newest.delete_marker


def test_rm_refuses_a_state_with_resources(site: Site, run: Run) -> None:
    """With --force it names them."""
    written(site, KEY, made_state(3, resources={"web": "x", "db": "y"}))
    refused = run("rm", KEY, "--yes")
    forced = run("rm", KEY, "--yes", "--force")

    assert (refused.code, forced.code) == (REFUSED, 0)
    assert "has 2 resources" in refused.err
    assert "  terraform_data.web\n" in forced.err
    assert site.keys() == []


def test_rm_refuses_what_it_cannot_read(site: Site, run: Run) -> None:
    """It may hold resources."""
    site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=b"{")

    assert run("rm", KEY, "--yes").code == REFUSED
    assert run("rm", KEY, "--yes", "--force").code == 0


def test_rm_removes_a_digest_that_was_left(site: Site, run: Run) -> None:
    """Which makes the key usable for Terraform again."""
    written(site, KEY, made_state(3))
    site.s3.delete_object(Bucket=site.bucket, Key=KEY)

    assert run("rm", KEY, "--yes").code == 0
    assert site.item(f"{site.bucket}/{KEY}-md5") == {}
    assert run("rm", KEY, "--yes").code == NOT_FOUND


def test_rm_says_that_there_is_no_way_back(site: Site, run: Run) -> None:
    """In a bucket that keeps no versions."""
    site.s3.put_bucket_versioning(
        Bucket=site.bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    written(site, KEY, made_state(3))

    ran = run("rm", KEY, "--yes")

    assert "The bucket keeps no versions" in ran.err
    assert ran.out.endswith("It cannot be brought back.\n")


def test_rm_leaves_what_was_written_meanwhile(
    site: Site, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By somebody who takes no lock, after the question was asked."""
    from holdfast.cli.state import rm

    written(site, KEY, made_state(3))
    monkeypatch.setattr(
        rm,
        "confirm",
        lambda *_, **__: site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=made_state(4)),
    )

    assert run("rm", KEY).code == REFUSED
    assert site.body() == made_state(4)


def test_an_encrypted_state_is_left_alone(site: Site, run: Run) -> None:
    """It is shown as encrypted; its outputs cannot be read, and rm wants --force."""
    body = {
        "serial": 4,
        "lineage": LINEAGE,
        "meta": {},
        "encrypted_data": "e",
        "encryption_version": "v0",
    }
    site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=json.dumps(body))

    assert "encrypted" in run("show", KEY).out
    assert "tofu output" in run("outputs", KEY).err
    assert run("rm", KEY, "--yes").code == REFUSED

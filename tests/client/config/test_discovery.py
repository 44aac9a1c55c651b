"""Finding the backend: which place wins, what is missing or contradictory, and how it is told."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from holdfast.client.config.discovery import Discovered, discover, look
from holdfast.client.config.given import Given
from holdfast.client.config.origin import Level
from holdfast.client.errors import NotConfigured

BLOCK = """terraform {
  backend "s3" {
    bucket         = "states"
    key            = "app/terraform.tfstate"
    region         = "eu-west-1"
    dynamodb_table = "locks"
  }
}
"""
PARTIAL = 'terraform {\n  backend "s3" {}\n}\n'


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A Terraform directory with a backend block."""
    (tmp_path / "main.tf").write_text(BLOCK)
    return tmp_path


def find(directory: Path, environ: Mapping[str, str] | None = None, **given: Any) -> Discovered:
    """Find the backend of a directory."""
    return discover(Given(directory=directory, **given), environ or {})


def store(directory: Path, kind: str = "s3", **config: Any) -> None:
    """Write what `terraform init` leaves."""
    data = directory / ".terraform"
    data.mkdir(exist_ok=True)
    document = {"version": 3, "backend": {"type": kind, "config": config, "hash": 1}}
    (data / "terraform.tfstate").write_text(json.dumps(document))


def test_a_block_is_enough(directory: Path) -> None:
    """The arguments are those of the block, each with its line."""
    found = find(directory)

    assert found.settings.bucket == "states"
    assert found.settings.key == "app/terraform.tfstate"
    assert found.settings.dynamodb_table == "locks"
    assert found.workspace == "default"
    assert str(found.origins["dynamodb_table"]) == f"{directory / 'main.tf'}:6"
    assert found.remarks == ()


def test_an_override_replaces_the_whole_block(directory: Path) -> None:
    """What the override file does not say is not taken from the block."""
    (directory / "dev_override.tf").write_text(
        'terraform {\n  backend "s3" {\n    bucket = "other"\n    key = "k"\n  }\n}\n'
    )
    found = find(directory)

    assert (found.settings.bucket, found.settings.dynamodb_table) == ("other", None)


def test_json_is_read_too(tmp_path: Path) -> None:
    """A block in JSON has arguments and lines."""
    document = {"terraform": [{"backend": {"s3": {"bucket": "b", "key": "k", "encrypt": "true"}}}]}
    (tmp_path / "main.tf.json").write_text(json.dumps(document, indent=1))
    found = find(tmp_path)

    assert (found.settings.bucket, found.settings.encrypt) == ("b", True)
    assert found.origins["key"].line == 7


def test_a_tofu_file_replaces_its_namesake(directory: Path) -> None:
    """OpenTofu reads x.tofu and not x.tf."""
    (directory / "main.tofu").write_text(BLOCK.replace("states", "tofu-states"))

    assert find(directory).settings.bucket == "tofu-states"


def test_two_blocks_are_refused_with_both_lines(directory: Path) -> None:
    """Terraform refuses them as well."""
    (directory / "z.tf").write_text("\n" + BLOCK)

    with pytest.raises(NotConfigured, match=r"main\.tf:2 and .*z\.tf:3"):
        find(directory)


def test_what_init_stored_wins(directory: Path) -> None:
    """An initialised directory is used as it is, and the difference is a warning."""
    store(directory, bucket="states", key="before", region="eu-west-1", dynamodb_table="locks")
    found = find(directory)

    assert found.settings.key == "before"
    assert str(found.origins["key"]) == str(directory / ".terraform/terraform.tfstate")
    assert str(found.origins["region"]) == f"{directory / 'main.tf'}:5"
    (warning,) = found.warnings
    assert 'key was "before", is "app/terraform.tfstate" (line 4)' in str(warning)
    assert "Backend configuration changed" in str(warning)


def test_another_data_directory_is_honoured(directory: Path) -> None:
    """TF_DATA_DIR moves what init stores."""
    store(directory, bucket="stored", key="k")
    (directory / ".terraform").rename(directory / "elsewhere")

    assert find(directory, {"TF_DATA_DIR": "elsewhere"}).settings.bucket == "stored"
    assert find(directory).settings.bucket == "states"


def test_a_removed_block_is_told(directory: Path) -> None:
    """The stored backend is used; Terraform would want to move the state."""
    store(directory, bucket="stored", key="k")
    (directory / "main.tf").write_text("locals {}\n")
    found = find(directory)

    assert found.settings.bucket == "stored"
    assert "no backend block any more" in found.warnings[0].text


@pytest.mark.parametrize("kind", ["local", "gcs"])
def test_another_kind_of_backend_is_told(tmp_path: Path, kind: str) -> None:
    """Only the s3 backend can be reached."""
    (tmp_path / "main.tf").write_text(f'terraform {{\n  backend "{kind}" {{}}\n}}\n')

    with pytest.raises(NotConfigured, match=f'main.tf:2: the backend here is "{kind}"'):
        find(tmp_path)


def test_terraform_cloud_is_told(tmp_path: Path) -> None:
    """A cloud block is no backend of ours."""
    (tmp_path / "main.tf").write_text('terraform {\n  cloud {\n    organization = "x"\n  }\n}\n')

    with pytest.raises(NotConfigured, match='the backend here is "cloud"'):
        find(tmp_path)


def test_the_only_backend_file_completes_a_partial_block(tmp_path: Path) -> None:
    """With one .tfbackend file there is nothing to choose."""
    (tmp_path / "main.tf").write_text(PARTIAL)
    (tmp_path / "prod.s3.tfbackend").write_text('bucket = "b"\nkey = "k"\n')
    found = find(tmp_path)

    assert found.settings.bucket == "b"
    assert str(found.origins["key"]) == f"{tmp_path / 'prod.s3.tfbackend'}:2"


def test_a_block_without_a_key_is_enough_for_a_whole_bucket(tmp_path: Path) -> None:
    """Its key comes with each component; what looks at the bucket needs none."""
    (tmp_path / "main.tf").write_text('terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n')
    assert look(Given(tmp_path), {}).errors
    found = look(Given(tmp_path), {}, need_key=False)
    assert (found.settings.bucket, found.errors) == ("b", ())


def test_several_backend_files_have_to_be_chosen_from(tmp_path: Path) -> None:
    """The error lists them, and the flag that chooses."""
    (tmp_path / "main.tf").write_text(PARTIAL)
    for name in ("dev", "prod"):
        (tmp_path / f"{name}.tfbackend").write_text(f'bucket = "{name}"\nkey = "k"\n')

    with pytest.raises(NotConfigured) as told:
        find(tmp_path)
    assert "main.tf:2: the backend block has no bucket and no key" in told.value.happened
    assert "--backend-config=FILE, one of dev.tfbackend, prod.tfbackend" in told.value.next_step
    assert find(tmp_path, backend_config=("prod.tfbackend",)).settings.bucket == "prod"


def test_init_arguments_of_the_environment_count(tmp_path: Path) -> None:
    """TF_CLI_ARGS_init completes the block as it does for init; a flag is stronger."""
    (tmp_path / "main.tf").write_text(PARTIAL)
    arguments = "-upgrade -backend-config=bucket=b -backend-config 'key=a b' -input=false"
    arguments += ' -backend-config=endpoints={s3=\\"http://x\\"}'
    found = find(tmp_path, {"TF_CLI_ARGS_init": arguments}, backend_config=("bucket=c",))

    assert (found.settings.bucket, found.settings.key) == ("c", "a b")
    assert found.settings.endpoints.s3 == "http://x"
    assert str(found.origins["key"]) == "TF_CLI_ARGS_init"


def test_an_empty_backend_config_forgets_those_before(tmp_path: Path) -> None:
    """As Terraform has it."""
    (tmp_path / "main.tf").write_text(PARTIAL)
    values = ("bucket=a", "encrypt=true", "", "bucket=b", "key=k")

    assert not find(tmp_path, backend_config=values).settings.encrypt


def test_flags_win_over_everything(directory: Path) -> None:
    """A flag replaces what the directory says, one argument at a time."""
    found = find(
        directory, {"AWS_REGION": "us-east-1"}, region="eu-north-1", use_lockfile=True, key="other"
    )

    assert (found.settings.region, found.settings.key) == ("eu-north-1", "other")
    assert found.settings.lock_places == ("file", "table")
    assert str(found.origins["use_lockfile"]) == "--use-lockfile"


def test_the_environment_fills_what_is_left(directory: Path) -> None:
    """The block is stronger than AWS_REGION; what the SDK reads is named, and left to it."""
    environ = {"AWS_REGION": "us-east-1", "AWS_PROFILE": "ops", "AWS_ENDPOINT_URL": "http://x"}
    found = find(directory, environ)

    assert found.settings.region == "eu-west-1"
    assert found.settings.profile is None
    assert str(found.origins["profile"]) == "AWS_PROFILE"
    assert str(found.origins["endpoints.dynamodb"]) == "AWS_ENDPOINT_URL"


def test_a_service_endpoint_wins_over_the_general_one(tmp_path: Path) -> None:
    """Newer variables win over older ones, those of one service over the one for all."""
    environ = {
        "AWS_ENDPOINT_URL": "http://all",
        "AWS_ENDPOINT_URL_S3": "http://new",
        "AWS_S3_ENDPOINT": "http://old",
        "AWS_DYNAMODB_ENDPOINT": "http://old",
    }
    found = find(tmp_path, environ, bucket="b", key="k")

    assert found.values["endpoints.s3"].value == "http://new"
    assert found.values["endpoints.dynamodb"].value == "http://old"
    assert found.values["endpoints.sts"].value == "http://all"


@pytest.mark.parametrize(
    ("environ", "selected", "flag", "workspace", "origin"),
    [
        ({}, None, None, "default", "no workspace selected"),
        ({}, "dev", None, "dev", "environment"),
        ({"TF_WORKSPACE": "blue"}, "dev", None, "blue", "TF_WORKSPACE"),
        ({"TF_WORKSPACE": "blue"}, "dev", "green", "green", "--workspace"),
    ],
)
def test_the_workspace_in_use(
    directory: Path,
    environ: dict[str, str],
    selected: str | None,
    flag: str | None,
    workspace: str,
    origin: str,
) -> None:
    """A flag, else TF_WORKSPACE, else the one selected in the directory."""
    if selected:
        (directory / ".terraform").mkdir()
        (directory / ".terraform/environment").write_text(selected)
    found = find(directory, environ, workspace=flag)

    assert found.workspace == workspace
    assert str(found.origins["workspace"]).endswith(origin)
    assert bool(found.warnings) is (workspace == "blue")


def test_a_url_needs_no_directory(tmp_path: Path) -> None:
    """Everything can be said in a URL; the directory is not read."""
    (tmp_path / "main.tf").write_text("nonsense {")
    url = "s3://b/a%20b/terraform.tfstate?region=r&lock_table=t&use_lockfile=true"
    found = find(
        tmp_path, {"TF_WORKSPACE": "x"}, url=f"{url}&endpoint=http://127.0.0.1:1&workspace=dev"
    )

    assert found.settings.key == "a b/terraform.tfstate"
    assert found.settings.lock_places == ("file", "table")
    assert found.settings.endpoints.kms == "http://127.0.0.1:1"
    assert found.workspace == "dev"


@pytest.mark.parametrize("url", ["http://x/y", "s3:///k", "states/app", "s3://b/k?locktable=t"])
def test_other_urls_are_refused(url: str) -> None:
    """A misspelt parameter is not ignored."""
    with pytest.raises(NotConfigured):
        find(Path(), url=url)


def test_a_state_can_be_named_by_its_object(directory: Path) -> None:
    """The key of an object holds its workspace."""
    given = Given(directory=directory).naming("env:/dev/net/terraform.tfstate")
    found = discover(given, {"TF_WORKSPACE": "other"})

    assert (found.settings.key, found.workspace) == ("net/terraform.tfstate", "dev")
    assert found.settings.bucket == "states"


def test_a_bucket_is_enough_where_no_state_is_meant(tmp_path: Path) -> None:
    """Without a key only commands that need one refuse."""
    given = Given(directory=tmp_path, bucket="b")

    assert discover(given, {}, need_key=False).settings.key == ""
    with pytest.raises(NotConfigured, match="no key was said"):
        discover(given, {})


def test_nothing_found_says_what_to_do(tmp_path: Path) -> None:
    """One error, with the ways out."""
    with pytest.raises(NotConfigured, match="no backend was found") as told:
        find(tmp_path)
    assert "--chdir" in told.value.next_step
    assert "--url" in told.value.next_step


def test_variables_in_a_block_are_told(tmp_path: Path) -> None:
    """What only the program knows is an error with its line, unless it was initialised."""
    (tmp_path / "main.tf").write_text(BLOCK.replace('"eu-west-1"', "var.region"))

    with pytest.raises(NotConfigured, match=r"main\.tf:5: region: var\.region is known only"):
        find(tmp_path)
    assert find(tmp_path, region="eu-west-1").settings.region == "eu-west-1"
    store(tmp_path, bucket="b", key="k", region="eu-west-3")
    assert find(tmp_path).settings.region == "eu-west-3"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('key = "/a"', "may not begin or end with a slash"),
        ('key = "a//b"', "key may not contain //"),
        ('key = "k"\n encrypt = "maybe"', r"main\.tf:5: encrypt: must be true or false"),
        ('key = "k"\n max_retries = "many"', "max_retries: must be a whole number"),
        ('key = "k"\n kms_key_id = "a"\n sse_customer_key = "b"', "exclude each other"),
    ],
)
def test_contradictions_are_told_with_their_line(tmp_path: Path, line: str, told: str) -> None:
    """What Terraform would refuse is refused here, with the place."""
    (tmp_path / "main.tf").write_text(
        f'terraform {{\n  backend "s3" {{\n  bucket = "b"\n {line}\n  }}\n}}\n'
    )
    with pytest.raises(NotConfigured, match=told):
        find(tmp_path)


def test_a_file_that_is_not_hcl_is_told_with_its_line(tmp_path: Path) -> None:
    """A broken file names itself; it does not matter once the directory is initialised."""
    (tmp_path / "main.tf").write_text('terraform {\n  backend "s3" {\n    bucket =\n  }\n}\n')
    with pytest.raises(NotConfigured, match=r"main\.tf:3"):
        find(tmp_path)

    store(tmp_path, bucket="b", key="k")
    found = find(tmp_path)
    assert found.settings.bucket == "b"
    assert "main.tf:3" in found.warnings[0].text


def test_a_broken_file_beside_the_block_does_not_matter(directory: Path) -> None:
    """The block says where the state is; what Terraform thinks of the rest is its matter."""
    (directory / "x.tf").write_text('# backend\nresource "a" {\n')

    assert find(directory).settings.bucket == "states"


def test_older_arguments_are_understood(tmp_path: Path) -> None:
    """Arguments of before Terraform 1.6 and the flat ones of OpenTofu; today's names win."""
    (tmp_path / "main.tf").write_text(
        """terraform {
  backend "s3" {
    bucket               = "b"
    key                  = "k"
    endpoint             = "http://old"
    dynamodb_endpoint    = "http://old"
    endpoints            = { s3 = "http://new" }
    force_path_style     = true
    role_arn             = "arn:aws:iam::123456789012:role/x"
    assume_role_duration_seconds = 900
  }
}
"""
    )
    settings = find(tmp_path).settings

    assert (settings.endpoints.s3, settings.endpoints.dynamodb) == ("http://new", "http://old")
    assert settings.use_path_style
    assert settings.assume_role[0].role_arn.endswith("role/x")
    assert settings.assume_role[0].duration == "900s"


def test_notes_are_for_those_who_look(tmp_path: Path) -> None:
    """What is only worth knowing is no error and no warning."""
    (tmp_path / "main.tf").write_text(
        'terraform {\n  backend "s3" {\n    bucket = "b"\n    key = "k"\n'
        '    kms_key_id = "alias/x"\n    nonsense = 1\n'
        '    endpoints = { s3 = "http://127.0.0.1:9000" }\n  }\n}\n'
    )
    found = look(Given(directory=tmp_path), {})
    said = "\n".join(remark.text for remark in found.remarks)

    assert {remark.level for remark in found.remarks} == {Level.NOTE}
    assert "nothing locks the state" in said
    assert "no effect without encrypt" in said
    assert "nonsense is not an argument" in said
    assert "b.127.0.0.1" in said

"""Temporary credentials in the real terraform and the aws CLI."""

import re
from collections.abc import Callable, Iterator

import pytest

from real_clients import BIN, Server, Terraform, run, start, stop
from roles import make_role, trust
from terraform_blocks import BUCKET, LOCK_MODES, backend, value
from token_issuer import AUDIENCE, Published, serving, token

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


def test_our_own_commands_have_a_session(project: Project) -> None:
    """`holdfast` takes the profile as the SDKs do."""
    tf = project()
    _with_sessions(tf)

    done = run(tf.path, tf.environment(), "holdfast", "states", "--bucket", BUCKET, "--json")

    assert done.code == 0, done.out
    assert '"states"' in done.out


@pytest.fixture(scope="module")
def issuer() -> Iterator[Published]:
    """An issuer of tokens on this machine."""
    with serving() as published:
        published.say_all()
        yield published


@pytest.fixture(scope="module")
def trusting(issuer: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes the issuer's tokens, with a role for the jobs of one repository."""
    folder = tmp_path_factory.mktemp("trusting")
    process, running = start(
        folder / "data", "--web-identity-issuers", f"{issuer.url} audience={AUDIENCE}"
    )
    name = issuer.url.partition("://")[2]
    trusts = trust(
        {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{name}"},
        "sts:AssumeRoleWithWebIdentity",
        Condition={"StringLike": {f"{name}:sub": "repo:acme/infra:*"}},
    )
    make_role(running.client("iam"), "ci", trusts=trusts)
    yield running
    stop(process)


def _job(tf: Terraform, key: str, mode: str, text: str) -> None:
    """Write a configuration whose backend assumes the role with a token, and no key around."""
    (tf.path / "token").write_text(text)
    block = (
        "assume_role_with_web_identity = {\n"
        '      role_arn = "arn:aws:iam::123456789012:role/ci"\n'
        '      web_identity_token_file = "token"\n    }'
    )
    tf.write("main.tf", backend(key, LOCK_MODES[mode], block) + value("from ci"))
    dropped = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    env = {name: text for name, text in tf.server.env.items() if name not in dropped}
    tf.server = Server(tf.server.data, env, tf.server.said)


@pytest.mark.parametrize("mode", ["dynamodb", "lockfile"])
def test_a_job_needs_no_key(
    project: Project, trusting: Server, issuer: Published, mode: str
) -> None:
    """`assume_role_with_web_identity` in the block: the token of a CI job is enough."""
    tf = project(on=trusting)
    _job(tf, f"ci-{mode}.tfstate", mode, token(issuer.url))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    assert tf.ok("output", "-raw", "it") == "from ci"
    log = trusting.data.with_suffix(".log").read_text()
    assert ":assumed-role/ci/" in log
    assert token(issuer.url).split(".")[1][:20] not in log


def test_a_job_of_another_repository_is_refused(
    project: Project, trusting: Server, issuer: Published
) -> None:
    """The role's trust policy says whose jobs may."""
    tf = project(on=trusting)
    _job(tf, "other.tfstate", "lockfile", token(issuer.url, sub="repo:eve/infra:ref:x"))

    refused = tf.run("init")

    assert refused.code == 1
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in refused.text


def test_a_token_in_the_environment(project: Project, trusting: Server, issuer: Published) -> None:
    """AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, as runners set them: for the aws CLI too."""
    tf = project(on=trusting)
    _job(tf, "unused.tfstate", "lockfile", token(issuer.url))
    tf.env["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/ci"
    tf.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = str(tf.path / "token")
    tf.env["AWS_ROLE_SESSION_NAME"] = "job-7"
    tf.env["AWS_ENDPOINT_URL_STS"] = trusting.endpoint

    arn = tf.aws("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    tf.write("main.tf", backend("env.tfstate", LOCK_MODES["lockfile"]) + value("by env"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    assert arn.strip().endswith(":assumed-role/ci/job-7")


def test_assume_role_in_the_block_is_decided_by_trust(project: Project, server: Server) -> None:
    """A role that trusts somebody else is not assumed; one that asks for an external id is."""
    iam = server.client("iam")
    iam.create_user(UserName="chained")
    key = iam.create_access_key(UserName="chained")["AccessKey"]
    who = {"AWS": "arn:aws:iam::123456789012:user/chained"}
    wanted = {"StringEquals": {"sts:ExternalId": "vendor-7"}}
    arn = make_role(iam, "vendor", trusts=trust(who, Condition=wanted))
    tf = project()
    tf.env |= {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    refusing = f'assume_role = {{ role_arn = "{arn}" }}'
    tf.write("main.tf", backend("vendor.tfstate", LOCK_MODES["lockfile"], refusing))
    refused = tf.run("init")
    assert refused.code == 1
    assert "is not authorized to perform: sts:AssumeRole" in refused.text

    working = f'assume_role = {{ role_arn = "{arn}", external_id = "vendor-7" }}'
    block = backend("vendor.tfstate", LOCK_MODES["lockfile"], working)
    tf.write("main.tf", block + value("by vendor"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")
    assert tf.ok("output", "-raw", "it") == "by vendor"

"""Who may: roles, wrong credentials, and the same over TLS."""

from collections.abc import Callable, Iterator

import pytest

from certificates import certificate
from real_clients import Server, Terraform, start, stop
from roles import make_role
from terraform_blocks import LOCK_MODES, backend, large, value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


def test_a_role_is_assumed(project: Project, server: Server) -> None:
    """`role_arn` in the block works: the state is written with session credentials."""
    arn = make_role(server.client("iam"), "terraform")
    role = f'assume_role = {{ role_arn = "{arn}" }}'
    tf = project()
    tf.write("main.tf", backend("role.tfstate", LOCK_MODES["both"], role) + value("by-role"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    assert tf.ok("output", "-raw", "it") == "by-role"


def test_a_wrong_secret_is_refused(project: Project) -> None:
    """Nothing works with a wrong secret, and terraform says that it is the signature."""
    tf = project()
    tf.write("main.tf", backend("wrong.tfstate", LOCK_MODES["dynamodb"]) + value("x"))

    refused = tf.run("init", env={"AWS_SECRET_ACCESS_KEY": "wrong-secret-of-nobody-at-all"})

    assert refused.code == 1
    assert "SignatureDoesNotMatch" in refused.text


def test_an_unknown_access_key_is_refused(project: Project) -> None:
    """Nothing works with a key that does not exist."""
    tf = project()
    tf.write("main.tf", backend("unknown.tfstate", LOCK_MODES["dynamodb"]) + value("x"))

    refused = tf.run("init", env={"AWS_ACCESS_KEY_ID": "AKIANOBODYATALL00000"})

    assert refused.code == 1
    assert "InvalidClientTokenId" in refused.text


def test_credential_validation_may_be_skipped(project: Project) -> None:
    """Clients that skip validation ask IAM instead, or nobody."""
    tf = project()
    skip = "skip_credentials_validation = true"
    tf.write("main.tf", backend("skipped.tfstate", LOCK_MODES["both"], skip) + value("x"))
    tf.ok("init")

    tf.ok("apply", "-auto-approve")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that speaks TLS, with a certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = certificate(folder)
    options = ("--tls-certificate", str(cert), "--tls-key", str(key))
    process, running = start(folder / "data", *options)
    env = {**running.env, "AWS_CA_BUNDLE": str(cert)}
    yield Server(running.data, env, running.said)
    stop(process)


@pytest.mark.parametrize("mode", list(LOCK_MODES))
def test_over_tls_bodies_come_in_chunks_with_trailers(
    project: Project, secure: Server, mode: str
) -> None:
    """Over TLS the SDK sends aws-chunked bodies with a trailing checksum; they arrive whole."""
    tf = project(on=secure)
    tf.write("main.tf", backend(f"tls/{mode}.tfstate", LOCK_MODES[mode]) + value("sealed"))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    assert tf.ok("output", "-raw", "it") == "sealed"
    tf.ok("destroy", "-auto-approve")


def test_over_tls_a_large_state_goes_in_parts(project: Project, secure: Server) -> None:
    """Parts are chunked too."""
    tf = project(on=secure)
    tf.write("main.tf", backend("tls/large.tfstate", LOCK_MODES["lockfile"]) + large(40))
    tf.ok("init")
    tf.ok("apply", "-auto-approve")

    assert "No changes" in tf.ok("plan", "-detailed-exitcode")

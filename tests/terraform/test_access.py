"""Who may: roles, wrong credentials, and the same over TLS."""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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
    certificate, key = certify(folder)
    options = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    process, running = start(folder / "data", *options)
    env = {**running.env, "AWS_CA_BUNDLE": str(certificate)}
    yield Server(running.data, env, running.said)
    stop(process)


def certify(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "holdfast test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    paths[1].chmod(0o600)
    return paths


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

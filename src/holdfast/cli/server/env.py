"""`holdfast env`: the shell lines that point Terraform, the aws CLI and the SDKs at the server."""

import shlex
from pathlib import Path

import click

from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.output import CommandFailed
from holdfast.cli.server import credentials, endpoint
from holdfast.cli.server.credentials import Credentials
from holdfast.cli.server.endpoint import Endpoint
from holdfast.cli.server.failures import explaining
from holdfast.cli.server.options import setting_options, settings_from

# Each would win over, or break, what is exported: a service's own endpoint makes Terraform's backend
# put the bucket into the host name; a profile or a session token replaces the credentials.
UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_S3_ENDPOINT",
    "AWS_DYNAMODB_ENDPOINT",
    "AWS_STS_ENDPOINT",
    "AWS_IAM_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


def lines(where: Endpoint, key: Credentials) -> list[str]:
    """Return the shell lines, quoted for any POSIX shell."""
    exports = {
        "AWS_ENDPOINT_URL": where.url,
        "AWS_REGION": where.region,
        "AWS_DEFAULT_REGION": where.region,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
    }
    if where.ca_bundle:
        exports["AWS_CA_BUNDLE"] = where.ca_bundle
    printed = [f"unset {' '.join(UNSET)}"]
    return printed + [f"export {name}={shlex.quote(value)}" for name, value in exports.items()]


def known(data: Path) -> tuple[Endpoint, Credentials]:
    """Return what a data directory says about its server.

    Raises:
        CommandFailed: there is no such directory, or its server never ran.
    """
    with explaining(data):  # another user's directory is not one without a server
        (data / endpoint.NAME).exists()
    where, key = endpoint.read(data), credentials.read(data)
    if where is None:
        raise CommandFailed(
            f"no server has run on the data directory {data}",
            f"Start one with 'holdfast serve --data {shlex.quote(str(data))}', "
            "or name another directory with --data DIR.",
            ExitCode.NO_DATA,
        )
    if key is None:
        raise CommandFailed(
            f"cannot read {data / credentials.NAME}",
            "It belongs to the user who runs the server; run this as that user.",
            ExitCode.NO_DATA,
        )
    return where, key


@click.command(
    "env",
    epilog=epilog('eval "$(holdfast env)"', 'eval "$(holdfast env --data /srv/holdfast)"'),
)
@setting_options(["data"])
def env(**flags: str | None) -> None:
    """Print what a shell needs to reach the server.

    Use it as: eval "$(holdfast env)"
    """
    for line in lines(*known(settings_from(flags).data)):
        click.echo(line)

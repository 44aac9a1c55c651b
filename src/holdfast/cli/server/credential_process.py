"""`holdfast credentials`: credentials of its own for every process, as AWS's `credential_process`.

Source: "Process credential provider" in the AWS SDKs and tools reference guide.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from holdfast.cli.exit_codes import epilog
from holdfast.cli.output import print_json
from holdfast.cli.server.env import known
from holdfast.cli.server.options import setting_options, settings_from
from holdfast.cli.state.spans import span

if TYPE_CHECKING:
    from holdfast.operations.fresh_credentials import Source

_VERSION = 1  # of the document, as AWS's page has it


@click.command(
    "credentials",
    epilog=epilog(
        "holdfast credentials --data /srv/holdfast",
        "holdfast credentials --source-profile holdfast-key --duration 1h",
        "holdfast credentials --role-arn arn:aws:iam::123456789012:role/deploy",
    ),
)
@setting_options(["data"])
@click.option(
    "--source-profile",
    "profile",
    metavar="NAME",
    help="The AWS profile that has the long-lived access key.",
)
@click.option(
    "--endpoint-url",
    "endpoint",
    metavar="URL",
    help="Where the server is, if neither the profile nor AWS_ENDPOINT_URL says it.",
)
@click.option("--role-arn", metavar="ARN", help="Assume this role.")
@click.option("--session-name", metavar="NAME", help="With --role-arn. [default: USER@HOST]")
@click.option("--external-id", metavar="ID", help="With --role-arn, where its trust asks for one.")
@click.option(
    "--duration",
    callback=span,
    metavar="SPAN",
    help="How long they last, such as 30m or 12h. [default: 12h; 1h for a role]",
)
def credentials(
    *,
    profile: str | None,
    endpoint: str | None,
    role_arn: str | None,
    session_name: str | None,
    external_id: str | None,
    duration: timedelta | None,
    **flags: str | None,
) -> None:
    """Print fresh temporary credentials, for AWS's credential_process.

    In a profile of ~/.aws/config, credential_process = /usr/local/bin/holdfast credentials
    --source-profile key gives every process that uses the profile a session of its own, so that the
    server can tell two runs of one user apart. It is made with the access key of a data directory
    (--data), of another profile (--source-profile) or of the environment, and ends with that key.
    """
    from holdfast.operations.fresh_credentials import Wanted, issue

    source = _source(flags, profile, endpoint)
    fresh = issue(source, Wanted(duration, role_arn, session_name, external_id))
    print_json(
        {
            "Version": _VERSION,
            "AccessKeyId": fresh.access_key_id,
            "SecretAccessKey": fresh.secret_access_key,
            "SessionToken": fresh.session_token,
            "Expiration": fresh.expires,
        }
    )


def _source(flags: dict[str, str | None], profile: str | None, endpoint: str | None) -> "Source":
    from holdfast.operations.fresh_credentials import Source

    if profile and flags.get("data"):
        raise click.UsageError("--data and --source-profile each name a key: give one of them")
    if profile:
        return Source(profile=profile, endpoint=endpoint)
    settings = settings_from(flags)
    if "data" not in settings.given:
        return Source(endpoint=endpoint)
    where, key = known(settings.data)
    return Source(
        access_key=key.access_key_id,
        secret_key=key.secret_access_key,
        endpoint=endpoint or where.url,
        region=where.region,
        ca_bundle=where.ca_bundle or None,
    )

"""The options of all bootstrap commands: what the backend should be, and how it is reached."""

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from holdfast.cli.state.target import Function, endpoint_option, profile_option

if TYPE_CHECKING:
    from holdfast.client.config.discovery import Discovered
    from holdfast.client.connect import Connection
    from holdfast.operations.bootstrap.desired import Desired

# The file, as help shows it. A test reads it.
EXAMPLE = """\
bucket  = "acme-terraform-state"
region  = "eu-central-1"
account = "123456789012"            # no other account is touched
lock    = "both"                    # or "lockfile", "table"

[tags]
team = "platform"

[encryption]
mode = "kms"                        # or "sse-s3"
# key = "arn:aws:kms:..."           # an existing key instead of a new one
alias = "alias/acme-terraform-state"
rotation = true
deletion_window_days = 30

[versions]                          # that are no longer the newest; 0 days: for ever
days = 90
keep = 10                           # so many stay, however old
lock_file_days = 7
upload_days = 7

[table]
name = "acme-terraform-locks"
point_in_time_recovery = true
deletion_protection = true
encryption = "key"                  # or "aws-managed", "aws-owned"

[policy]
tls_only = true                     # never where the endpoint itself is plain HTTP
encryption = true                   # deny weaker encryption than the bucket's

# [logging]
# bucket = "acme-access-logs"       # exists, and lets S3 write
# prefix = "terraform-state/"
"""


class Asked(NamedTuple):
    """What the options ask for."""

    desired: "Desired"
    connection: "Connection"


def _tags(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> Any:
    pairs = [text.partition("=") for text in given]
    wrong = next((name for name, equals, _ in pairs if not equals or not name), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} is not NAME=VALUE")
    return {name: value for name, _, value in pairs}


_OPTIONS = (
    click.option(
        "--config",
        "file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A TOML file that says what the backend should be; flags win over it.",
    ),
    click.option(
        "--chdir",
        "directory",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="The Terraform directory whose backend is meant, instead of this one.",
    ),
    click.option(
        "--bucket",
        metavar="NAME",
        help="The bucket of the states. [default: that of the Terraform directory]",
    ),
    click.option("--region", metavar="REGION", help="Where it is. Otherwise AWS_REGION's."),
    click.option("--account", metavar="ID", help="Refuse to touch any other account."),
    click.option(
        "--lock",
        type=click.Choice(["lockfile", "table", "both"]),
        help="Where locks are kept. Terraform before 1.10 knows tables only. [default: lockfile]",
    ),
    click.option("--lock-table", metavar="NAME", help="The table. [default: BUCKET-locks]"),
    click.option(
        "--encryption",
        type=click.Choice(["kms", "sse-s3"]),
        help="Encrypt under a KMS key, or under keys of S3. [default: kms]",
    ),
    click.option("--kms-key", metavar="KEY", help="An existing key: ARN, id or alias."),
    click.option(
        "--alias", metavar="ALIAS", help="The alias of the key to make. [default: alias/BUCKET]"
    ),
    click.option(
        "--tag", "tags", metavar="NAME=VALUE", multiple=True, callback=_tags, help="A tag."
    ),
    click.option("--log-bucket", metavar="NAME", help="Log accesses to this bucket."),
    endpoint_option,
    profile_option,
)
adopt_option = click.option(
    "--adopt", is_flag=True, help="Take over a bucket, table or key that bootstrap did not make."
)

# option -> where its value stands in the file
_PLACES = {
    "bucket": ("bucket",),
    "region": ("region",),
    "account": ("account",),
    "lock": ("lock",),
    "lock_table": ("table", "name"),
    "encryption": ("encryption", "mode"),
    "kms_key": ("encryption", "key"),
    "alias": ("encryption", "alias"),
    "tags": ("tags",),
    "log_bucket": ("logging", "bucket"),
}
_BESIDE = ("file", "directory", "endpoint", "profile")


def backend_options(function: Function) -> Function:
    """Give a command the options; it receives them as `asked: Asked`."""

    @functools.wraps(function)
    def called(**options: Any) -> Any:
        given = {name: options.pop(name) for name in (*_PLACES, *_BESIDE)}
        return function(asked=_asked(given), **options)

    decorated: Function = called
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _asked(given: dict[str, Any]) -> Asked:
    from holdfast.client.settings import BackendSettings, Endpoints
    from holdfast.operations.bootstrap.read import connection_for, located
    from holdfast.operations.bootstrap.settings_file import desired_of, said_by

    said = said_by(given["file"], _nested(given))
    if "bucket" not in said:
        return _asked_in_directory(given, said)
    if given["directory"]:
        raise click.UsageError("--chdir is of no use: a bucket is named.")
    desired = desired_of(said, given["file"])
    url = given["endpoint"]
    settings = BackendSettings(
        desired.bucket,
        profile=given["profile"],
        endpoints=Endpoints(s3=url, dynamodb=url, kms=url, sts=url),
    )
    connection = connection_for(desired, settings)
    return Asked(located(connection, desired), connection)


def _asked_in_directory(given: dict[str, Any], said: dict[str, Any]) -> Asked:
    """Return what the backend of a Terraform directory asks for, where the options say nothing."""
    from holdfast.cli.output import note, warn
    from holdfast.operations.bootstrap.from_backend import asked_by, without_contradiction
    from holdfast.operations.bootstrap.read import connection_for, located
    from holdfast.operations.bootstrap.read_key import with_own_key
    from holdfast.operations.bootstrap.settings_file import desired_of, merged

    found = _found_in(given, said)
    note(f"No bucket is named: this is about {found.settings.bucket} ({found.origins['bucket']}).")
    for remark in found.warnings:
        warn(str(remark))
    below = without_contradiction(asked_by(found.settings), said)
    desired = desired_of(merged(below, said), given["file"])
    connection = connection_for(desired, found.settings)
    desired = located(connection, desired)
    if "encryption" in below:
        desired = with_own_key(connection, desired)
    return Asked(desired, connection)


def _found_in(given: dict[str, Any], said: dict[str, Any]) -> "Discovered":
    from holdfast.client.config.discovery import look
    from holdfast.client.config.given import Given
    from holdfast.client.errors import NotConfigured

    options = {name: given[name] for name in ("endpoint", "profile")}
    where = Given(given["directory"] or Path(), region=said.get("region"), **options)
    found = look(where, os.environ, need_key=False)
    if found.errors:
        raise NotConfigured(
            f"no bucket is named, and {found.errors[0].happened}",
            'Say --bucket NAME, set bucket = "NAME" in the file of --config, or name a Terraform '
            "directory with --chdir DIR.",
        )
    return found


def _nested(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, place in _PLACES.items():
        if not given[name]:
            continue
        inner = found
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
        inner[place[-1]] = given[name]
    return found

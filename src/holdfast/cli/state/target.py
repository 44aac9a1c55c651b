"""Which backend and which state a command means: shared options, and the way from them to a Backend."""

import functools
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.client.config.given import Given

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.client.config.discovery import Discovered
    from holdfast.client.connect import Connection

Target = Given  # what the options below say
Function = Callable[..., Any]


def chdir_option(text: str) -> Function:
    """Return the option for another Terraform directory, with this line of help."""
    return click.option(
        "--chdir",
        "directory",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        help=text,
    )


endpoint_option = click.option(
    "--endpoint", metavar="URL", help="A server other than AWS, for all services."
)
profile_option = click.option("--profile", metavar="NAME", help="The AWS profile.")

_OPTIONS = (
    chdir_option("The Terraform directory that says where the state is, instead of this one."),
    click.option(
        "--url",
        metavar="URL",
        help="The backend: s3://BUCKET/KEY?region=..&lock_table=..&use_lockfile=true&endpoint=.. "
        "Then no Terraform directory is read.",
    ),
    click.option("--bucket", metavar="NAME", help="The bucket of the states."),
    click.option("--key", metavar="KEY", help="The key of the state, without its workspace."),
    click.option("--region", metavar="REGION", help="The region of the bucket and the table."),
    click.option("--lock-table", metavar="NAME", help="The DynamoDB table that holds the locks."),
    click.option(
        "--use-lockfile/--no-use-lockfile", default=None, help="Lock with a file in the bucket."
    ),
    endpoint_option,
    profile_option,
    click.option(
        "--workspace", metavar="NAME", help="The workspace, instead of the one selected there."
    ),
    click.option(
        "--backend-config",
        "backend_config",
        metavar="FILE|NAME=VALUE",
        multiple=True,
        help="As for 'terraform init': a file of arguments, or one of them.",
    ),
)
_FIELDS = frozenset(Given.__dataclass_fields__) - {"state"}  # an argument, not an option
_SERVER_VARIABLES = ("AWS_ENDPOINT_URL_HOLDFAST", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")

state_argument = click.argument("state", metavar="[STATE]", required=False)


def target_options(function: Function) -> Function:
    """Give a command the options that say where states are; it receives them as `target: Target`."""
    return gathered(function, _OPTIONS, _FIELDS)


def gathered(function: Function, options: Sequence[Function], fields: Collection[str]) -> Function:
    """Give a command options that it receives together, as `target: Target`.

    Args:
        function: the command.
        options: decorators, in the order of the help.
        fields: the fields of a target that they fill.
    """

    @functools.wraps(function)
    def called(**values: Any) -> Any:
        given = {name: values.pop(name) for name in fields}
        return function(target=Given(**given), **values)

    decorated: Function = called
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def discovered(
    target: Target, state: str | None = None, *, whole_bucket: bool = False
) -> "Discovered":
    """Return what the options, the directory and the environment say.

    Args:
        target: what the options say.
        state: a state that the user named: the key of an object, or an `s3://` URL.
        whole_bucket: the command needs no key.

    Raises:
        HoldfastError: nothing, too little or something contradictory is said.
    """
    from holdfast.client.config.discovery import discover

    return discover(target.naming(state), os.environ, need_key=not whole_bucket)


def backend_of(
    target: Target, state: str | None = None, *, whole_bucket: bool = False
) -> "Backend":
    """Return the backend that the options, the directory and the environment say.

    What is questionable but usable is said on standard error. Arguments and errors are those of
    `discovered`.
    """
    from holdfast.cli.output import warn
    from holdfast.client.backend import Backend

    found = discovered(target, state, whole_bucket=whole_bucket)
    for remark in found.warnings:
        warn(str(remark))
    return Backend(found.settings, found.workspace)


def connection_of(target: Target) -> "Connection":
    """Return the way to the server that the options, the directory and the environment say.

    For what is about a whole server: where an endpoint is said, no bucket need be. Errors are those of
    `discovered`.
    """
    from holdfast.client.config.discovery import look
    from holdfast.client.connect import Connection

    settings = look(target, os.environ, need_key=False).settings
    said = [settings.endpoints.s3, *(os.environ.get(name) for name in _SERVER_VARIABLES)]
    if not settings.bucket and any(said):
        return Connection(settings)
    return backend_of(target, whole_bucket=True).connection

"""How the access commands reach IAM, and how what it refuses ends them."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed
from holdfast.client.config.given import Given

if TYPE_CHECKING:
    from holdfast.client.connect import Connection
    from holdfast.client.settings import BackendSettings

Function = Callable[..., Any]

_ANY_REGION = "us-east-1"  # IAM has none, and its client wants one
_FIELDS = ("directory", "region", "endpoint", "profile")
_OPTIONS = (
    click.option(
        "--chdir",
        "directory",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        help="The Terraform directory whose backend is meant, instead of this one.",
    ),
    click.option("--region", metavar="REGION", help="The region. Otherwise AWS_REGION's."),
    click.option("--endpoint", metavar="URL", help="A server other than AWS, for all services."),
    click.option("--profile", metavar="NAME", help="The AWS profile."),
)


def service_options(function: Function) -> Function:
    """Give a command the options that say where IAM is; it receives them as `target: Given`."""

    @functools.wraps(function)
    def called(**options: Any) -> Any:
        given = {name: options.pop(name) for name in _FIELDS}
        return function(target=Given(**given), **options)

    decorated: Function = called
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def connection_of(target: Given, bucket: str = "") -> "Connection":
    """Return the way to the services that the options, the directory and the environment say.

    Args:
        target: what the options say.
        bucket: the bucket whose policy is looked at, if there is one.

    Raises:
        HoldfastError: what is said cannot be read, or makes no sense.
    """
    from holdfast.client.config.discovery import look

    settings = look(target, os.environ, need_key=False).settings
    return _located(settings.changed(bucket=bucket) if bucket else settings)


def _located(settings: "BackendSettings") -> "Connection":
    from holdfast.client.connect import Connection
    from holdfast.client.errors import NotConfigured

    connection = Connection(settings)
    try:
        _ = connection.region
    except NotConfigured:
        if settings.profile:  # it may not exist, which has to be said
            _ = connection.session
        return Connection(settings.changed(region=_ANY_REGION))
    return connection


@contextmanager
def refusals() -> Iterator[None]:
    """Give what IAM refuses its exit code.

    Raises:
        CommandFailed: something inside was refused, or is not there.
    """
    from holdfast.operations.identities.refusals import NoSuchIdentity, Refused

    try:
        yield
    except NoSuchIdentity as missing:
        raise CommandFailed(missing.happened, missing.next_step, ExitCode.NOT_FOUND) from missing
    except Refused as refused:
        raise CommandFailed(refused.happened, refused.next_step, ExitCode.REFUSED) from refused

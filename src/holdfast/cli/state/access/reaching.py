"""How the access commands reach IAM, and how what it refuses ends them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed
from holdfast.cli.state.target import (
    Function,
    chdir_option,
    endpoint_option,
    gathered,
    profile_option,
)
from holdfast.client.config.given import Given

if TYPE_CHECKING:
    from holdfast.client.connect import Connection
    from holdfast.client.settings import BackendSettings

_ANY_REGION = "us-east-1"  # IAM has none, and its client wants one
_FIELDS = ("directory", "region", "endpoint", "profile")
_OPTIONS = (
    chdir_option("The Terraform directory whose backend is meant, instead of this one."),
    click.option("--region", metavar="REGION", help="The region. Otherwise AWS_REGION's."),
    endpoint_option,
    profile_option,
)


def service_options(function: Function) -> Function:
    """Give a command the options that say where IAM is; it receives them as `target: Given`."""
    return gathered(function, _OPTIONS, _FIELDS)


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

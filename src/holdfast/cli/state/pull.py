"""`holdfast pull`: the bytes of a state."""

import sys

import click

from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.output import warn
from holdfast.cli.state.target import Target, backend_of, state_argument, target_options

version_option = click.option(
    "--version",
    metavar="VERSION",
    help="An older version: latest~1, serial:12, @2h, '@2026-01-31 14:05' or a version's id.",
)


@click.command(
    "pull",
    epilog=epilog(
        "holdfast pull > backup.tfstate",
        "holdfast pull prod/network/terraform.tfstate --version latest~1",
    ),
)
@state_argument
@target_options
@version_option
def pull(*, target: Target, state: str | None, version: str | None) -> int:
    """Write a state to standard output, exactly as it is stored.

    STATE is the key of the object; without it, the state of this directory. A state whose digest in
    the lock table is of other content, which Terraform refuses to read, is written too, with a warning.
    """
    from holdfast.operations.looking import look

    looked = look(backend_of(target, state), version)
    sys.stdout.buffer.write(looked.stored.body)
    sys.stdout.flush()
    if looked.wrong:
        warn(str(looked.wrong))
    return ExitCode.OK

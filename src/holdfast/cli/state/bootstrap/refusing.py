"""How a refusal of bootstrap ends a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed


@contextmanager
def refusals() -> Iterator[None]:
    """Give refusals their own exit code.

    Raises:
        CommandFailed: something inside was refused.
    """
    from holdfast.operations.bootstrap.refusals import Refused

    try:
        yield
    except Refused as refused:
        raise CommandFailed(refused.happened, refused.next_step, ExitCode.REFUSED) from refused

"""`holdfast override`: leave to write a state once although a rule refuses it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from holdfast.cli.amounts import timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import print_json, say
from holdfast.cli.state.spans import span
from holdfast.cli.state.target import (
    Target,
    backend_of,
    connection_of,
    state_argument,
    target_options,
)
from holdfast.cli.tables import print_table

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.operations.overrides import Leave


@click.command(
    "override",
    epilog=epilog(
        "holdfast override --reason 'restored from the backup of Monday'",
        "holdfast override s3://states/prod/app.tfstate --reason 'ticket 4711' --for 30m",
        "holdfast override --list",
        "holdfast override prod/app.tfstate --cancel",
    ),
)
@state_argument
@target_options
@click.option("--reason", metavar="TEXT", help="What for; it is written into the journal.")
@click.option(
    "--for",
    "lasting",
    metavar="SPAN",
    callback=span,
    help="How long the leave can be used, such as 30m. 10 minutes if not said, a day at most.",
)
@click.option("--list", "list_", is_flag=True, help="Show the leave that is given and not used.")
@click.option("--cancel", is_flag=True, help="Take back what was given for the state.")
@json_option
def override(
    *,
    target: Target,
    state: str | None,
    reason: str | None,
    lasting: timedelta | None,
    list_: bool,
    cancel: bool,
    as_json: bool,
) -> int:
    """Let one write of a state pass although a rule of the server refuses it.

    The next write that needs it uses it up, whoever makes it; one that no rule refuses does not. It
    ends by itself. Giving, using and taking back are journaled, with the reason.
    """
    _check(reason=reason, lasting=lasting, list_=list_, cancel=cancel)
    if list_:
        return _list(target, state, as_json=as_json)
    backend = backend_of(target, state)
    address = backend.address
    if cancel:
        from holdfast.operations.overrides import cancel as take_back

        take_back(backend.connection, address.bucket, address.object_key)
        if as_json:
            print_json({"state": address.url, "given": False})
        else:
            say(f"No leave is given for {safe(address.url)}.")
        return ExitCode.OK
    return _grant(backend, reason or "", lasting, as_json=as_json)


def _check(*, reason: str | None, lasting: timedelta | None, list_: bool, cancel: bool) -> None:
    if list_ and cancel:
        raise click.UsageError("--list and --cancel exclude each other")
    if (list_ or cancel) and (reason is not None or lasting is not None):
        raise click.UsageError("--reason and --for are for giving leave")
    if not list_ and not cancel and not (reason or "").strip():
        raise click.UsageError("say what for: --reason TEXT")
    if lasting is not None and not timedelta(seconds=10) <= lasting <= timedelta(days=1):
        raise click.UsageError("--for is 10s to 1d")


def _grant(backend: "Backend", reason: str, lasting: timedelta | None, *, as_json: bool) -> int:
    from holdfast.operations.overrides import USUAL, grant

    address = backend.address
    leave = grant(backend.connection, address.bucket, address.object_key, reason, lasting or USUAL)
    if as_json:
        print_json(_document(leave))
    else:
        say(f"One write of {safe(leave.url)} may pass, until {timestamp(leave.until)}.", Style.GOOD)
        say("Write it again now.")
    return ExitCode.OK


def _list(target: Target, state: str | None, *, as_json: bool) -> int:
    from holdfast.operations.overrides import given

    if state is None:
        found = list(given(connection_of(target)))
    else:
        backend = backend_of(target, state)
        address = backend.address
        near = given(backend.connection, address.bucket, address.object_key)
        found = [leave for leave in near if leave.key == address.object_key]
    if as_json:
        print_json({"overrides": [_document(leave) for leave in found]})
        return ExitCode.OK
    rows = [(leave.url, _short(leave.by), timestamp(leave.until), leave.reason) for leave in found]
    print_table(["STATE", "BY", "UNTIL", "REASON"], rows, empty="No leave is given.")
    return ExitCode.OK


def _short(arn: str) -> str:
    """Return what follows the account in an ARN."""
    return arn.rpartition(":")[2] or arn


def _document(leave: "Leave") -> dict[str, str | datetime]:
    return {
        "state": leave.url,
        "bucket": leave.bucket,
        "key": leave.key,
        "by": leave.by,
        "reason": leave.reason,
        "granted": leave.granted,
        "until": leave.until,
    }

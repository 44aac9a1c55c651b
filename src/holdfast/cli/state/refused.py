"""`holdfast refused`: writes that a rule of the server refused, and whose bodies it keeps."""

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.amounts import human_size, timestamp
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.groups import ListGroup
from holdfast.cli.options import complete_files, json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, note, print_json, say
from holdfast.cli.state.target import (
    Target,
    backend_of,
    connection_of,
    state_argument,
    target_options,
)
from holdfast.cli.state.waiting import lock_timeout_option, tell_waiting
from holdfast.cli.tables import Column, print_fields, print_table

if TYPE_CHECKING:
    from holdfast.client.backend import Backend
    from holdfast.operations.compare import Comparison
    from holdfast.operations.refused import Promotion, Refused

id_argument = click.argument("id_", metavar="ID")


@click.group(
    "refused",
    cls=ListGroup,
    epilog=epilog(
        "holdfast refused",
        "holdfast refused diff 20260131T140500.123456Z-5FA1",
        "holdfast refused promote 20260131T140500.123456Z-5FA1",
    ),
)
def refused() -> None:
    """Show, fetch and promote writes that a rule of the server refused.

    Their bodies are kept for 90 days, as objects of the bucket holdfast-refused. ID is that of the
    list, a beginning of it that no other has, or the whole key there, as the refusal named it.
    """


@refused.command(
    "list", epilog=epilog("holdfast refused", "holdfast refused list prod/app.tfstate --json")
)
@state_argument
@target_options
@json_option
def list_(*, target: Target, state: str | None, as_json: bool) -> int:
    """List the refused writes that are kept: all that you may see, or those of STATE."""
    from holdfast.operations.refused import listed

    if state is None:
        found = list(listed(connection_of(target), target.bucket or ""))
    else:
        backend = backend_of(target, state)
        address = backend.address
        found = list(listed(backend.connection, address.bucket, address.object_key))
    found.sort(key=lambda one: (one.id, one.aside))
    if as_json:
        print_json({"refused": [_document(one) for one in found]})
        return ExitCode.OK
    rows = [(one.id, one.url, one.rule or None, one.serial, human_size(one.size)) for one in found]
    right = (Column("SERIAL", right=True), Column("SIZE", right=True))
    print_table(["ID", "STATE", "RULE", *right], rows, empty="No refused write is kept.")
    return ExitCode.OK


@refused.command("show", epilog=epilog("holdfast refused show 20260131T140500.123456Z-5FA1 --json"))
@id_argument
@target_options
@json_option
def show(*, target: Target, id_: str, as_json: bool) -> int:
    """Show what is known of a refused write: whose it was, which rule, what was compared."""
    from holdfast.operations.refused import find

    one = find(connection_of(target), id_)
    if as_json:
        print_json(_document(one))
        return ExitCode.OK
    print_fields(
        [
            ("State", one.url),
            ("Refused", timestamp(one.at) if one.at else None),
            ("Rule", one.rule or None),
            ("Because", one.reason or None),
            ("From", one.principal or None),
            ("Serial", one.serial),
            ("Lineage", one.lineage or None),
            ("Size", human_size(one.size)),
            ("Kept as", f"s3://holdfast-refused/{one.aside}"),
        ]
    )
    note(f"What it would change: holdfast refused diff {one.id}")
    note(f"To make it the state:  holdfast refused promote {one.id}")
    return ExitCode.OK


@refused.command("diff", epilog=epilog("holdfast refused diff 20260131T140500.123456Z-5FA1"))
@id_argument
@target_options
@click.option("--exit-code", is_flag=True, help="Exit with 15 if they differ.")
@json_option
def diff(*, target: Target, id_: str, exit_code: bool, as_json: bool) -> int:
    """Show what a refused write would change in the present state."""
    from holdfast.cli.state.diff import document_of, print_comparison
    from holdfast.operations.refused import body_of, find

    one = find(connection_of(target), id_)
    backend = _backend(target, one)
    found = _comparison(backend, one, body_of(backend.connection, one))
    if as_json:
        print_json(document_of(found))
    else:
        print_comparison(found)
    return ExitCode.FINDINGS if exit_code and not found.same else ExitCode.OK


@refused.command(
    "fetch",
    epilog=epilog(
        "holdfast refused fetch 20260131T140500.123456Z-5FA1 -o refused.tfstate",
        "holdfast refused fetch 20260131T140500.123456Z-5FA1 | jq .serial",
    ),
)
@id_argument
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=complete_files,
    help="Write it to this file, which must not be there. Standard output if not said.",
)
@target_options
def fetch(*, target: Target, id_: str, output: str | None) -> int:
    """Write the body of a refused write to a file or to standard output, byte for byte."""
    from holdfast.operations.refused import body_of, find

    connection = connection_of(target)
    body = body_of(connection, find(connection, id_))
    if output is None or output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(body)
        return ExitCode.OK
    try:
        # A state holds secrets.
        opened = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(body)
    except OSError as error:
        raise CommandFailed(
            f"{output} cannot be written: {error.strerror}", "", ExitCode.FAILED
        ) from None
    note(f"Written to {safe(output)}: {human_size(len(body))}.")
    return ExitCode.OK


@refused.command(
    "promote",
    epilog=epilog("holdfast refused promote 20260131T140500.123456Z-5FA1 --lock-timeout 5m"),
)
@id_argument
@target_options
@lock_timeout_option
@yes_option
@json_option
def promote(*, target: Target, id_: str, lock_timeout: timedelta, yes: bool, as_json: bool) -> int:
    """Make what was refused the state, under the lock, with a serial above the present one.

    Shows what would change, and asks. Where a rule would refuse it again (another lineage), it gives
    itself leave for this write, if you may give it. The present state stays as a version.
    """
    from holdfast.operations import refused as operations

    one = operations.find(connection_of(target), id_)
    backend = _backend(target, one)
    wait = lock_timeout.total_seconds()
    with backend.lock(
        operations.OPERATION, wait, f"refused {one.id}", on_wait=tell_waiting
    ) as held:
        plan = operations.prepare(backend, one)
        if not as_json:
            _show_change(backend, one, plan)
        confirm(_will(backend, plan), yes=yes, question="Write it?")
        written = operations.promote(backend, plan, held)
    if as_json:
        print_json(
            {
                "state": written.address.url,
                "serial": written.serial,
                "lineage": written.lineage,
                "version_id": written.version_id,
                "promoted": one.id,
            }
        )
    else:
        say(f"Written: {safe(written.address.url)} has serial {written.serial}.", Style.GOOD)
    return ExitCode.OK


def _show_change(backend: "Backend", one: "Refused", plan: "Promotion") -> None:
    from holdfast.cli.state.diff import print_comparison
    from holdfast.client.errors import HoldfastError

    try:
        print_comparison(_comparison(backend, one, plan.body))
    except HoldfastError as problem:
        say(f"What changes cannot be shown: {safe(problem.happened)}.", Style.WARNING)


def _will(backend: "Backend", plan: "Promotion") -> list[str]:
    new = f"serial {plan.header.serial}" if plan.header else "something that cannot be read"
    lines = [f"{backend.address.url} is replaced by what was refused, with {new}."]
    if plan.leave:
        lines.append("It is not a later state of the present one. Leave for one write is given.")
    return lines


def _backend(target: Target, one: "Refused") -> "Backend":
    if one.key is None:
        raise CommandFailed(
            f"the key that the refused write {one.id} was meant for is too long to be noted",
            f"Fetch it, and push it: holdfast refused fetch {one.id} -o FILE",
        )
    return backend_of(target, one.url)


def _comparison(backend: "Backend", one: "Refused", body: bytes) -> "Comparison":
    """Compare the present state with what was refused."""
    from holdfast.client.stored import not_a_state
    from holdfast.operations.compare import Comparison, Side
    from holdfast.terraform.diff import diff_unless_encrypted
    from holdfast.terraform.statefile import UnreadableState, parse

    try:
        present = backend.read(accept_mismatch=True)
        before, after = parse(present.body), parse(body)
    except UnreadableState as bad:
        raise not_a_state(backend.address, bad) from bad
    old = Side(f"{backend.address.object_key}, serial {before.serial}", before, present.body)
    new = Side(f"refused {one.id}, serial {after.serial}", after, body)
    change = diff_unless_encrypted(before, after)
    return Comparison(old, new, change, present.body == body)


def _document(one: "Refused") -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.url,
        "bucket": one.bucket,
        "key": one.key,
        "at": one.at,
        "size": one.size,
        "rule": one.rule or None,
        "reason": one.reason or None,
        "principal": one.principal or None,
        "serial": one.serial,
        "lineage": one.lineage or None,
        "kept_as": f"s3://holdfast-refused/{one.aside}",
    }

"""`holdfast rules`: how strictly the server holds its rules about states."""

from collections.abc import Mapping
from typing import Any

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.groups import DefaultGroup
from holdfast.cli.options import json_option
from holdfast.cli.output import print_json, say
from holdfast.cli.state.target import (
    Target,
    backend_of,
    connection_of,
    state_argument,
    target_options,
)
from holdfast.cli.tables import Cell, print_table

_STYLES = {"enforce": Style.PLAIN, "warn": Style.WARNING, "off": Style.DIM}
prefix_option = click.option(
    "--prefix", metavar="TEXT", help="Only for states whose key begins with this."
)
# Options have a bucket as well, which is that of a backend.
bucket_argument = click.argument("of_bucket", metavar="BUCKET")


@click.group(
    "rules",
    cls=DefaultGroup,
    epilog=epilog(
        "holdfast rules",
        "holdfast rules show prod/app.tfstate",
        "holdfast rules set states fence.unlocked=enforce --prefix prod/",
        "holdfast rules reset states --prefix prod/",
    ),
)
def rules() -> None:
    """Show and set how strictly a Holdfast server holds its rules about states.

    A rule is enforced (what it forbids is refused), warned of (it is done, and journaled), or off.
    What is set for a bucket and a prefix goes before what the server's configuration says; for each
    rule the longest prefix counts.
    """


@rules.command(
    "show", epilog=epilog("holdfast rules", "holdfast rules show s3://states/prod/app.tfstate")
)
@state_argument
@target_options
@json_option
def show(*, target: Target, state: str | None, as_json: bool) -> int:
    """Show each rule and how strictly it is held: for STATE, or where no bucket says anything."""
    from holdfast.operations.rule_modes import rules_of

    if state is None and target == Target():
        where, found = "", rules_of(connection_of(target))
    elif state is None and target.key is None:
        backend = backend_of(target, whole_bucket=True)
        bucket = backend.settings.bucket
        where, found = f"s3://{bucket}", rules_of(backend.connection, bucket)
    else:
        backend = backend_of(target, state)
        at = backend.address
        where, found = at.url, rules_of(backend.connection, at.bucket, at.object_key)
    if as_json:
        modes = {rule.name: rule.mode for rule in found.rules}
        print_json({"for": where or None, "rules": modes, "given": found.given})
        return ExitCode.OK
    rows = [
        (rule.name, Cell(rule.mode, _STYLES.get(rule.mode, Style.PLAIN)), rule.meaning)
        for rule in found.rules
    ]
    print_table(["RULE", "MODE", "FORBIDS"], rows, empty="The server has no rules.")
    if found.given:
        say()
        _print_given(found.given)
    return ExitCode.OK


@rules.command(
    "set",
    epilog=epilog(
        "holdfast rules set states fence.unlocked=enforce",
        "holdfast rules set states fence.emptied=enforce fence.unlocked=enforce --prefix prod/",
    ),
)
@bucket_argument
@click.argument("modes", metavar="RULE=MODE...", nargs=-1, required=True)
@prefix_option
@target_options
@json_option
def set_(
    *, target: Target, of_bucket: str, modes: tuple[str, ...], prefix: str | None, as_json: bool
) -> int:
    """Set how strictly rules are held in BUCKET: enforce, warn or off.

    Rules that are not named stay as they are. The change is journaled, and holds from the next request.
    """
    from holdfast.operations.rule_modes import set_modes

    given = set_modes(connection_of(target), of_bucket, prefix or "", _modes(modes))
    if as_json:
        print_json({"bucket": of_bucket, "given": given})
    else:
        _print_given(given)
    return ExitCode.OK


@rules.command(
    "reset",
    epilog=epilog("holdfast rules reset states", "holdfast rules reset states --prefix prod/"),
)
@bucket_argument
@prefix_option
@target_options
@json_option
def reset(*, target: Target, of_bucket: str, prefix: str | None, as_json: bool) -> int:
    """Forget what was set for a prefix of BUCKET; without --prefix, all that was set for it."""
    from holdfast.operations.rule_modes import reset as forget
    from holdfast.operations.rule_modes import rules_of

    connection = connection_of(target)
    forget(connection, of_bucket, prefix)
    given = rules_of(connection, of_bucket).given
    if as_json:
        print_json({"bucket": of_bucket, "given": given})
    else:
        _print_given(given)
    return ExitCode.OK


def _modes(words: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        rule, equals, mode = word.partition("=")
        if not equals or not rule or not mode:
            raise click.UsageError(f"'{word}' is not RULE=MODE, such as fence.unlocked=enforce")
        found[rule] = mode
    return found


def _print_given(given: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [
        (prefix or "(all)", rule, Cell(mode, _STYLES.get(mode, Style.PLAIN)))
        for prefix, modes in given.items()
        for rule, mode in sorted(modes.items())
    ]
    if not rows:
        say("Nothing is set for the bucket.")
        return
    print_table(["PREFIX", "RULE", "MODE"], [(safe(a), b, c) for a, b, c in rows])

"""`holdfast bootstrap verify`: whether a backend is as it should be."""

import click

from holdfast.cli.amounts import counted
from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import print_json, say
from holdfast.cli.state.bootstrap.options import Asked, adopt_option, backend_options
from holdfast.cli.state.bootstrap.printing import heading, note_plain_endpoint
from holdfast.cli.state.bootstrap.refusing import refusals
from holdfast.cli.state.bootstrap.words import words


@click.command(
    "verify",
    epilog=epilog(
        "holdfast bootstrap verify --config backend.toml",
        "holdfast bootstrap verify --bucket acme-terraform-state --json | jq -r '.findings[].id'",
    ),
)
@backend_options
@adopt_option
@json_option
def verify(*, asked: Asked, adopt: bool, as_json: bool) -> int:
    """Read everything again and tell what is not as it should be. Changes nothing.

    Ends with the code for findings if there is one, so CI can stop. Each finding has an id that
    stays the same over versions, such as bucket.versioning. What the endpoint does not offer is
    listed, and is no finding.
    """
    from holdfast.operations.bootstrap.plan import plan
    from holdfast.operations.bootstrap.read import read_actual
    from holdfast.operations.bootstrap.verify import findings

    with refusals():
        actual = read_actual(asked.connection, asked.desired)
    planned = plan(asked.desired, actual, adopt=adopt)
    found = findings(planned)
    missing = [step.id for step in planned.left_out]
    if as_json:
        print_json({"bucket": asked.desired.bucket, "findings": found, "not_offered": missing})
        return ExitCode.FINDINGS if found else ExitCode.OK
    say(heading(asked.desired, actual.identity), Style.STRONG)
    note_plain_endpoint(asked.desired, actual.identity)
    for finding in found:
        style = Style.BAD if finding.severity == "error" else Style.WARNING
        say(f"  {finding.severity}: {finding.id} {safe(finding.name)}", style)
        say(f"      {safe(finding.what)}")
        if finding.wanted is not None and "." in finding.id:
            say(f"      is: {safe(words(finding.id, finding.found))}")
            say(f"      should be: {safe(words(finding.id, finding.wanted))}")
    if missing:
        say(f"  not offered by this endpoint: {', '.join(missing)}", Style.DIM)
    if not found:
        say("Everything is as it should be.", Style.GOOD)
        return ExitCode.OK
    them = "them" if len(found) > 1 else "it"
    count = counted(len(found), "finding")
    say(f"{count}; 'holdfast bootstrap apply' with the same options mends {them}.")
    return ExitCode.FINDINGS

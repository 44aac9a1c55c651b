"""`holdfast bootstrap plan`: what apply would do."""

import click

from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import print_json
from holdfast.cli.state.bootstrap.options import EXAMPLE, Asked, adopt_option, backend_options
from holdfast.cli.state.bootstrap.printing import plan_document, print_plan
from holdfast.cli.state.bootstrap.refusing import refusals

# Without \b click would join the lines, and it holds for one paragraph.
_FILE = "\n\n".join(
    "    \b\n" + "\n".join(f"      {line}" for line in part.splitlines())
    for part in EXAMPLE.split("\n\n")
)


@click.command(
    "plan",
    help=f"""Show what apply would do, and why. Changes nothing.

    The file of --config has these settings; all but the bucket may be left out:

{_FILE}
    """,
    epilog=epilog(
        "holdfast bootstrap plan --bucket acme-terraform-state",
        "holdfast bootstrap plan --bucket acme-terraform-state --lock both --tag team=platform",
        "holdfast bootstrap plan --config backend.toml --json | jq .changes",
    ),
)
@backend_options
@adopt_option
@json_option
def plan(*, asked: Asked, adopt: bool, as_json: bool) -> int:
    """Show what apply would do."""
    from holdfast.operations.bootstrap.plan import plan as planned_from
    from holdfast.operations.bootstrap.read import read_actual

    with refusals():
        actual = read_actual(asked.connection, asked.desired)
    planned = planned_from(asked.desired, actual, adopt=adopt)
    if as_json:
        print_json(plan_document(asked.desired, planned))
    else:
        print_plan(asked.desired, planned)
    return ExitCode.REFUSED if planned.refusals else ExitCode.OK

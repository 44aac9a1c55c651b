"""`holdfast bootstrap destroy`: remove a backend that holds no state any more."""

import click

from holdfast.cli.colours import Style
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option, yes_option
from holdfast.cli.output import CommandFailed, confirm, print_json, say
from holdfast.cli.state.bootstrap.options import Asked, adopt_option, backend_options
from holdfast.cli.state.bootstrap.refusing import refusals


@click.command(
    "destroy",
    epilog=epilog(
        "holdfast bootstrap destroy --config backend.toml",
        "holdfast bootstrap destroy --bucket acme-terraform-state --with-versions --yes",
    ),
)
@backend_options
@adopt_option
@click.option(
    "--with-versions",
    is_flag=True,
    help="Remove old versions of deleted states too; they cannot be restored then.",
)
@yes_option
@json_option
def destroy(*, asked: Asked, adopt: bool, with_versions: bool, yes: bool, as_json: bool) -> int:
    """Remove the bucket, the table and the key.

    Refuses while there is a state, a held lock, or an old version of a deleted state, and while the
    table serves other buckets. The key is deleted after its window only; until then
    'aws kms cancel-key-deletion' saves it. A key that was named by --kms-key stays.
    """
    from holdfast.operations.bootstrap.destroy import destroy as remove
    from holdfast.operations.bootstrap.read import read_actual
    from holdfast.operations.bootstrap.removal import removal

    done: list[str] = []
    with refusals():
        actual = read_actual(asked.connection, asked.desired)
        found = removal(
            asked.connection, asked.desired, actual, adopt=adopt, with_versions=with_versions
        )
        if found.obstacles:
            raise CommandFailed(
                found.obstacles[0],
                "\n".join([*found.obstacles[1:], "Nothing was removed."]),
                ExitCode.REFUSED,
            )
        will = found.sentences(asked.desired)
        if will:
            confirm(will, yes=yes, question=f"Remove the backend {asked.desired.bucket}?")
            remove(
                asked.connection,
                asked.desired,
                found,
                told=done.append if as_json else (lambda what: say(what, Style.GOOD)),
            )
    if as_json:
        print_json({"bucket": asked.desired.bucket, "done": done})
    elif not will:
        say("There is nothing to remove.")
    return ExitCode.OK

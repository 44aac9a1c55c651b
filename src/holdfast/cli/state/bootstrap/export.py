"""`holdfast bootstrap export`: Terraform code with import blocks, and IAM policies."""

from pathlib import Path

import click

from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import note, print_json, say
from holdfast.cli.state.bootstrap.options import Asked, backend_options
from holdfast.cli.state.bootstrap.refusing import refusals


@click.command(
    "export",
    epilog=epilog(
        "holdfast bootstrap export --config backend.toml --out backend",
        "holdfast bootstrap export --bucket acme-terraform-state --out backend --overwrite",
    ),
)
@backend_options
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The directory to write into; made if it is not there.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that say something else.")
@json_option
def export(*, asked: Asked, out: Path, overwrite: bool, as_json: bool) -> int:
    """Write the backend as Terraform code, and IAM policies for those who use it.

    main.tf has an import block for everything that exists; after 'terraform apply' has imported it,
    plans are empty. backend.tf.example has the backend block.

    readers.json allows to read states and outputs; writers.json to plan and apply with locks
    (lock files need Put, Get and Delete on *.tflock) and to delete workspaces; operators.json also
    to list versions and locks, to delete states, and to read every setting.
    """
    from holdfast.operations.bootstrap.export import files, write
    from holdfast.operations.bootstrap.read import read_actual

    with refusals():
        actual = read_actual(asked.connection, asked.desired)
        paths = write(out, files(asked.desired, actual), overwrite=overwrite)
    if as_json:
        print_json({"files": paths})
        return ExitCode.OK
    for path in paths:
        say(f"{path}")
    if actual.bucket is None:
        note("The bucket does not exist yet: Terraform will make what has no import block.")
    return ExitCode.OK

"""`holdfast bootstrap`: make what a backend needs, keep it so, write it down, remove it."""

import click

from holdfast.cli.exit_codes import epilog
from holdfast.cli.groups import LazyCommands, Listed

_HERE = "holdfast.cli.state.bootstrap"


class _Commands(LazyCommands):
    sections = {
        "Commands": {
            "plan": Listed(f"{_HERE}.plan", "Show what apply would do. Changes nothing."),
            "apply": Listed(f"{_HERE}.apply", "Make what is missing, mend what differs."),
            "verify": Listed(
                f"{_HERE}.verify", "Tell in CI whether everything is as it should be."
            ),
            "destroy": Listed(f"{_HERE}.destroy", "Remove a backend that holds no state any more."),
            "export": Listed(f"{_HERE}.export", "Write Terraform code and IAM policies."),
        }
    }


@click.group(
    cls=_Commands,
    epilog=epilog(
        "holdfast bootstrap plan --bucket acme-terraform-state --region eu-central-1",
        "holdfast bootstrap apply --config backend.toml --yes",
        "holdfast bootstrap verify --config backend.toml --json",
    ),
)
def bootstrap() -> None:
    """Make the bucket, the KMS key and the lock table of a backend, and keep them as they should be.

    There is no state of its own: each command reads what there is through the S3, DynamoDB, KMS and
    STS APIs and compares it with what the flags and the file of --config ask for. Run again, apply
    changes nothing; after a crash it goes on; after a change by hand it mends.

    Where neither names a bucket, the backend of the Terraform directory is meant: its bucket, region,
    locks and key, and its way to AWS.

    A bucket of another account is never touched, and one that holds something else only with --adopt.
    What bootstrap makes has the tag managed-by=holdfast.
    """

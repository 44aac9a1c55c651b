"""The backend block that goes with a bootstrapped backend."""

from holdfast.operations.bootstrap.actual import Actual
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.hcl import text


def arguments(desired: Desired, actual: Actual) -> dict[str, str | bool]:
    """Return the arguments of the block, all but the key."""
    found: dict[str, str | bool] = {"bucket": desired.bucket, "region": desired.region}
    found["encrypt"] = True
    if desired.encryption.mode == "kms" and actual.key:
        # The ARN: an alias is looked up in the account of whoever asks.
        found["kms_key_id"] = actual.key.arn
    if desired.lock != "table":
        found["use_lockfile"] = True
    if desired.table_name:
        found["dynamodb_table"] = desired.table_name
    return found


def backend_block(
    desired: Desired, actual: Actual, key: str = "CHANGE-ME/terraform.tfstate"
) -> str:
    """Return the block as HCL."""
    said = arguments(desired, actual)
    said = {"bucket": said.pop("bucket"), "key": key, **said}
    width = max(map(len, said))
    lines = "\n".join(f"    {name.ljust(width)} = {_value(value)}" for name, value in said.items())
    return f'terraform {{\n  backend "s3" {{\n{lines}\n  }}\n}}\n'


def _value(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else text(value)

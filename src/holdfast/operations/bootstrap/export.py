"""Writing what a backend is made of as files: Terraform code and IAM policies."""

import json
from pathlib import Path

from holdfast.operations.bootstrap.actual import Actual
from holdfast.operations.bootstrap.backend_block import backend_block
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.export_iam import policies
from holdfast.operations.bootstrap.export_terraform import terraform_code
from holdfast.operations.bootstrap.refusals import Refused


def files(desired: Desired, actual: Actual) -> dict[str, str]:
    """Return the text of each file, by its name."""
    found = {
        "main.tf": terraform_code(desired, actual),
        "backend.tf.example": backend_block(desired, actual),
    }
    for role, policy in policies(desired, actual).items():
        found[f"{role}.json"] = json.dumps(policy, indent=2) + "\n"
    return found


def write(directory: Path, texts: dict[str, str], *, overwrite: bool = False) -> list[Path]:
    """Write the files; return their paths.

    Raises:
        Refused: one is there and says something else, and `overwrite` is not set.
        OSError: a file cannot be written.
    """
    paths = {directory / name: text for name, text in texts.items()}
    different = [
        path for path, text in paths.items() if path.exists() and path.read_text("utf-8") != text
    ]
    if different and not overwrite:
        raise Refused(
            f"{different[0]} exists and says something else",
            "Nothing was written. Choose another --out, or add --overwrite.",
        )
    directory.mkdir(parents=True, exist_ok=True)
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8")
    return list(paths)

"""The file that Terraform leaves where it could not store a state."""

from pathlib import Path

from holdfast.cli.state.target import Target


def lost_state(target: Target) -> Path:
    """Return where it lies, if there is one: always under this name, in the directory of the run.

    Source: `internal/backend/local/backend_apply.go` in Terraform (backupStateForError).
    """
    return target.directory / "errored.tfstate"

"""What `terraform init` left in a directory: the merged backend configuration, and the workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.client.config.block import json_of, read_text
from holdfast.client.config.origin import Origin, Source, Sourced
from holdfast.client.errors import NotConfigured
from holdfast.terraform.address import DEFAULT_WORKSPACE


@dataclass(frozen=True, slots=True)
class StoredBackend:
    """The backend that a directory is initialised for."""

    kind: str
    config: Mapping[str, Any]  # every argument that the client knows; None for those not set
    hash: int | None  # of the backend block as it was, see `block_hash`
    path: Path

    @property
    def arguments(self) -> dict[str, Sourced]:
        """The arguments that are set."""
        origin = Origin(Source.STORED, file=str(self.path))
        return {
            name: Sourced(value, origin) for name, value in self.config.items() if value is not None
        }


def data_directory(directory: Path, environ: Mapping[str, str]) -> Path:
    """Return the directory that `terraform init` writes into."""
    return directory / (environ.get("TF_DATA_DIR") or ".terraform")


def find_stored(directory: Path, environ: Mapping[str, str]) -> StoredBackend | None:
    """Return the backend that a directory is initialised for; None if it is not initialised.

    Raises:
        NotConfigured: the file cannot be read or understood.
    """
    path = data_directory(directory, environ) / "terraform.tfstate"
    if not path.is_file():
        return None
    document = json_of(path, read_text(path))
    backend = document.get("backend") if isinstance(document, dict) else None
    if not isinstance(backend, dict) or not backend.get("type"):
        return None
    config = backend.get("config")
    if not isinstance(config, dict):
        raise NotConfigured(
            f"{path} holds a backend without its configuration", "Run 'terraform init' again."
        )
    found = backend.get("hash")
    return StoredBackend(
        str(backend["type"]), config, found if isinstance(found, int) else None, path
    )


def find_workspace(directory: Path, environ: Mapping[str, str]) -> tuple[Sourced, Sourced | None]:
    """Return the workspace in use, and the selected one if a variable hides it."""
    path = data_directory(directory, environ) / "environment"
    selected = None
    if path.is_file():
        name = read_text(path).strip()
        selected = Sourced(name or DEFAULT_WORKSPACE, Origin(Source.STORED, file=str(path)))
    named = environ.get("TF_WORKSPACE")
    if named:
        used = Sourced(named, Origin(Source.ENVIRONMENT, "TF_WORKSPACE"))
        return used, selected if selected and selected.value != named else None
    unset = Sourced(DEFAULT_WORKSPACE, Origin(Source.ENVIRONMENT, "no workspace selected"))
    return selected or unset, None

"""What a user says about a backend beside the Terraform directory: flags, or keyword arguments."""

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Given:
    """What was said; None for what was not. Each is stronger than the directory and environment."""

    directory: Path = Path()
    url: str | None = None  # then no directory is read
    bucket: str | None = None
    key: str | None = None
    region: str | None = None
    lock_table: str | None = None
    use_lockfile: bool | None = None
    endpoint: str | None = None
    profile: str | None = None
    workspace: str | None = None
    backend_config: tuple[str, ...] = ()  # as `terraform init -backend-config` takes them
    state: str | None = None  # the key of an object, which holds its workspace

    def naming(self, state: str | None) -> "Given":
        """Return the same, for a state named by an object's key or an `s3://` URL."""
        if state is None:
            return self
        if state.startswith("s3://"):
            return replace(self, url=state)
        return replace(self, state=state)

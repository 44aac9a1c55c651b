"""Where a state is: bucket, key and workspace, and every name that follows from them.

Source: Terraform's `internal/backend/remote-state/s3` (backend_state.go: path, keyEnv; client.go:
lockPath, `-md5`, `.tflock`).
"""

from dataclasses import dataclass
from posixpath import normpath
from urllib.parse import quote

DEFAULT_WORKSPACE = "default"
WORKSPACE_KEY_PREFIX = "env:"
LOCK_FILE_SUFFIX = ".tflock"
DIGEST_SUFFIX = "-md5"


@dataclass(frozen=True, slots=True, order=True)
class StateAddress:
    """One state of a `backend "s3"`."""

    bucket: str
    key: str  # as the backend block says it, without the workspace
    workspace: str = DEFAULT_WORKSPACE
    workspace_key_prefix: str = WORKSPACE_KEY_PREFIX

    @property
    def object_key(self) -> str:
        """The key of the object that holds the state."""
        if self.workspace == DEFAULT_WORKSPACE:
            return self.key
        parts = (self.workspace_key_prefix, self.workspace, self.key)
        return normpath("/".join(part for part in parts if part))  # as Go's path.Join

    @property
    def lock_id(self) -> str:
        """The `LockID` of the lock item, which is also the `Path` of the lock document."""
        return f"{self.bucket}/{self.object_key}"

    @property
    def digest_id(self) -> str:
        """The `LockID` of the item that holds the MD5 of the state."""
        return self.lock_id + DIGEST_SUFFIX

    @property
    def lock_file_key(self) -> str:
        """The key of the lock file."""
        return self.object_key + LOCK_FILE_SUFFIX

    @property
    def url(self) -> str:
        """The address as `s3://bucket/object-key`."""
        return f"s3://{self.bucket}/{quote(self.object_key, safe='/:')}"

    def __str__(self) -> str:
        return self.lock_id

    def in_workspace(self, workspace: str) -> "StateAddress":
        """Return the same key in another workspace."""
        return StateAddress(self.bucket, self.key, workspace, self.workspace_key_prefix)


def address_of(
    bucket: str, object_key: str, workspace_key_prefix: str = WORKSPACE_KEY_PREFIX
) -> StateAddress:
    """Return the address whose state is kept under an object key.

    A key below the prefix belongs to the workspace that its next part names, as Terraform lists it.
    Without a prefix keys do not tell the workspace, and all are of the default one.
    """
    start = f"{workspace_key_prefix}/" if workspace_key_prefix else None
    if start and object_key.startswith(start):
        workspace, slash, key = object_key[len(start) :].partition("/")
        if workspace and slash and key:
            address = StateAddress(bucket, key, workspace, workspace_key_prefix)
            if address.object_key == object_key:  # not so for a workspace named "default"
                return address
    return StateAddress(bucket, object_key, DEFAULT_WORKSPACE, workspace_key_prefix)

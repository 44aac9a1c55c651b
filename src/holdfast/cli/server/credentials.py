"""The file `credentials` in the data directory: the administrator's access key, in AWS's INI form."""

import configparser
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

NAME = "credentials"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"Credentials({self.access_key_id!r}, ...)"


def write(data: Path, credentials: Credentials) -> None:
    """Write the file, readable by its owner only, durably and at once."""
    temporary = data / f".{NAME}.new"
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(
            "[default]\n"
            f"aws_access_key_id = {credentials.access_key_id}\n"
            f"aws_secret_access_key = {credentials.secret_access_key}\n"
        )
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(data / NAME)


def read(data: Path) -> Credentials | None:
    """Return what the file says, or None if it is not there or not understood."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string((data / NAME).read_text())
        section = parser["default"]
        return Credentials(section["aws_access_key_id"], section["aws_secret_access_key"])
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
        return None

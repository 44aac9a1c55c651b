"""The file `credentials` in the data directory: the administrator's access key, in AWS's INI form."""

import configparser
from dataclasses import dataclass
from pathlib import Path

from holdfast.engine.durable import write_private

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
    text = (
        "[default]\n"
        f"aws_access_key_id = {credentials.access_key_id}\n"
        f"aws_secret_access_key = {credentials.secret_access_key}\n"
    )
    write_private(data / NAME, text.encode())


def read(data: Path) -> Credentials | None:
    """Return what the file says, or None if it is not there or not understood."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string((data / NAME).read_text())
        section = parser["default"]
        return Credentials(section["aws_access_key_id"], section["aws_secret_access_key"])
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
        return None

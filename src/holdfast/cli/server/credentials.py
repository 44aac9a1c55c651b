"""The file `credentials` in the data directory: the administrator's access key, in AWS's INI form."""

from pathlib import Path

import msgspec

from holdfast.engine.durable import write_private

NAME = "credentials"


class Credentials(msgspec.Struct, frozen=True):
    """An access key."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"Credentials({self.access_key_id!r}, ...)"


def write(data: Path, credentials: Credentials) -> None:
    """Write the file, readable by its owner only, durably and at once."""
    write_private(data / NAME, _text(credentials))


def says(data: Path, credentials: Credentials) -> bool:
    """Whether the file is as `write` makes it. This is quicker than to read it."""
    try:
        return (data / NAME).read_bytes() == _text(credentials)
    except OSError:
        return False


def read(data: Path) -> Credentials | None:
    """Return what the file says, or None if it is not there or not understood."""
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string((data / NAME).read_text())
        section = parser["default"]
        return Credentials(section["aws_access_key_id"], section["aws_secret_access_key"])
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
        return None


def _text(credentials: Credentials) -> bytes:
    return (
        "[default]\n"
        f"aws_access_key_id = {credentials.access_key_id}\n"
        f"aws_secret_access_key = {credentials.secret_access_key}\n"
    ).encode()

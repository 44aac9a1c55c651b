"""What a command's exit code says. One table, printed in the help of every command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `holdfast`; `meaning` says what each is."""

    OK = 0
    FAILED = 1
    USAGE = 2
    IN_USE = 3
    NO_DATA = 4
    WRONG_KEY = 5
    CORRUPT = 6
    NEWER_FORMAT = 7
    REFUSED = 8
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """What it says, in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "it could not be done; the message says why",
    ExitCode.USAGE: "a flag, an argument or a setting has no meaning",
    ExitCode.IN_USE: "the data directory or the address is in use by another process",
    ExitCode.NO_DATA: "there is no data directory at that place",
    ExitCode.WRONG_KEY: "the root key is missing, unreadable or not the one of this data",
    ExitCode.CORRUPT: "stored data is not what was written",
    ExitCode.NEWER_FORMAT: "the data was written by a newer version of holdfast",
    ExitCode.REFUSED: "refused because it would be unsafe; the message says what allows it",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C",
}


def epilog() -> str:
    """Return the table as it is printed in help."""
    lines = "\n".join(f"  {code.value:>3}  {code.meaning}" for code in ExitCode)
    return f"\b\nExit codes:\n{lines}"

"""What a command's exit code says. One table, printed in the help of `holdfast` itself."""

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
    LOCKED = 9
    NOT_FOUND = 10
    DIGEST_MISMATCH = 11
    NOT_CONFIGURED = 12
    ACCESS_DENIED = 13
    UNREACHABLE = 14
    FINDINGS = 15
    LOCK_LOST = 16
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143

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
    ExitCode.CORRUPT: "stored data is not what was written, or not a state",
    ExitCode.NEWER_FORMAT: "the data was written by a newer version of holdfast",
    ExitCode.REFUSED: "refused because it would be unsafe; the message says what allows it",
    ExitCode.LOCKED: "somebody else holds the lock",
    ExitCode.NOT_FOUND: "there is no such state, version, lock, bucket or table",
    ExitCode.DIGEST_MISMATCH: "a state and its digest in the lock table differ",
    ExitCode.NOT_CONFIGURED: "no backend was found, or what was found is contradictory",
    ExitCode.ACCESS_DENIED: "credentials are missing, or they may not do this",
    ExitCode.UNREACHABLE: "no answer from the endpoint",
    ExitCode.FINDINGS: "it ran, and found problems, differences or something to change",
    ExitCode.LOCK_LOST: "our lock was forced open, or could not be released",
    ExitCode.HUNG_UP: "ended by SIGHUP: the terminal was closed",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C, or not confirmed",
    ExitCode.TERMINATED: "ended by SIGTERM",
}


def table() -> str:
    """Return the table as it is printed in the help of `holdfast`."""
    lines = "\n".join(f"  {code.value:>3}  {code.meaning}" for code in ExitCode)
    return f"\b\nExit codes:\n{lines}"


def epilog(*examples: str) -> str:
    """Return how the help of a command ends.

    Args:
        examples: command lines that work, such as `holdfast states --prefix prod/`; a line may
            begin with variables and may end in a pipe. A test parses each.
    """
    pointer = "Exit codes: see 'holdfast --help'."
    if not examples:
        return pointer
    lines = "\n".join(f"  {example}" for example in examples)
    return f"\b\nExamples:\n{lines}\n\n{pointer}"

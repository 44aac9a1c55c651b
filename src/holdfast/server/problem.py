"""What a verification finds: where, what is wrong there, and what to do about it."""

import shlex
from collections import Counter

import msgspec

RESTORE = (
    "Restore the newest backup into a new directory and take from it what is damaged here: "
    "holdfast restore-backup FILE --data NEW-DIR"
)


class Problem(msgspec.Struct, frozen=True):
    """One thing that is not what was written."""

    where: str  # what it is, as its user names it
    what: str  # a sentence without a full stop
    todo: str = RESTORE

    def __str__(self) -> str:
        """Return where and what, as one line."""
        return f"{self.where}: {self.what}"


Unopened = Counter[str]
"""Bodies that only their owner can open and that were only measured: how many, by the reason."""


def command(*words: str) -> str:
    """Return a command line to paste."""
    return shlex.join(words)

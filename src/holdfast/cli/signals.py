"""Being told to end: SIGTERM and SIGHUP unwind a command as Ctrl-C does, so that locks are released.

Only the `holdfast` program does this. The library leaves the signals of its process alone.
"""

import signal
from types import FrameType

from holdfast.cli.exit_codes import ExitCode

_CODES = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGHUP: ExitCode.HUNG_UP}
_received: list[int] = []


class Ended(KeyboardInterrupt):
    """A signal told the program to end. Whatever cleans up after Ctrl-C cleans up after it."""


def raise_on_signals() -> None:
    """Let SIGTERM and SIGHUP raise `Ended` in the main thread, unless they are ignored (`nohup`)."""
    for number in _CODES:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    # The second one of a shell or a supervisor must not interrupt what the first one began.
    if not _received:
        _received.append(number)
        raise Ended


def interrupted_code() -> ExitCode:
    """Return the exit code of a command that was interrupted."""
    return _CODES[signal.Signals(_received[0])] if _received else ExitCode.INTERRUPTED

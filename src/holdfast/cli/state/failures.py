"""How errors of the library end a command: what is printed, and with which exit code."""

from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.output import CommandFailed
from holdfast.client import errors
from holdfast.client.errors import HoldfastError

# The first class that fits counts; every other HoldfastError is FAILED.
_CODES: dict[type[HoldfastError], ExitCode] = {
    errors.LockHeld: ExitCode.LOCKED,
    errors.LockLost: ExitCode.LOCK_LOST,
    errors.LockNotReleased: ExitCode.LOCK_LOST,
    errors.NoSuchLock: ExitCode.NOT_FOUND,
    errors.NoSuchState: ExitCode.NOT_FOUND,
    errors.NoSuchBucket: ExitCode.NOT_FOUND,
    errors.NoSuchTable: ExitCode.NOT_FOUND,
    errors.DigestMismatch: ExitCode.DIGEST_MISMATCH,
    errors.DigestNotWritten: ExitCode.DIGEST_MISMATCH,
    errors.StaleSerial: ExitCode.REFUSED,
    errors.ForeignLineage: ExitCode.REFUSED,
    errors.WrittenMeanwhile: ExitCode.REFUSED,
    errors.NotLocked: ExitCode.REFUSED,
    errors.RefusedByRule: ExitCode.REFUSED,
    errors.NotAState: ExitCode.CORRUPT,
    errors.JournalEnds: ExitCode.NOT_FOUND,
    errors.NotConfigured: ExitCode.NOT_CONFIGURED,
    errors.WrongRegion: ExitCode.NOT_CONFIGURED,
    errors.NotHoldfast: ExitCode.NOT_CONFIGURED,
    errors.NoCredentials: ExitCode.ACCESS_DENIED,
    errors.AccessDenied: ExitCode.ACCESS_DENIED,
    errors.Unreachable: ExitCode.UNREACHABLE,
}


def code_of(error: HoldfastError) -> ExitCode:
    """Return the exit code of an error."""
    found = (code for kind, code in _CODES.items() if isinstance(error, kind))
    return next(found, ExitCode.FAILED)


def told(error: Exception) -> CommandFailed | None:
    """Return how a command ends that met this error; None if it is not one of the library."""
    if not isinstance(error, HoldfastError):
        return None
    return CommandFailed(error.happened, error.next_step, code_of(error))

"""Writing what was planned: all files, or none that could not be written back."""

from collections.abc import Sequence

from holdfast.client.errors import HoldfastError
from holdfast.operations.migrate_locks.files import replace_text
from holdfast.operations.migrate_locks.planning import Rewrite
from holdfast.operations.migrate_locks.tree import read_text


class ChangedMeanwhile(HoldfastError):
    """A file is not what it was when the plan was made."""


class NotWritten(HoldfastError):
    """A file could not be written; those before it were put back."""


def write(rewrites: Sequence[Rewrite]) -> None:
    """Write files, each at once and whole. If one fails, those before it are put back.

    Raises:
        ChangedMeanwhile: a file was changed since it was read; nothing was written.
        NotWritten: a file could not be written.
    """
    for rewrite in rewrites:
        if read_text(rewrite.path) != rewrite.before:
            raise ChangedMeanwhile(
                f"{rewrite.path} was changed by somebody in this moment; nothing was written",
                "Run the command again.",
            )
        if not rewrite.path.stat().st_mode & 0o222:
            raise NotWritten(
                f"{rewrite.path} is read-only; nothing was written",
                f"Let it be written (chmod u+w {rewrite.path}), and run the command again.",
            )
    done: list[Rewrite] = []
    for rewrite in rewrites:
        try:
            replace_text(rewrite.path, rewrite.after)
        except OSError as error:
            raise NotWritten(
                f"{rewrite.path} cannot be written: {error.strerror or error}", _undone(done)
            ) from error
        done.append(rewrite)


def _undone(done: list[Rewrite]) -> str:
    """Put files back; return what is to be done next."""
    left: list[str] = []
    for rewrite in done:
        try:
            replace_text(rewrite.path, rewrite.before)
        except OSError:
            left.append(str(rewrite.path))
    if left:
        return f"These are rewritten and could not be put back: {', '.join(left)}."
    return "No file was changed. Mend that and run the command again."

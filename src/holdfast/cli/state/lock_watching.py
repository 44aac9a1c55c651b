"""What `holdfast locks watch` prints: a screen on a terminal, lines of what changed elsewhere."""

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.cli.amounts import timestamp
from holdfast.cli.colours import safe
from holdfast.cli.output import warn

if TYPE_CHECKING:
    from holdfast.operations.locks import LocksSeen, StateLock

_CLEAR = "\x1b[H\x1b[2J"  # to the first line, and nothing on the screen


def redraw() -> None:
    """Begin a new picture on the terminal."""
    sys.stdout.write(_CLEAR)
    sys.stdout.flush()


class Watcher:
    """Remembers the locks that were held, and tells what changed."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._before: dict[tuple[str, ...], StateLock] | None = None
        self._unseen: tuple[str, ...] = ()

    def tell(self, seen: "LocksSeen", moment: datetime) -> None:
        """Print a line for each lock that came or went since the last time."""
        unseen = tuple(problem.happened for problem in seen.unseen)
        if unseen:
            # Locks in a place that cannot be seen are neither held nor released.
            if unseen != self._unseen:
                warn(safe(f"the list is not whole: {'; '.join(unseen)}"))
            self._unseen = unseen
            return
        self._unseen = ()
        held = {_identity(lock): lock for lock in seen.locks}
        before = self._before or {}
        for identity in before.keys() - held.keys():
            self._print("released", before[identity], moment)
        for identity in held.keys() - before.keys():
            self._print("held" if self._before is None else "taken", held[identity], moment)
        self._before = held
        sys.stdout.flush()

    def _print(self, event: str, lock: "StateLock", moment: datetime) -> None:
        if self._as_json:
            from holdfast.cli.state.locks import as_document

            at = moment.isoformat().replace("+00:00", "Z")
            line = {"event": event, "at": at, **as_document(lock, moment)}
            print(json.dumps(line, ensure_ascii=False))
            return
        info = lock.info
        what = [info.who or "(cannot be read)", info.operation, info.id]
        shown = "  ".join(part for part in (lock.address.lock_id, *what) if part)
        print(safe(f"{timestamp(moment)}  {event:8}  {shown}"))


def _identity(lock: "StateLock") -> tuple[str, ...]:
    return (lock.address.lock_id, *sorted(lock.ids or (lock.found[0].document,)))

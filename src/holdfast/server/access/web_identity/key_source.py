"""Where an issuer's keys come from, and for how long they are kept."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Protocol

from holdfast.server.access.web_identity.fetching import Unreachable, fetch_keys
from holdfast.server.access.web_identity.issuer import Issuer
from holdfast.server.access.web_identity.key_set import KeySet, VerifyingKey, key_set

log = logging.getLogger("holdfast.access")

_FRESH = 3600.0  # seconds; older keys are fetched anew, beside the requests
_LONGEST = 86400.0  # seconds that keys are used for while none can be fetched
_PAUSE = 60.0  # seconds between two fetches, whatever kids tokens name
_PATIENCE = 8.0  # seconds that requests wait for a fetch, from its beginning
_MOST_BYTES = 512 << 10


class KeySource(Protocol):
    """The keys of one issuer."""

    def find(self, kid: str, algorithm: str) -> VerifyingKey | None:
        """Return a key; see `KeySet.find`.

        Raises:
            Unreachable: there are no keys to look at.
        """


class KeyFile:
    """Keys in a file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._read: tuple[tuple[int, int, int], KeySet] | None = None
        self._problem = ""

    def find(self, kid: str, algorithm: str) -> VerifyingKey | None:
        """Return a key; see `KeySource.find`."""
        try:
            keys = self._keys()
        except (OSError, ValueError) as error:
            if str(error) != self._problem:  # strangers cannot fill the log with it
                self._problem = str(error)
                log.warning("the issuer's keys in %s cannot be used: %s", self._path, error)
            raise Unreachable(str(error)) from error
        return keys.find(kid, algorithm)

    def _keys(self) -> KeySet:
        seen = self._path.stat()
        mark = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        read = self._read
        if read is None or read[0] != mark:
            if seen.st_size > _MOST_BYTES:
                raise ValueError(f"it is longer than {_MOST_BYTES} bytes")
            read = self._read = mark, key_set(self._path.read_bytes())
            self._problem = ""
        return read[1]


class FetchedKeys:
    """Keys that an issuer serves. Safe to use from many threads; never two fetches at a time."""

    def __init__(
        self,
        issuer: Issuer,
        fetch: Callable[[Issuer], bytes] = fetch_keys,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Fetch nothing yet.

        Args:
            issuer: whose keys.
            fetch: returns its key set, or raises Unreachable.
            clock: gives seconds that only go forward.
        """
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, KeySet] | None = None  # since when, and what
        self._thread: threading.Thread | None = None
        self._began = float("-inf")

    def find(self, kid: str, algorithm: str) -> VerifyingKey | None:
        """Return a key; see `KeySource.find`. One that is not known is looked for, once a minute."""
        found = self._known(kid, algorithm)
        if found is None or self._age() > _FRESH:
            self._renew()
        if found is None:
            self._wait()
            found = self._known(kid, algorithm)
        if found is None and self._age() > _LONGEST:
            raise Unreachable(f"the keys of {self._issuer.url} cannot be had")
        return found

    def _known(self, kid: str, algorithm: str) -> VerifyingKey | None:
        kept = self._kept
        if kept is None or self._clock() - kept[0] > _LONGEST:
            return None
        return kept[1].find(kid, algorithm)

    def _age(self) -> float:
        kept = self._kept
        return float("inf") if kept is None else self._clock() - kept[0]

    def _renew(self) -> None:
        """Begin to fetch, unless that is under way or was done just now."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            if running or self._clock() - self._began < _PAUSE:
                return
            self._began = self._clock()
            self._thread = threading.Thread(target=self._run, name="issuer-keys", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            keys = key_set(self._fetch(self._issuer))
        except (Unreachable, ValueError) as problem:
            log.warning("the keys of the issuer %s were not fetched: %s", self._issuer.url, problem)
            return
        self._kept = self._clock(), keys

    def _wait(self) -> None:
        """Wait for a fetch that is under way; not for one that hangs."""
        thread = self._thread
        if thread is not None:
            thread.join(max(0.0, self._began + _PATIENCE - self._clock()))


def source_of(issuer: Issuer) -> KeySource:
    """Return where an issuer's keys come from."""
    if issuer.keys and "://" not in issuer.keys:
        return KeyFile(Path(issuer.keys))
    return FetchedKeys(issuer)

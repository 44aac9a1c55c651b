"""Several hashes of one body: a long piece is hashed on a thread beside, while its taker stores it."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from holdfast.aws.checksums import Hasher

_LONG = 128 * 1024  # bytes; a shorter piece is hashed sooner than it is handed to a thread
_THREADS = 4  # hashing is all that they do, so more of them would only take turns


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, "hash")


class Hashing:
    """Updates the hashes of one body. At most one piece of it is under way."""

    def __init__(self, *hashers: Hasher) -> None:
        """Begin with these."""
        self._updates = [hasher.update for hasher in hashers]
        self._under_way: Future[None] | None = None

    def add(self, hasher: Hasher) -> None:
        """Update one more. Call it before any `take`."""
        self._updates.append(hasher.update)

    def take(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Take the next bytes, which nobody may change; they may be hashed later than this returns."""
        self.finish()
        if sum(map(len, pieces)) < _LONG:
            self._hash(pieces)
        else:
            self._under_way = _beside().submit(self._hash, pieces)

    def finish(self) -> None:
        """Wait until all that was taken is hashed."""
        if self._under_way is not None:
            self._under_way.result()
            self._under_way = None

    def _hash(self, pieces: Sequence[bytes | memoryview]) -> None:
        for piece in pieces:
            for update in self._updates:
                update(piece)

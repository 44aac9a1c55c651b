"""Reading many versions of a state one after the other, a few of them ahead."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError
from holdfast.client.history import Version
from holdfast.terraform.statefile import StateFile, UnreadableState, parse

_WORKERS = 8
_AHEAD = 12  # versions
_BYTES_AHEAD = 64 * 2**20  # bytes of them; one more may always be read


@dataclass(frozen=True, slots=True)
class Read:
    """A version with what it holds, or why that cannot be said."""

    version: Version
    state: StateFile | None = field(repr=False, default=None)
    problem: str = ""


def states_of(backend: Backend, versions: Iterable[Version]) -> Iterator[Read]:
    """Yield the states of versions, in their order. Deletions are passed over.

    Args:
        backend: the backend.
        versions: taken as they are needed, so it may be long.
    """
    waiting: deque[tuple[Version, Future[bytes]]] = deque()
    ahead = 0
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="versions") as pool:
        try:
            for version in versions:
                if version.delete_marker:
                    continue
                waiting.append((version, pool.submit(_body, backend, version)))
                ahead += version.size
                while len(waiting) > _AHEAD or (len(waiting) > 1 and ahead > _BYTES_AHEAD):
                    first, body = waiting.popleft()
                    ahead -= first.size
                    yield _read(first, body)
            while waiting:
                yield _read(*waiting.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _body(backend: Backend, version: Version) -> bytes:
    return backend.read(version.address, version.version_id).body


def _read(version: Version, body: "Future[bytes]") -> Read:
    try:
        state = parse(body.result())
    except HoldfastError as problem:
        return Read(version, problem=problem.happened)
    except UnreadableState as bad:
        return Read(version, problem=str(bad))
    if state.format == "encrypted":
        return Read(version, problem="it is encrypted by OpenTofu")
    return Read(version, state)

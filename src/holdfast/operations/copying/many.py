"""Copying what two ends name: one state, all workspaces of one, or all states below a prefix."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock

from holdfast.client import listing
from holdfast.client.backend import Backend
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.listing import STATE_SUFFIX
from holdfast.operations.copying.ends import End, addresses
from holdfast.operations.copying.one_state import Copied, Options, copy_state
from holdfast.operations.versioning import keeps_versions
from holdfast.terraform.address import LOCK_FILE_SUFFIX, StateAddress
from holdfast.terraform.statefile import UnreadableState, header

_WORKERS = 4  # states at the same time
Progress = Callable[[int, int], None]


class Stopped(HoldfastError):
    """Whoever asked for the copies wants no more of them."""


@dataclass(frozen=True, slots=True)
class Task:
    """One state to copy."""

    source: StateAddress
    target: StateAddress
    size: int  # bytes of all its versions


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one state."""

    task: Task
    copied: Copied | None = None
    problem: HoldfastError | None = None


@dataclass(frozen=True, slots=True)
class Tasks:
    """What is to be copied, and what is not since it is no state."""

    tasks: tuple[Task, ...]
    not_states: tuple[str, ...]  # object keys


def tasks_of(source: End, target: End, *, workspaces: bool = False) -> Tasks:
    """Find the states to copy; also deleted ones, whose history is copied.

    Args:
        source: where they are.
        target: where they go; of the same kind.
        workspaces: all workspaces of the key, if one is named.

    Raises:
        HoldfastError: the source cannot be listed.
    """
    if source.prefix is not None and target.prefix is not None:
        return _below(source, source.prefix, target, target.prefix)
    one, other = source.backend.address, target.backend.address
    pairs = [(one, other)]
    if workspaces:
        names = source.backend.workspaces()
        pairs = [(one.in_workspace(name), other.in_workspace(name)) for name in names]
    found: list[Task] = []
    for here, there in pairs:
        size = _sizes(source.backend.connection, here.object_key).get(here.object_key)
        if size is not None or not workspaces:
            found.append(Task(here, there, size or 0))
    return Tasks(tuple(found), ())


def copy_all(
    source: End,
    target: End,
    tasks: tuple[Task, ...],
    options: Options,
    progress: Progress = lambda _done, _total: None,
) -> Iterator[Result]:
    """Copy states, some at a time, and yield what became of each in their order.

    A state that cannot be copied does not stop the others. Closing the iterator, or an exception while
    it waits, stops them all after the version that they are at.

    Args:
        source: where they are.
        target: where they go.
        tasks: which.
        options: how.
        progress: told how many of all bytes are through.

    Raises:
        HoldfastError: the target's bucket cannot be asked whether it keeps versions.
    """
    total = sum(task.size for task in tasks)
    versioned = keeps_versions(target.backend)
    done = 0
    counting = Lock()

    stopped = Event()

    def count(size: int) -> None:
        nonlocal done
        if stopped.is_set():
            raise Stopped("the copy was stopped", "Run the command again: it goes on there.")
        with counting:
            done += size
            progress(done, total)

    def copy(task: Task) -> Result:
        try:
            copied = copy_state(
                source.backend,
                task.source,
                target.backend,
                task.target,
                options,
                keeps_versions=versioned,
                progress=count,
            )
        except HoldfastError as problem:
            return Result(task, problem=problem)
        return Result(task, copied)

    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="copy") as pool:
        try:
            yield from pool.map(copy, tasks)
        except BaseException:  # Ctrl-C: each ends after the version that it is at, and unlocks
            stopped.set()
            raise


def _below(source: End, prefix: str, target: End, target_prefix: str) -> Tasks:
    tasks: list[Task] = []
    others: list[str] = []
    for key, size in _sizes(source.backend.connection, prefix).items():
        if key.endswith(LOCK_FILE_SUFFIX):
            continue
        if not (key.endswith(STATE_SUFFIX) or _is_state(source.backend, key)):
            others.append(key)
            continue
        new = target_prefix + key[len(prefix) :]
        tasks.append(Task(addresses(source, key), addresses(target, new), size))
    return Tasks(tuple(tasks), tuple(others))


def _sizes(connection: Connection, prefix: str) -> dict[str, int]:
    """Return the keys below a prefix, deleted ones too, with the bytes of all their versions."""
    sizes: dict[str, int] = {}
    for entry, _ in listing.versions(connection, prefix):
        sizes[entry["Key"]] = sizes.get(entry["Key"], 0) + entry.get("Size", 0)
    return dict(sorted(sizes.items()))


def _is_state(backend: Backend, key: str) -> bool:
    """Say whether an object whose name does not tell holds a state."""
    try:
        body = backend.read(StateAddress(backend.settings.bucket, key), accept_mismatch=True).body
        return header(body).format != "empty"
    except (HoldfastError, UnreadableState):
        return False

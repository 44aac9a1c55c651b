"""What a server to compare is, and one that runs."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import usage
from benchmarks.servers.process import await_answer, start, stop
from benchmarks.wire.requests import Signer


class Unavailable(Exception):
    """A peer cannot be had here; the message says why."""


class Unsupported(Exception):
    """A server cannot do what a scenario needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process of a server. `endpoint` is where it listens."""

    command: tuple[str, ...]
    environment: dict[str, str]
    endpoint: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How one instance of a server is to be started in a folder."""

    programs: tuple[Program, ...]
    signer: Signer
    data: Path | None  # what it keeps on disk; None for one that keeps nothing


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to compare."""

    name: str
    keeps: str  # a sentence for the report: what it does with an acknowledged write
    install: Callable[[Path], str]  # into a cache folder; returns the version
    plan: Callable[[Path, Path], Plan]  # from the cache folder, in an empty folder
    ours: bool = False  # a Holdfast


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    peer: Peer
    signer: Signer
    pids: tuple[int, ...]
    data: Path | None
    start_seconds: float  # from the start of the process to its first answer; the slowest of all
    folder: Path
    trace: Path | None = None  # the system calls, if it runs under strace

    def processor_seconds(self) -> float:
        """Return the processor time it has used."""
        return usage.processor_seconds(self.pids)

    def resident_mib(self) -> float:
        """Return its resident memory now."""
        return usage.resident_mib(self.pids)

    def disk_bytes(self) -> int:
        """Return what its data takes on disk.

        Raises:
            Unsupported: It keeps nothing on disk.
        """
        if self.data is None:
            raise Unsupported("keeps nothing on disk")
        return usage.disk_bytes([self.data])


@contextmanager
def running(peer: Peer, cache: Path, folder: Path, *, trace: bool = False) -> Iterator[Running]:
    """Run a server in a folder for the length of the block; `trace` counts its syncs.

    Raises:
        DidNotStart: It did not come up.
    """
    folder.mkdir(parents=True)
    plan = peer.plan(cache, folder)
    calls = folder / "calls" if trace else None
    processes: list[subprocess.Popen[bytes]] = []
    slowest = 0.0
    try:
        for number, program in enumerate(plan.programs):
            log = folder / f"server-{number}.log"
            before = time.perf_counter()
            command = _traced(program.command, calls)
            processes.append(start(command, folder, program.environment, log))
            await_answer(processes[-1], program.endpoint, log)
            slowest = max(slowest, time.perf_counter() - before)
        pids = tuple(process.pid for process in processes)
        yield Running(peer, plan.signer, pids, plan.data, slowest, folder, calls)
    finally:
        for process in processes:
            stop(process)


def _traced(command: Sequence[str], calls: Path | None) -> list[str]:
    if calls is None:
        return list(command)
    wanted = "trace=fsync,fdatasync,sync,syncfs,msync"
    options = ["-f", "--seccomp-bpf", "-qq", "-A", "-o", os.fspath(calls), "-e", wanted]
    return ["strace", *options, *command]

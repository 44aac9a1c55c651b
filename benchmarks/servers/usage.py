"""What processes use, as Linux tells it under /proc, and what folders take on disk."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
_PROC = Path("/proc")


def with_children(pids: Iterable[int], proc: Path = _PROC) -> Iterator[int]:
    """Yield processes and all that they started and that still live."""
    for pid in pids:
        if not (proc / str(pid)).exists():
            continue
        yield pid
        for children in (proc / str(pid) / "task").glob("*/children"):
            yield from with_children(map(int, children.read_text().split()), proc)


def processor_seconds(pids: Iterable[int], proc: Path = _PROC) -> float:
    """Return the seconds that processes and their children kept a processor busy."""
    return (
        sum(ticks_of((proc / str(pid) / "stat").read_text()) for pid in with_children(pids, proc))
        * _TICK
    )


def ticks_of(stat: str) -> int:
    """Return the clock ticks in user and system mode, from /proc/PID/stat (proc(5), 14 and 15)."""
    fields = stat.rpartition(")")[2].split()  # the name before may hold spaces and brackets
    return int(fields[11]) + int(fields[12])


def resident_mib(pids: Iterable[int], proc: Path = _PROC) -> float:
    """Return the resident memory of processes and their children, in MiB."""
    return sum(_status_mib(pid, "VmRSS", proc) for pid in with_children(pids, proc))


def peak_mib(pids: Iterable[int], proc: Path = _PROC) -> float:
    """Return the highest resident memory since `forget_peak`, in MiB."""
    return sum(_status_mib(pid, "VmHWM", proc) for pid in with_children(pids, proc))


def forget_peak(pids: Iterable[int]) -> None:
    """Let the highest resident memory begin anew (proc(5), clear_refs)."""
    for pid in with_children(pids):
        (_PROC / str(pid) / "clear_refs").write_text("5")


def disk_bytes(folders: Iterable[Path]) -> int:
    """Return what folders take on disk, in bytes: allocated blocks, not lengths."""
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                total += path.lstat().st_blocks * 512
            except FileNotFoundError:  # removed meanwhile
                continue
    return total


def _status_mib(pid: int, name: str, proc: Path) -> float:
    for line in (proc / str(pid) / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0

"""The machine that the numbers are from."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from pathlib import Path


def describe(folder: Path) -> list[str]:
    """Return sentences about the machine, and about the disk that holds a folder."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return [
        f"{os.cpu_count()} processors: {_processor(Path('/proc/cpuinfo'))}",
        f"{_memory_gib(Path('/proc/meminfo')):.0f} GiB of memory",
        f"data on {filesystem(folder, Path('/proc/mounts').read_text().splitlines())}",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        f"load average at the start (1, 5, 15 minutes): {load}",
    ]


def filesystem(folder: Path, mounts: Sequence[str]) -> str:
    """Return the type of the file system that holds a folder, from the lines of /proc/mounts."""
    best, kind = "", "an unknown file system"
    for line in mounts:
        _, place, found, *_ = line.split()
        inside = folder == Path(place) or Path(place) in folder.parents
        if inside and len(place) >= len(best):
            best, kind = place, found
    return kind


def _processor(cpuinfo: Path) -> str:
    for line in cpuinfo.read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib(meminfo: Path) -> float:
    return int(meminfo.read_text().split()[1]) / (1 << 20)

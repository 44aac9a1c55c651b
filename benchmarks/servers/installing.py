"""Peers from the package indexes, each in an environment of its own in the cache folder."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.servers.peer import Unavailable

_MOST_SECONDS = 300


def python_package(cache: Path, name: str, requirement: str) -> str:
    """Install a Python package into a virtual environment of its own; return its version.

    Raises:
        Unavailable: It could not be installed.
    """
    folder = cache / name
    python = folder / "bin" / "python"
    done = folder / ".installed"
    if not done.exists():
        _do([sys.executable, "-m", "venv", "--clear", str(folder)], cache)
        _do([str(python), "-m", "pip", "install", "--quiet", requirement], cache)
        done.touch()
    bare = requirement.partition("[")[0].partition("=")[0]
    code = f"import importlib.metadata as m; print(m.version({bare!r}))"
    return _do([str(python), "-c", code], cache).strip()


def node_packages(cache: Path, name: str, packages: Sequence[str]) -> str:
    """Install Node packages into a folder of their own; return their versions.

    Raises:
        Unavailable: There is no npm, or it could not install them.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Unavailable("npm or node is not on PATH")
    folder = cache / name
    done = folder / ".installed"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}\n")
        _do([npm, "install", "--no-audit", "--no-fund", "--silent", *packages], folder)
        done.touch()
    versions = []
    for package in packages:
        bare = package.partition("@")[0]
        found = json.loads((folder / "node_modules" / bare / "package.json").read_text())
        versions.append(f"{bare} {found['version']}")
    return ", ".join(versions)


def _do(command: list[str], folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_MOST_SECONDS, check=True
        )
    except subprocess.CalledProcessError as failed:
        raise Unavailable(f"{command[0]} failed: {failed.stderr.strip()[-300:]}") from failed
    except (OSError, subprocess.TimeoutExpired) as failed:
        raise Unavailable(str(failed)) from failed
    return done.stdout

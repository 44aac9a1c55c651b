"""The locks of a copy that was killed: recognised as ours, and broken only if its process is gone."""

import os
from pathlib import Path

from holdfast.client.backend import Backend
from holdfast.client.errors import NoSuchLock
from holdfast.client.locking import HeldLock, OnWait, new_info
from holdfast.terraform.address import StateAddress

OPERATION = "copy"


def take(
    backend: Backend, address: StateAddress, timeout: float, on_wait: OnWait | None
) -> HeldLock:
    """Take the lock of a state; that of a copy that was killed on this machine is broken first.

    Raises:
        LockHeld: somebody else holds it.
    """
    ours = new_info(address, OPERATION)
    for held in backend.holder(address):
        info = held.info
        if info.operation == OPERATION and info.who == ours.who and _is_dead(info.info):
            try:
                backend.unlock(held)
            except NoSuchLock:
                continue  # somebody else was quicker
    return backend.lock(OPERATION, timeout, _process(), address=address, on_wait=on_wait)


def _process() -> str:
    """Return what tells this process from every other that this machine runs."""
    return f"process {os.getpid()} of {_namespace()} since {_started(os.getpid())}"


def _is_dead(info: str) -> bool:
    """Say whether a process of this machine, as `_process` names it, has ended."""
    match info.split():
        case ["process", number, "of", namespace, "since", started] if number.isdecimal():
            if namespace != _namespace():
                return False  # another container: its processes are not seen from here
            return _started(int(number)) != started
    return False


def _namespace() -> str:
    """Return the boot and the process namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"unknown/{os.getpid()}"  # never equal to another process's


def _started(process: int) -> str:
    """Return when a process started, in the kernel's ticks; `gone` if it has ended.

    A process that was killed is still listed until its parent has asked how it ended, which some
    containers' first process never does. Source: proc_pid_stat(5).
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return "gone"
    state, *fields = text.rpartition(")")[2].split()
    return "gone" if state in {"Z", "X"} else fields[18]

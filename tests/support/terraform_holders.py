"""Terraform runs that hold a lock until they are let go, and others that want it."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from patience import PATIENCE, wait_for
from real_clients import Terraform
from terraform_blocks import LOCK_MODES, SLOW, backend, value

Project = Callable[..., Terraform]


def twins(project: Project, key: str, mode: str) -> tuple[Terraform, Terraform]:
    """Two checkouts of one project: the first one's apply is slow, the second one is quick."""
    return twins_in(project, key, mode, mode)


def twins_in(
    project: Project, key: str, first_mode: str, second_mode: str
) -> tuple[Terraform, Terraform]:
    """Two checkouts of one project that lock in two ways."""
    first, second = project("first"), project("second")
    first.write("main.tf", backend(key, LOCK_MODES[first_mode]) + SLOW)
    second.write("main.tf", backend(key, LOCK_MODES[second_mode]) + value("quick"))
    first.ok("init")
    second.ok("init")
    return first, second


@contextmanager
def applying(tf: Terraform) -> Iterator[subprocess.Popen[str]]:
    """An apply that holds the lock until `release` exists."""
    process = tf.begin("apply", "-auto-approve")
    try:
        wait_for(tf.path / "started", process)
        yield process
    finally:
        (tf.path / "release").touch()
        process.communicate(timeout=PATIENCE)

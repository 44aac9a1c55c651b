"""What holds for all tests: nothing is judged by its time, since machines are shared and slow."""

import gc
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from terraform_required import skip_or_fail

settings.register_profile(
    "holdfast",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("holdfast")

LONG = ("tests/terraform/", "tests/docs/", "tests/crash/")

# Who starts the tests in the background has them ignore these, and so would every command they run.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """See that nobody believes terraform was driven where there is none."""
    skip_or_fail(item)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: a worker that gets it last would be the only one that works."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over modules and tests: it would read them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are cores: many tests wait, for a lock, a limit or a provider."""
    return (os.cpu_count() or 1) + 1

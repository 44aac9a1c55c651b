"""What holds for all tests: nothing is judged by its time, since machines are shared and slow."""

import gc
import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "holdfast",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("holdfast")


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over modules and tests: it would read them again and again."""
    gc.collect()
    gc.freeze()

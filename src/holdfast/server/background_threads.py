"""The threads that work beside the requests."""

from collections.abc import Callable
from datetime import datetime

from holdfast.engine.port import Engine
from holdfast.server.housekeeping import Housekeeping, packing_steps, steps
from holdfast.server.metrics import Metrics
from holdfast.server.operation import Site
from holdfast.server.s3.packing_pace import PackingPace


def background_threads(
    engine: Engine, site: Site, clock: Callable[[], datetime], metrics: Metrics
) -> tuple[Housekeeping, ...]:
    """Return the threads of a server, to be started once it serves.

    To be called before, for it lets go of what an earlier run left half sent.
    """
    worked, failed = metrics.housekeeping_worked, metrics.housekeeping_failed
    return (
        Housekeeping(steps(engine, site), clock, worked=worked, failed=failed),
        Housekeeping(
            packing_steps(engine, site),
            clock,
            name="packing",
            pause=PackingPace(metrics.answered),
            worked=worked,
            failed=failed,
        ),
    )

"""The threads that work beside the requests."""

from collections.abc import Callable, Sequence
from datetime import datetime

from holdfast.engine.port import Engine
from holdfast.server.housekeeping import Housekeeping, Step
from holdfast.server.leftovers import give_up_staged
from holdfast.server.metrics import Metrics
from holdfast.server.operation import Site
from holdfast.server.s3.packing_pace import PackingPace


def background_threads(
    engine: Engine,
    site: Site,
    clock: Callable[[], datetime],
    metrics: Metrics,
    more: Sequence[Step] = (),
) -> tuple[Housekeeping, ...]:
    """Return the threads of a server, to be started once it serves.

    To be called before, for it lets go of what an earlier run left half sent.

    Args:
        engine: of the server.
        site: what it presents itself as.
        clock: the time in UTC.
        metrics: count what is done.
        more: steps of those who stand above the server.
    """
    give_up_staged(engine)
    worked, failed = metrics.housekeeping_worked, metrics.housekeeping_failed
    return (
        Housekeeping(lambda: (*_steps(engine, site), *more), clock, worked=worked, failed=failed),
        Housekeeping(
            lambda: _packing_steps(engine, site),
            clock,
            name="packing",
            pause=PackingPace(metrics.answered),
            worked=worked,
            failed=failed,
        ),
    )


def _steps(engine: Engine, site: Site) -> tuple[Step, ...]:
    from holdfast.server.housekeeping_steps import steps  # much that no first answer needs

    return steps(engine, site)


def _packing_steps(engine: Engine, site: Site) -> tuple[Step, ...]:
    from holdfast.server.housekeeping_steps import packing_steps

    return packing_steps(engine, site)

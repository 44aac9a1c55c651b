"""The steps of housekeeping."""

from collections.abc import Callable
from datetime import datetime

from holdfast.engine.port import Engine
from holdfast.server.access.sessions import collect_sessions
from holdfast.server.dynamodb.client_tokens import forget_tokens
from holdfast.server.dynamodb.item_ends import settle_item_ends
from holdfast.server.dynamodb.ttl import expire_items
from holdfast.server.housekeeping import Step
from holdfast.server.kms.due import delete_due_keys, rotate_due_keys
from holdfast.server.leftovers import collect_garbage, collect_staged
from holdfast.server.operation import Site
from holdfast.server.s3.lifecycle_run import LifecycleRun
from holdfast.server.s3.older_versions import OlderVersions
from holdfast.server.s3.packer import pack_some
from holdfast.server.states.dead_locks import release_dead_locks

_REPEATS = 32


def steps(engine: Engine, site: Site) -> tuple[Step, ...]:
    """Return everything that is done in the background, but packing."""
    return (
        Step("staged-bodies", lambda now: collect_staged(engine, now)),
        Step("garbage", _again(lambda now: collect_garbage(engine, now))),
        Step("lifecycle", LifecycleRun(engine, site)),
        Step("item-ends", _again(lambda now: settle_item_ends(engine, site, now))),
        Step("item-expiry", _again(lambda now: expire_items(engine, now))),
        Step("client-tokens", lambda now: forget_tokens(engine, now)),
        Step("kms-deletions", lambda now: delete_due_keys(engine, now)),
        Step("kms-rotations", lambda now: rotate_due_keys(engine, site, now)),
        Step("sessions", lambda now: collect_sessions(engine, now)),
        Step("dead-locks", lambda now: release_dead_locks(engine, site, now)),
    )


def packing_steps(engine: Engine, site: Site) -> tuple[Step, ...]:
    """Return the step that packs the next version. Only one thread may run it."""
    older = OlderVersions(engine, site)

    def pack_next(now: datetime) -> int:
        return pack_some(engine, site, now, limit=1) or older(now)

    return (Step("packing", pack_next),)


def _again(run: Callable[[datetime], int]) -> Callable[[datetime], int]:
    """Return a step that goes on while it finds something to do, up to a bound."""

    def some(now: datetime) -> int:
        done = 0
        for _ in range(_REPEATS):
            found = run(now)
            if not found:
                break
            done += found
        return done

    return some

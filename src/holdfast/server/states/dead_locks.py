"""The release of dead locks: where a policy asks for it, and only there.

GetLockRelease, PutLockRelease, DeleteLockRelease; and the step of housekeeping that does it. What a
bucket says is kept in its record, `{prefix: seconds}`; the longest prefix of a key wins.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.port import Engine, Reader
from holdfast.engine.records import Bucket
from holdfast.engine.state_records import State
from holdfast.server.background import own_update
from holdfast.server.operation import Params, Result, Site, Snapshot, Transaction, operation
from holdfast.server.states.named_bucket import named_bucket
from holdfast.server.states.prefixes import keep
from holdfast.server.states.seeing import bearing

SETTING = "holdfast:release"  # in `Bucket.settings`; no name of AWS's has a colon
LEAST_SECONDS = 7200
_AT_ONCE = 100  # locks that are released in one round


@operation("GetLockRelease")
def get_lock_release(tx: Snapshot, params: Params) -> Result:
    """Say where dead locks are released, and after how long.

    Raises:
        ServiceError: NoSuchBucket.
    """
    return {"Policies": _shown(bearing(params, _given(named_bucket(tx, params))))}


@operation("PutLockRelease", writes=True)
def put_lock_release(tx: Transaction, params: Params) -> Result:
    """Let the locks of states with a prefix be released that look dead for so long.

    Raises:
        ServiceError: NoSuchBucket; ValidationException for too short a time or too many prefixes.
    """
    bucket = named_bucket(tx, params)
    prefix, seconds = params.get("Prefix", ""), params["Seconds"]
    if seconds < LEAST_SECONDS:
        raise ServiceError(
            "ValidationException",
            f"Seconds is {seconds}, and no lock looks dead before {LEAST_SECONDS}: nothing is heard of "
            "a holder that waits for a resource either",
        )
    given = {**_given(bucket), prefix: seconds}
    _keep(tx, bucket, given, {"prefix": prefix, "seconds": seconds})
    return {"Policies": _shown(bearing(params, given))}


@operation("DeleteLockRelease", writes=True)
def delete_lock_release(tx: Transaction, params: Params) -> Result:
    """Release locks with a prefix no more by what was set for it; without a prefix, in all the bucket.

    Raises:
        ServiceError: NoSuchBucket.
    """
    bucket = named_bucket(tx, params)
    given = dict(_given(bucket))
    if "Prefix" in params:
        rest = {prefix: seconds for prefix, seconds in given.items() if prefix != params["Prefix"]}
    else:
        rest = {}
    if rest != given:
        gone = {"prefix": params["Prefix"]} if "Prefix" in params else {}
        _keep(tx, bucket, rest, gone)
    return {"Policies": _shown(bearing(params, rest))}


def release_dead_locks(engine: Engine, site: Site, now: datetime) -> int:
    """Release the locks that look dead where a policy asks for it, at most 100; return how many."""
    done = 0
    for bucket, key, quiet in engine.view(lambda tx: list(_candidates(tx, now))):
        if done == _AT_ONCE:
            break
        done += own_update(engine, site, now, _releasing(bucket, key, quiet))
    return done


def _releasing(bucket: str, key: str, quiet: timedelta) -> Any:
    def work(tx: Transaction) -> bool:
        state = tx.get(State, bucket, key)  # as it is now
        return state is not None and tx.rules.release_dead(tx, state, quiet)

    return work


def _candidates(tx: Reader, now: datetime) -> Iterator[tuple[str, str, timedelta]]:
    """Yield the states whose lock is held for longer than a policy says, with that time."""
    for bucket in tx.scan(Bucket):
        given = _given(bucket)
        if not given:
            continue
        for state in tx.scan(State, bucket.name):
            after = _after(given, state.key)
            if state.lock is not None and after is not None and now - state.lock.since >= after:
                yield state.bucket, state.key, after


def _after(given: Mapping[str, int], key: str) -> timedelta | None:
    fitting = [prefix for prefix in given if key.startswith(prefix)]
    return timedelta(seconds=given[max(fitting, key=len)]) if fitting else None


def _given(bucket: Bucket) -> Mapping[str, int]:
    given: Mapping[str, int] = bucket.settings.get(SETTING, {})
    return given


def _keep(
    tx: Transaction, bucket: Bucket, given: Mapping[str, int], what: Mapping[str, Any]
) -> None:
    keep(tx, bucket, SETTING, given)
    tx.rules.note(tx, "lock-release-changed", {"bucket": bucket.name, **what})


def _shown(given: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"Prefix": prefix, "Seconds": given[prefix]} for prefix in sorted(given)]

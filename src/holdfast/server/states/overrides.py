"""Leave to write a state once although a rule refuses it: PutOverride and what lists and undoes it."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from holdfast.aws.errors import ServiceError
from holdfast.engine.state_records import Override, State
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation
from holdfast.server.states.named_bucket import named_bucket
from holdfast.server.states.next_token import given_token, next_token
from holdfast.server.states.seeing import sees

_USUAL_SECONDS = 600
_MOST_EXAMINED = 5000  # states for one request; the client asks for the rest


@operation("PutOverride", writes=True)
def put_override(tx: Transaction, params: Params) -> Result:
    """Give leave; whoever writes next what a rule refuses uses it up.

    Raises:
        ServiceError: NoSuchBucket; NoSuchState, as nothing is refused where no state is known.
    """
    state = _state(tx, params)
    given = Override(
        by=tx.caller.arn,
        reason=params["Reason"],
        granted=tx.now,
        until=tx.now + timedelta(seconds=params.get("Seconds", _USUAL_SECONDS)),
    )
    tx.put(replace(state, override=given))
    about = {**_about(state), "reason": given.reason, "until": given.until.isoformat()}
    tx.rules.note(tx, "override-granted", about)
    return {"Override": _shown(state, given)}


@operation("ListOverrides")
def list_overrides(tx: Snapshot, params: Params) -> Result:
    """List leave that was given, is not used yet and still lasts."""
    bucket = params.get("Bucket")
    if "Prefix" in params and bucket is None:
        raise ServiceError("ValidationException", "Prefix needs Bucket")
    prefix = params.get("Prefix", "")
    named = () if bucket is None else (bucket,)
    after = given_token(tx, "ListOverrides", params)
    if after and bucket is not None:
        after = after[1:]
    options: dict[str, Any] = {"after": after} if after else {"start": (prefix,) if named else ()}
    found: list[dict[str, Any]] = []
    last: tuple[Any, ...] = ()
    for examined, state in enumerate(tx.scan(State, *named, **options)):
        if not state.key.startswith(prefix):
            break
        if examined == _MOST_EXAMINED:
            return {"Overrides": found, "NextToken": next_token(tx, "ListOverrides", last)}
        last = state.bucket, state.key
        if state.override is None or state.override.until <= tx.now:
            continue
        if sees(params, state.bucket, state.key):
            found.append(_shown(state, state.override))
    return {"Overrides": found}


@operation("DeleteOverride", writes=True)
def delete_override(tx: Transaction, params: Params) -> Result:
    """Take back leave; if there is none, nothing happens.

    Raises:
        ServiceError: NoSuchBucket or NoSuchState.
    """
    state = _state(tx, params)
    if state.override is not None:
        tx.put(replace(state, override=None))
        tx.rules.note(tx, "override-cancelled", _about(state))
    return {}


def _state(tx: Snapshot, params: Params) -> State:
    bucket, key = named_bucket(tx, params).name, params["Key"]
    state = tx.get(State, bucket, key)
    if state is None:
        raise ServiceError(
            "NoSuchState", f"No state is known at {bucket}/{key}, so that no write there is refused"
        )
    return state


def _about(state: State) -> dict[str, str]:
    return {"bucket": state.bucket, "key": state.key, "state": f"{state.bucket}/{state.key}"}


def _shown(state: State, given: Override) -> dict[str, Any]:
    return {
        "Bucket": state.bucket,
        "Key": state.key,
        "By": given.by,
        "Reason": given.reason,
        "Granted": given.granted,
        "Until": given.until,
    }

"""What is told of a rule's refusal to somebody who may write a state, and not read it.

The rules say what they compared: who holds the lock, serial, lineage, how much is managed, the digest.
Whoever may read neither the state nor its lock is told which rule it was, and where others find more.
"""

from msgspec.structs import replace

from holdfast.server.judging import Locked, Refusal
from holdfast.server.operation import Snapshot

REASON = "reason"  # the fact that is told as a member of its own


def as_told(tx: Snapshot, refusal: Refusal, bucket: str, key: str) -> Refusal:
    """Return a refusal as the caller may be told of it.

    Args:
        tx: the transaction of the request.
        refusal: what the rule said.
        bucket: of the state.
        key: of the state, of its lock file, or of its digest.
    """
    if tx.may_read(bucket, key):
        return refusal
    facts = {name: fact for name, fact in refusal.facts.items() if name != REASON}
    return replace(refusal, message=_message(refusal.rule, bucket, key), facts=facts)


def lock_as_told(tx: Snapshot, locked: Locked, bucket: str, key: str) -> Locked:
    """Return a lock of another holder as the caller may be told of it; arguments as `as_told`."""
    if tx.may_read(bucket, key):
        return locked
    return Locked(b"")


def _message(rule: str, bucket: str, key: str) -> str:
    locked = " Another holds the lock: wait with -lock-timeout." if rule == "one_lock" else ""
    return (
        f"The rule {rule} refuses this request for {bucket}/{key}.{locked} You may read neither the "
        "state nor its lock, and are not told more of them. Who may is told by: holdfast journal"
    )

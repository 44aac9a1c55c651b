"""Repairs of what the doctor found: under the lock, of exactly what was shown, verified afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.client.connect import Connection
from holdfast.client.digests import Digests
from holdfast.client.errors import HoldfastError, NoSuchLock
from holdfast.client.lock_places import places_of
from holdfast.client.locking import acquire, new_info
from holdfast.operations.doctor import digests, locks
from holdfast.operations.doctor.finding import Finding
from holdfast.operations.doctor.reading import get
from holdfast.operations.unlock import unlock
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import Verdict, digest_of, judge
from holdfast.terraform.statefile import UnreadableState, header

_DIGESTS = {
    check.id for check in (digests.DIFFERS, digests.ORPHAN, digests.UNREADABLE, digests.MISSING)
}
_LOCKS = {check.id for check in locks.CHECKS if check.mendable}


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of one repair."""

    finding: Finding
    done: str  # what was done; empty if it was not
    problem: str = ""  # why it was not
    next_step: str = ""


def will(finding: Finding) -> str:
    """Say what a repair would do, for whoever has to agree to it."""
    if finding.check.id in _LOCKS:
        places = " and the ".join(held.where for held in finding.locks)
        return f"{finding.subject}: break the lock in the {places}. {finding.evidence}."
    if finding.check.id == digests.ORPHAN.id:
        return f"{finding.subject}: remove the digest. {finding.evidence}."
    return f"{finding.subject}: store the digest of the state as it is. {finding.evidence}."


def mend(connection: Connection, findings: tuple[Finding, ...]) -> Iterator[Mended]:
    """Repair what was found, one after the other. What cannot be repaired is said.

    Locks come first, since the other repairs need to take them.
    """
    for finding in sorted(findings, key=lambda one: one.check.id not in _LOCKS):
        try:
            done = _mended(connection, finding)
        except HoldfastError as problem:
            yield Mended(finding, "", problem.happened, problem.next_step)
        else:
            yield done


def _mended(connection: Connection, finding: Finding) -> Mended:
    if finding.check.id in _LOCKS:
        return _break(connection, finding)
    if finding.check.id in _DIGESTS and finding.address:
        return _set_digest(connection, finding, finding.address)
    return Mended(finding, "", f"{finding.check.id} cannot be mended from here", finding.fix)


def _break(connection: Connection, finding: Finding) -> Mended:
    try:
        result = unlock(connection, finding.locks)
    except NoSuchLock as gone:
        if gone.holder is None:  # another repair, or its holder, was quicker
            return Mended(finding, "the lock was gone already")
        raise
    places = " and the ".join(held.where for held in result.removed)
    return Mended(finding, f"broke the lock in the {places}")


def _set_digest(connection: Connection, finding: Finding, address: StateAddress) -> Mended:
    info = new_info(address, "holdfast doctor", f"mending {finding.check.id}")
    with acquire(places_of(connection), address, info) as held:
        kept = Digests(connection)
        verdict, body = _look(connection, kept, address)
        if verdict is Verdict.MATCHES:
            return Mended(finding, "the digest was right already")
        if body is None and finding.check is not digests.ORPHAN:
            return Mended(finding, "", "the state was deleted meanwhile", finding.fix)
        if body is not None and finding.check is digests.ORPHAN:
            return Mended(finding, "", "there is a state now", "Run holdfast doctor again.")
        reason = _not_a_state(body)
        if reason:
            fix = "Restore a good version first: holdfast restore; it sets the digest too."
            return Mended(finding, "", f"the object is no state: {reason}", fix)
        wanted = None if body is None else digest_of(body)
        held.check()
        kept.write(address, wanted)
        verdict, _ = _look(connection, kept, address)
    if verdict is not (Verdict.MISSING if wanted is None else Verdict.MATCHES):
        return Mended(
            finding, "", "the digest is wrong again: somebody writes without the lock", ""
        )
    return Mended(finding, "removed the digest" if wanted is None else f"stored digest {wanted}")


def _look(
    connection: Connection, kept: Digests, address: StateAddress
) -> tuple[Verdict, bytes | None]:
    answer = get(connection, address)
    body: bytes | None = answer["body"] if answer else None
    return judge(body, kept.read(address)), body


def _not_a_state(body: bytes | None) -> str:
    if body is None:
        return ""
    try:
        return "it has no bytes" if header(body).format == "empty" else ""
    except UnreadableState as bad:
        return str(bad)

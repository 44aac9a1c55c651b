"""Digests against states: which differ, which side is newer, and how one can tell."""

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.client.digests import Digests
from holdfast.client.errors import HoldfastError
from holdfast.client.found_locks import describe
from holdfast.operations.doctor.commands import choice
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.reading import Look, VersionSeen, get
from holdfast.operations.doctor.survey import Survey
from holdfast.terraform.address import StateAddress
from holdfast.terraform.digest import Verdict, digest_of, judge
from holdfast.terraform.statefile import UnreadableState, header

DIFFERS = Check(
    "HF301",
    Severity.ERROR,
    "The digest is not that of the state",
    "Terraform refuses to read the state, and so does every command.",
    "Decide which side is right. If it is the state, store its digest.",
    mendable=True,
)
ORPHAN = Check(
    "HF302",
    Severity.ERROR,
    "There is a digest, and no state",
    "Terraform refuses to use the key, also for a new state.",
    "Bring the state back, or remove the digest if it was deleted on purpose.",
    mendable=True,
)
UNREADABLE = Check(
    "HF303",
    Severity.WARNING,
    "The digest is not an MD5",
    "Terraform reads on without a check.",
    "Store the digest of the state.",
    mendable=True,
)
MISSING = Check(
    "HF304",
    Severity.NOTE,
    "The state has no digest",
    "Terraform reads it without a check. It was last written without the lock table.",
    "Store the digest of the state; the next apply does it too.",
    mendable=True,
)
CHECKS = (DIFFERS, ORPHAN, UNREADABLE, MISSING)
_BY_VERDICT = {
    Verdict.DIFFERS: DIFFERS,
    Verdict.ORPHAN: ORPHAN,
    Verdict.UNREADABLE: UNREADABLE,
    Verdict.MISSING: MISSING,
}
_COMPARED = 50  # older versions whose MD5 is compared with a digest


@dataclass(frozen=True, slots=True)
class _Match:
    """The version whose MD5 the digest is."""

    version: VersionSeen
    serial: int | None


def examine(survey: Survey) -> Iterator[Result]:
    """Compare every digest with its state."""
    if not survey.table:
        return
    if isinstance(survey.items, HoldfastError):
        yield NotChecked(CHECKS, survey.table, survey.items.happened)
        return
    looks = {look.address: look for look in survey.states}
    for address, look in looks.items():
        if look.unknown:
            yield NotChecked(CHECKS, address.url, look.unknown)
            continue
        yield from _of_state(survey, look)
    for address in sorted(set(survey.digests) - set(looks)):
        yield from _without_object(survey, address)


def _of_state(survey: Survey, look: Look) -> Iterator[Finding]:
    stored = survey.digests.get(look.address)
    if look.deleted:
        if stored:
            yield from _without_object(survey, look.address, look)
        return
    if stored is not None and stored.lower() == look.digest:
        return
    # A writer may have been between its two steps, so look again, and at both sides at once.
    found = _again(survey, look.address)
    if found is None:
        return
    verdict, stored, body = found
    if verdict is Verdict.MATCHES or (verdict is Verdict.ORPHAN and not look.deleted):
        return
    check = _BY_VERDICT[verdict]
    fix = _fix(survey, check, look.address)
    if check is DIFFERS:
        evidence, fix = _explained(survey, look, body or b"", stored or "")
        evidence += _being_written(survey, look.address)
    elif check is MISSING:
        evidence = "The table has no item for it"
    else:
        evidence = f"The item says '{stored}'"
    yield Finding(check, look.address.url, evidence, fix, look.address)


def _again(
    survey: Survey, address: StateAddress
) -> tuple[Verdict, str | None, bytes | None] | None:
    try:
        answer = get(survey.connection, address)
        stored = Digests(survey.connection).read(address)
    except HoldfastError:
        return None
    body: bytes | None = answer["body"] if answer else None
    return judge(body, stored), stored, body


def _fix(survey: Survey, check: Check, address: StateAddress) -> str:
    return survey.commands.holdfast("doctor", "--fix", check.id, "--prefix", address.object_key)


def _without_object(
    survey: Survey, address: StateAddress, look: Look | None = None
) -> Iterator[Finding]:
    found = _again(survey, address)
    if (
        found is None
        or found[0] not in {Verdict.ORPHAN, Verdict.UNREADABLE}
        or found[2] is not None
    ):
        return  # mended, or a digest of no bytes, which Terraform accepts
    evidence = "No object, and no older version of one"
    fix = _fix(survey, ORPHAN, address)
    if look and look.deleted:
        evidence = f"The object was deleted at {look.newest.written:%Y-%m-%d %H:%M:%S} UTC"
        match = _matching(survey, look, found[1] or "")
        if match:
            evidence += f"; the digest is that of its version {match.version.id}"
        wanted = match.version if match else _last(look)
        if wanted and wanted.id:
            back = survey.commands.holdfast("restore", address.object_key, "--to", wanted.id)
            fix = choice(("To bring the state back", back), ("To remove the digest", fix))
    yield Finding(ORPHAN, address.url, evidence, fix, address)


def _last(look: Look) -> VersionSeen | None:
    """Return the newest version that is no deletion."""
    return next((one for one in look.versions if not one.marker), None)


def _being_written(survey: Survey, address: StateAddress) -> str:
    """Say that somebody holds the lock, and may only be between the two steps of a write."""
    for lock in survey.locks.locks:
        if lock.address == address:
            return f". The lock is held by {describe(lock.info)}, who may be writing just now"
    return ""


def _explained(survey: Survey, look: Look, body: bytes, stored: str) -> tuple[str, str]:
    """Say which side is newer, and why; and what to do."""
    match = _matching(survey, look, stored)
    mend, key = _fix(survey, DIFFERS, look.address), look.address.object_key
    back = survey.commands.holdfast("versions", key)
    if match and match.version.id:
        back = survey.commands.holdfast("restore", key, "--to", match.version.id)
    serial = look.header.serial if look.header else None
    state = f"the state ({_serial(serial)}, written {look.newest.written:%Y-%m-%d %H:%M:%S} UTC)"
    if look.header is None:
        of = f"; the digest is that of {_named(match)}" if match else ""
        return f"The object is damaged: {look.unreadable}{of}", back
    if match is None:
        return (
            (
                f"It cannot be said which is newer: {state} has MD5 {digest_of(body)}, and the digest "
                f"{stored} is of no version that is kept"
            ),
            choice(("Compare it with the versions before", back), ("If it is right", mend)),
        )
    old = _named(match)
    if serial is not None and match.serial is not None and serial < match.serial:
        return (
            f"An older state was put back: {state} has a lower serial than {old}, whose digest is in "
            "the table. Terraform did not write it"
        ), choice(("To go on with the older one", mend), ("To go back to the newer one", back))
    if serial is not None and serial == match.serial:
        return (
            f"The object was replaced by another one with the same serial: {state}; the digest is "
            f"that of {old}"
        ), choice(("To go on with what is there", mend), ("To go back", back))
    return (
        f"The state is newer: {state} follows {old}, whose digest is in the table. "
        "The writer died, or lost the table, between its two steps"
    ), mend


def _named(match: _Match) -> str:
    return f"version {match.version.id} ({_serial(match.serial)})"


def _serial(serial: int | None) -> str:
    return "of unknown serial" if serial is None else f"serial {serial}"


def _matching(survey: Survey, look: Look, stored: str) -> _Match | None:
    """Find the version whose MD5 a digest is."""
    older = [one for one in look.versions if not one.marker and one.id and not one.latest]
    for version in older[:_COMPARED]:
        try:
            answer = get(survey.connection, look.address, version.id)
        except HoldfastError:
            continue
        if answer is None or digest_of(answer["body"]) != stored.lower():
            continue
        try:
            return _Match(version, header(answer["body"]).serial)
        except UnreadableState:
            return _Match(version, None)
    return None

"""The states themselves: unreadable, empty, shrunken, copied, unencrypted, telling secrets."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise, takewhile

from holdfast.operations.doctor.commands import choice
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.reading import Look, Older
from holdfast.operations.doctor.survey import Survey
from holdfast.terraform.statefile import Header

UNPARSABLE = Check(
    "HF401",
    Severity.ERROR,
    "The object is not a state",
    "Terraform cannot read it, and plans to make everything again if it is replaced by nothing.",
    "Restore the version before it.",
)
EMPTY = Check(
    "HF402",
    Severity.ERROR,
    "The object has no bytes",
    "For Terraform there is no state: the next apply makes everything again.",
    "Restore the version before it.",
)
SHRUNKEN = Check(
    "HF403",
    Severity.WARNING,
    "The state lost most of its resources",
    "If they were not destroyed on purpose, they still exist, and Terraform does not know them.",
    "Look at what went; restore the version before if it was a mistake.",
)
FOREIGN = Check(
    "HF404",
    Severity.WARNING,
    "Another state was written over this one",
    "The lineage changed in the history: two configurations may share the key.",
    "Look at the versions on both sides; give each configuration a key of its own.",
)
FALLING = Check(
    "HF405",
    Severity.WARNING,
    "The serial fell",
    "An older state was put back or forced in; saved plans of other serials may be applied to it.",
    "Look at what changed; restore raises the serial instead.",
)
SPLIT = Check(
    "HF406",
    Severity.WARNING,
    "Two different versions have the same serial",
    "Two writers began from the same state, so one of them overwrote the other's changes.",
    "Look at what differs between the two.",
)
UNENCRYPTED = Check(
    "HF407",
    Severity.WARNING,
    "The object is not encrypted",
    "States hold secrets in clear text.",
    "Set encrypt = true in the backend block; the next apply encrypts it.",
)
UNVERSIONED = Check(
    "HF408",
    Severity.NOTE,
    "The object has no version of its own",
    "It was written before versioning was on; the next write keeps it as version 'null'.",
    "Nothing, if versioning is on: the next apply gives it a version.",
)
COPIED = Check(
    "HF409",
    Severity.WARNING,
    "Several keys hold states of the same lineage",
    "A state was copied: two configurations may manage the same resources.",
    "Remove the copy that is not used.",
)
SECRETS = Check(
    "HF410",
    Severity.WARNING,
    "Outputs look like secrets and are not marked as sensitive",
    "Terraform prints them in logs, and whoever reads outputs sees them.",
    "Set sensitive = true on the outputs, and change the secrets if they were shown.",
)
CHECKS = (
    UNPARSABLE,
    EMPTY,
    SHRUNKEN,
    FOREIGN,
    FALLING,
    SPLIT,
    UNENCRYPTED,
    UNVERSIONED,
    COPIED,
    SECRETS,
)
_OF_HISTORY = (SHRUNKEN, FOREIGN, FALLING, SPLIT)
_FEW = 5  # resources; losing fewer is not suspicious by itself


def examine(survey: Survey) -> Iterator[Result]:
    """Look at every state, and at states side by side."""
    if survey.listing.problem:
        yield NotChecked(_OF_HISTORY, survey.bucket, survey.listing.problem.happened)
    for look in survey.states:
        if look.unknown:
            yield NotChecked(CHECKS, look.address.url, look.unknown)
        elif not look.deleted:
            yield from _of(survey, look)
            yield from _history(survey, look)
    yield from _copied(survey)


def _back(survey: Survey, look: Look) -> str:
    """Return the command that brings the newest good version back, or shows all of them."""
    key = look.address.object_key
    for one in look.older:
        if one.header and one.header.format != "empty" and one.version.id:
            return survey.commands.holdfast("restore", key, "--to", one.version.id)
    return survey.commands.holdfast("versions", key)


def _of(survey: Survey, look: Look) -> Iterator[Finding]:
    url, restore = look.address.url, _back(survey, look)
    if look.unreadable:
        yield Finding(
            UNPARSABLE,
            url,
            f"Of {look.newest.size} bytes, {look.unreadable}",
            restore,
            look.address,
        )
    elif look.header and look.header.format == "empty":
        yield Finding(EMPTY, url, _size(look), restore, look.address)
    if not look.encryption:
        evidence = "S3 names no server-side encryption of it"
        fix = "Set encrypt = true in the backend block; the next apply that changes it encrypts it"
        yield Finding(UNENCRYPTED, url, evidence, fix, look.address)
    if look.newest.id == "null":
        evidence = "Its version id is 'null'"
        yield Finding(UNVERSIONED, url, evidence, UNVERSIONED.remedy, look.address)
    if look.secrets:
        fix = "Set sensitive = true in these output blocks, then: terraform apply"
        yield Finding(SECRETS, url, ", ".join(look.secrets), fix, look.address)


def _size(look: Look) -> str:
    before = next((older.header for older in look.older if older.header), None)
    if before is None:
        return "0 bytes"
    return f"0 bytes; the version before has serial {before.serial}, {_counted(before)}"


def _counted(header: Header) -> str:
    return f"{header.resources} resource{'s' * (header.resources != 1)}"


def _history(survey: Survey, look: Look) -> Iterator[Finding]:
    """Compare each version with the one before it, the newest pair first.

    What was before a deletion was another state: a workspace that was deleted and made again.
    """
    newest = [Older(look.newest, look.header)] if look.header else []
    life = set(takewhile(lambda version: not version.marker, look.versions))
    known = [
        one
        for one in (*newest, *look.older)
        if one.header and one.header.format != "empty" and one.version in life
    ]
    seen: set[Check] = set()
    for later, earlier in pairwise(known):
        for finding in _step(survey, look, later, earlier, newest=later in newest):
            if finding.check not in seen:  # the newest one of each kind says enough
                seen.add(finding.check)
                yield finding


def _step(
    survey: Survey, look: Look, later: Older, earlier: Older, *, newest: bool
) -> Iterator[Finding]:
    new, old = later.header, earlier.header
    if new is None or old is None:
        return
    key, url = look.address.object_key, look.address.url
    sides = (f"key:{key}#{one.version.id}" for one in (earlier, later))
    diff = survey.commands.holdfast("diff", *sides)
    when = f"{later.version.written:%Y-%m-%d %H:%M:%S} UTC"
    if new.lineage != old.lineage:
        evidence = f"At {when} lineage {old.lineage} (serial {old.serial}) became {new.lineage}"
        yield Finding(FOREIGN, url, evidence, diff, look.address)
        return
    if new.serial < old.serial:
        evidence = f"At {when} serial {old.serial} was followed by serial {new.serial}"
        yield Finding(FALLING, url, evidence, diff, look.address)
    elif new.serial == old.serial and _differ(later, earlier):
        evidence = f"At {when} serial {new.serial} was written again with other content"
        yield Finding(SPLIT, url, evidence, diff, look.address)
    if newest and _shrunken(new, old):
        serials = f"serial {old.serial} to {new.serial}"
        evidence = f"At {when} {_counted(old)} became {new.resources} ({serials})"
        back = survey.commands.holdfast("restore", key, "--to", str(earlier.version.id))
        fix = choice(("To see what went", diff), ("To go back", back))
        yield Finding(SHRUNKEN, url, evidence, fix, look.address)


def _shrunken(new: Header, old: Header) -> bool:
    """Whether most resources went, and not as `terraform destroy` removes all, with the outputs."""
    if new.format == "encrypted" or (not new.resources and not new.outputs):
        return False
    return old.resources - new.resources >= _FEW and new.resources * 2 <= old.resources


def _manages(top: Header) -> bool:
    """Whether there are resources in a state, as far as can be seen."""
    return bool(top.resources) or top.format == "encrypted"


def _differ(later: Older, earlier: Older) -> bool:
    """Whether two versions surely differ: ETags differ for equal bytes too, sizes and counts do not."""
    return later.version.size != earlier.version.size or later.header != earlier.header


def _copied(survey: Survey) -> Iterator[Finding]:
    by_lineage: dict[str, list[Look]] = defaultdict(list)
    for look in survey.states:
        # A state without resources manages nothing: what a destroy, or a migration, leaves.
        if look.header and look.header.lineage and _manages(look.header) and not look.deleted:
            by_lineage[look.header.lineage].append(look)
    for lineage, looks in sorted(by_lineage.items()):
        if len(looks) < 2:
            continue
        shown = ", ".join(
            f"{look.address.object_key} (serial {look.header.serial if look.header else 0})"
            for look in looks
        )
        evidence = f"Lineage {lineage}: {shown}"
        keys = [look.address.object_key for look in looks]
        compare = survey.commands.holdfast("diff", f"key:{keys[0]}", f"key:{keys[1]}")
        ways = [(f"If {key} is not used", survey.commands.holdfast("rm", key)) for key in keys]
        fix = choice(("Compare them", compare), *ways)
        yield Finding(COPIED, looks[0].address.url, evidence, fix, looks[0].address)

"""A rehearsal of restoring: can every state below a prefix be brought back to an older version?

Nothing is changed. Each chosen version is read wholly, which needs the bucket, the version, the
permission and the KMS key; it is parsed; and it has to be of the lineage of the newest.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.client import listing
from holdfast.client.backend import Backend
from holdfast.client.errors import AccessDenied, HoldfastError
from holdfast.client.history import Version, version_of
from holdfast.client.listing import STATE_SUFFIX
from holdfast.client.translate import Call, translated
from holdfast.operations.choosing import newest_at
from holdfast.operations.fetching import in_parallel
from holdfast.operations.locks import lock_of
from holdfast.operations.versioning import keeps_versions_if_known
from holdfast.terraform.address import StateAddress, address_of
from holdfast.terraform.statefile import StateFile, UnreadableState, parse


@dataclass(frozen=True, slots=True)
class Drilled:
    """What the rehearsal found of one state."""

    address: StateAddress
    chosen: Version | None  # what it would be brought back to
    serial: int | None  # of that version
    versions: int  # that there are, without deletions
    deleted: bool  # whether the state is deleted now
    problems: tuple[str, ...]  # why it cannot be restored
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drill:
    """What the rehearsal found of all states."""

    states: tuple[Drilled, ...]
    problems: tuple[str, ...] = ()  # that concern all of them
    unknown: tuple[str, ...] = ()  # what could not be found out without changing something

    @property
    def failed(self) -> tuple[Drilled, ...]:
        """The states that cannot be restored."""
        return tuple(each for each in self.states if each.problems)

    @property
    def passed(self) -> bool:
        """Whether every state can be restored."""
        return not self.failed and not self.problems


def drill(
    backend: Backend,
    prefix: str = "",
    *,
    moment: datetime | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Drill:
    """Rehearse restoring every state below a prefix.

    Args:
        backend: the backend; its key does not matter.
        prefix: of the object keys.
        moment: bring each back to what it was then; to the version before the newest if None.
        progress: told how many of how many states are done.

    Raises:
        HoldfastError: the versions in the bucket cannot be listed.
    """
    found = _histories(backend, prefix)

    def one(key: str) -> Drilled:
        return _drilled(backend, found[key], moment)

    done = in_parallel(one, found, total=len(found), progress=progress)
    states = sorted(done, key=lambda each: each.address)
    problems, unknown = _of_the_bucket(backend)
    return Drill(tuple(states), problems, unknown)


def _histories(backend: Backend, prefix: str) -> dict[str, list[Version]]:
    """Return the versions of all states below a prefix, newest first, also of deleted ones."""
    settings = backend.settings
    found: dict[str, list[Version]] = defaultdict(list)
    for entry, deletion in listing.versions(backend.connection, prefix):
        key = entry["Key"]
        if _is_state(backend, key):
            address = address_of(settings.bucket, key, settings.workspace_key_prefix)
            found[key].append(version_of(address, entry, deletion=deletion))
    return found


def _is_state(backend: Backend, key: str) -> bool:
    return key.endswith(STATE_SUFFIX) or (
        bool(backend.settings.key) and key == backend.settings.key
    )


def _drilled(backend: Backend, history: Sequence[Version], moment: datetime | None) -> Drilled:
    address = history[0].address
    bodies = [version for version in history if not version.delete_marker]
    deleted = history[0].delete_marker
    remarks: list[str] = []
    problems: list[str] = []
    chosen: Version | None = None
    serial = None
    try:
        chosen = _chosen(address, history, bodies, moment)
        if chosen is None:
            problems.append("only its deletion is left; no version of it exists any more")
        else:
            state = _state(backend, chosen)
            serial = state.serial
            problems += _lineage_problems(backend, state, chosen, bodies[0])
            remarks += _remarks(state, chosen, bodies, deleted=deleted)
    except HoldfastError as problem:
        problems.append(problem.happened)
    except UnreadableState as bad:
        problems.append(f"the version {chosen.version_id if chosen else ''} is no state: {bad}")
    problems += _lock_problems(backend, address, remarks)
    return Drilled(address, chosen, serial, len(bodies), deleted, tuple(problems), tuple(remarks))


def _chosen(
    address: StateAddress,
    history: Sequence[Version],
    bodies: Sequence[Version],
    moment: datetime | None,
) -> Version | None:
    if moment is not None:
        return newest_at(address, history, moment)
    if not bodies:
        return None
    # A deleted state comes back as it was last; any other as it was before its last change.
    return bodies[0] if history[0].delete_marker or len(bodies) == 1 else bodies[1]


def _state(backend: Backend, chosen: Version) -> StateFile:
    return parse(backend.read(chosen.address, chosen.version_id).body)


def _lineage_problems(
    backend: Backend, state: StateFile, chosen: Version, newest: Version
) -> Iterator[str]:
    if state.format == "empty":
        yield f"the version {chosen.version_id} has no bytes"
        return
    if newest.version_id == chosen.version_id:
        return
    try:
        now = _state(backend, newest)
    except UnreadableState:
        return  # the newest is what one would restore from; the chosen one is sound
    if now.lineage and state.lineage and now.lineage != state.lineage:
        yield (
            f"the version {chosen.version_id} has lineage {state.lineage}, the newest has "
            f"{now.lineage}: 'holdfast restore' asks which one is right"
        )


def _remarks(
    state: StateFile, chosen: Version, bodies: Sequence[Version], *, deleted: bool
) -> Iterator[str]:
    if state.format == "encrypted":
        yield "encrypted by OpenTofu: read, but what is inside was not looked at; needs --as-is"
    if len(bodies) == 1 and not deleted:
        yield "has only one version so far"
    if deleted:
        yield "is deleted now"
    if state.is_empty and state.format != "empty":
        yield f"the version {chosen.version_id} holds nothing"


def _lock_problems(backend: Backend, address: StateAddress, remarks: list[str]) -> Iterator[str]:
    """Look whether the lock can be seen; say who holds it."""
    if not backend.places:
        return
    try:
        held = lock_of(backend.connection, address)
    except HoldfastError as problem:
        yield f"its lock cannot be seen: {problem.happened}"
        return
    if held:
        remarks.append(f"is locked by {held.info.who or 'somebody'}; restoring would have to wait")


def _of_the_bucket(backend: Backend) -> tuple[tuple[str, ...], tuple[str, ...]]:
    problems: list[str] = []
    unknown = ["whether objects may be written: that shows only when one is"]
    kept = keeps_versions_if_known(backend)
    bucket = backend.settings.bucket
    if kept is False:
        problems.append(
            f"the bucket {bucket} keeps no versions: what is overwritten from now on is lost. "
            "Mend it: holdfast bootstrap apply"
        )
    elif kept is None:
        unknown.append(f"whether the bucket {bucket} keeps versions")
    if backend.settings.dynamodb_table:
        try:
            _try_locking(backend, backend.settings.dynamodb_table)
        except AccessDenied as denied:
            problems.append(denied.happened)
        except HoldfastError as problem:
            problems.append(problem.happened)
    return tuple(problems), tuple(unknown)


def _try_locking(backend: Backend, table: str) -> None:
    """Ask for a lock on a condition that can never hold: it is refused, or not even allowed."""
    from botocore.exceptions import ClientError

    lock_id = f"{backend.settings.bucket}/holdfast-drill"
    arn = f"arn:aws:dynamodb:*:*:table/{table}"
    with translated(Call(f"lock states in table {table}", "dynamodb:PutItem", arn)):
        try:
            backend.connection.dynamodb.put_item(
                TableName=table,
                Item={"LockID": {"S": lock_id}},
                ConditionExpression="attribute_exists(LockID) AND attribute_not_exists(LockID)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

"""Naming a version of a state: by id, by a beginning of it, by age, by serial, by time.

A name is one of: `latest`; `latest~N`, N versions before it; `serial:N`; `@TIME`, the version that was
the newest then; a version id, or enough of its beginning to tell it from the others.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError, NoSuchState
from holdfast.client.history import Version
from holdfast.operations.moments import parse_moment
from holdfast.terraform.address import StateAddress

LATEST = "latest"
_BACK = re.compile(r"latest(?:~(\d{1,9}))?", re.ASCII)
_SERIAL = re.compile(r"serial:(\d{1,20})", re.ASCII)
_SHOWN = 5  # versions that an ambiguous name may mean, in the error


class NoSuchVersion(NoSuchState):
    """No version of the state has that name."""


class AmbiguousVersion(HoldfastError):
    """Several versions of the state have that name."""


def needs_serials(name: str) -> bool:
    """Say whether a name can only be understood by reading the versions themselves."""
    return _SERIAL.fullmatch(name) is not None


def is_name(text: str) -> bool:
    """Say whether a text can only be the name of a version: neither an id nor a file."""
    return text.startswith("@") or bool(_BACK.fullmatch(text) or _SERIAL.fullmatch(text))


def version_named(
    backend: Backend, name: str, *, address: StateAddress | None = None, now: datetime | None = None
) -> Version:
    """Return the version of a state that a name means.

    Args:
        backend: the backend.
        name: see the module.
        address: the state, the backend's own if None.
        now: what `@2h` counts from.

    Raises:
        NoSuchVersion: there is none.
        AmbiguousVersion: the name means several.
    """
    where = address or backend.address
    history = list(backend.history(where, headers=needs_serials(name)))
    return choose(where, history, name, now or datetime.now(UTC))


def choose(address: StateAddress, history: Sequence[Version], name: str, now: datetime) -> Version:
    """Return the version that a name means, out of a history with the newest first.

    Args:
        address: the state, for errors.
        history: all versions and deletions; with serials if the name says one.
        name: see the module.
        now: what `@2h` counts from.

    Raises:
        NoSuchVersion: there is none, or the state was deleted at that time.
        AmbiguousVersion: the name means several.
    """
    bodies = [version for version in history if not version.delete_marker]
    if not bodies:
        raise NoSuchVersion(
            f"{address.url} has no versions", "'holdfast states' lists the states there are."
        )
    back = _BACK.fullmatch(name)
    if back:
        return _back(address, bodies, int(back[1] or 0))
    serial = _SERIAL.fullmatch(name)
    if serial:
        return _with_serial(address, bodies, int(serial[1]))
    if name.startswith("@"):
        return newest_at(address, history, parse_moment(name[1:], now))
    return _with_id(address, bodies, name)


def newest_at(address: StateAddress, history: Sequence[Version], moment: datetime) -> Version:
    """Return the version that was the newest at a point in time.

    Raises:
        NoSuchVersion: there was no state then.
    """
    for version in history:
        if version.last_modified <= moment:
            if version.delete_marker:
                raise _not_then(address, moment, f"it was deleted {shown_time(version)}")
            return version
    oldest = history[-1] if history else None
    since = f"its oldest version is of {shown_time(oldest)}" if oldest else "it has no versions"
    raise _not_then(address, moment, since)


def shown_time(version: Version) -> str:
    """Return when a version was written, to the second, in UTC."""
    return f"{version.last_modified.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def shown_version(version: Version) -> str:
    """Return a version for a sentence: serial if known, time, id."""
    serial = f"serial {version.serial} of " if version.serial is not None else ""
    return f"{serial}{shown_time(version)} ({version.version_id})"


def _back(address: StateAddress, bodies: Sequence[Version], steps: int) -> Version:
    if steps < len(bodies):
        return bodies[steps]
    count = f"{len(bodies)} version{'s' * (len(bodies) != 1)}"
    raise NoSuchVersion(
        f"{address.url} has only {count}, so there is no latest~{steps}", _list(address)
    )


def _with_serial(address: StateAddress, bodies: Sequence[Version], serial: int) -> Version:
    """Return the version with a serial; the newest, where several are the very same bytes."""
    found = [version for version in bodies if version.serial == serial]
    if not found:
        known = [version.serial for version in bodies if version.serial is not None]
        there = f"they go from {min(known)} to {max(known)}" if known else "none could be read"
        raise NoSuchVersion(
            f"no version of {address.url} has serial {serial}; {there}", _list(address)
        )
    if len({(version.etag, version.size) for version in found}) > 1:
        raise _several(address, f"serial {serial}", found)
    return found[0]


def _with_id(address: StateAddress, bodies: Sequence[Version], name: str) -> Version:
    for version in bodies:
        if version.version_id == name:
            return version
    found = [version for version in bodies if name and version.version_id.startswith(name)]
    if len(found) > 1:
        raise _several(address, f"id that begins with {name}", found)
    if not found:
        raise NoSuchVersion(f"{address.url} has no version {name!r}", _list(address))
    return found[0]


def _several(address: StateAddress, what: str, found: Sequence[Version]) -> AmbiguousVersion:
    shown = ", ".join(shown_version(version) for version in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return AmbiguousVersion(
        f"{len(found)} versions of {address.url} have the {what}: {shown}{more}",
        "Name the one you mean by its id.",
    )


def _not_then(address: StateAddress, moment: datetime, why: str) -> NoSuchVersion:
    return NoSuchVersion(
        f"there was no state at {address.url} at {moment:%Y-%m-%d %H:%M:%SZ}: {why}",
        _list(address),
    )


def _list(address: StateAddress) -> str:
    return f"List the versions: holdfast versions {address.object_key}"

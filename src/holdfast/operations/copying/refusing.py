"""When a copy would take the place of something else, and so is refused."""

from holdfast.client.errors import ForeignLineage, HoldfastError, StaleSerial
from holdfast.operations.copying.entries import Entries
from holdfast.terraform.statefile import header_if_readable

_FORCE = "If the copy is to take its place: --force. What is there stays as an older version."


class NotVersioned(HoldfastError):
    """What is at the target would be lost, since the bucket keeps no versions."""


def check(source: Entries, target: Entries, *, keeps_versions: bool, force: bool) -> None:
    """Refuse a copy over a state that is none of the source's versions.

    Args:
        source: the versions to copy.
        target: what is there; its newest version is none of the source's.
        keeps_versions: whether the target's bucket keeps versions.
        force: copy all the same, if what is there stays as an older version.

    Raises:
        ForeignLineage, StaleSerial: it is another state, or has changes that the source does not have.
        NotVersioned: forced, and what is there would be lost.
    """
    present = target.newest
    if present is None:
        return
    if force:
        if not keeps_versions:
            raise NotVersioned(
                f"{target.address.url} would be lost: its bucket keeps no versions",
                "Move it away first, or turn versioning on.",
            )
        return
    there = header_if_readable(target.body(present))
    ours = header_if_readable(source.body(source.newest)) if source.newest else None
    what = f"{target.address.url} holds"
    if there is None:
        raise ForeignLineage(f"{what} something that is not a readable state", _FORCE)
    if ours and ours.lineage != there.lineage:
        raise ForeignLineage(
            f"{what} another state: lineage {there.lineage}, and that of {source.address.url} is "
            f"{ours.lineage}",
            _FORCE,
        )
    serial = f", whose newest serial is {ours.serial}" if ours else ", which is deleted"
    raise StaleSerial(
        f"{what} a version (serial {there.serial}) that is none of {source.address.url}{serial}",
        _FORCE,
    )

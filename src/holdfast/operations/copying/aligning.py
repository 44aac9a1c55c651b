"""How far a copy has come: which version of the source the target holds now.

A copy says in its metadata what it is a copy of; everything else is compared by its bytes. So a run
that was killed goes on where it was, and a state that comes back is recognised at its old place.
"""

from holdfast.client.history import Version
from holdfast.operations.copying.entries import Entries


def next_to_copy(source: Entries, target: Entries) -> int | None:
    """Return the index of the first version of the source that the target does not have yet.

    None if the newest version of the target is none of the source's. 0 if nothing is there. Of several
    places that fit, the one counts before which most versions fit too, and of these the first.
    """
    if not target.versions:
        return 0
    best, longest = None, 0
    for index, version in enumerate(source.versions):
        if not _same(source, version, target, target.versions[-1]):
            continue
        length = _fitting(source, target, index)
        if length > longest:
            best, longest = index + 1, length
    if target.newest is None and (best is None or longest < 2):
        return 0  # deleted there, and a deletion alone says nothing
    return best


def _fitting(source: Entries, target: Entries, index: int) -> int:
    """Return how many versions up to one of the source's are the target's last ones."""
    length = 0
    while length <= index and length < len(target.versions):
        here, there = source.versions[index - length], target.versions[-1 - length]
        if not _same(source, here, target, there):
            break
        length += 1
    return length


def _same(source: Entries, here: Version, target: Entries, there: Version) -> bool:
    if here.delete_marker or there.delete_marker:
        return here.delete_marker and there.delete_marker
    if here.size != there.size:
        return False
    copied = target.origin(there)
    if copied and copied.source == source.address.url and here.version_id != "null":
        return copied.version_id == here.version_id
    back = source.origin(here)
    if back and back.source == target.address.url and there.version_id != "null":
        return back.version_id == there.version_id
    return source.sha256(here) == target.sha256(there)

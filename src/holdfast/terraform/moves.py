"""Recognising objects that stand at another address than before."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

from holdfast.terraform.records import Instance
from holdfast.terraform.values import canonical

# Providers write these for objects that have no id of their own (random_password: "none").
_NO_IDENTITY = frozenset({"", "-", "none", "static", "default"})

Move = tuple[Instance, Instance]


def moves_between(gone: Iterable[Instance], come: Iterable[Instance]) -> list[Move]:
    """Pair objects of the older state with the same objects at other addresses of the newer one.

    The same are managed objects of one type and provider whose attributes are equal, or whose `id`
    is equal and on either side only theirs.
    """
    before, after = _managed(gone), _managed(come)
    moves: list[Move] = []
    for identity, alone in ((_whole, False), (_id, True)):
        found = _paired(before, after, identity, alone)
        moves += found
        old_done = {id(old) for old, _ in found}
        new_done = {id(new) for _, new in found}
        before = [each for each in before if id(each) not in old_done]
        after = [each for each in after if id(each) not in new_done]
    return moves


def object_id(instance: Instance) -> str | None:
    """Return the `id` attribute if it names an object."""
    value = instance.some_attributes(("id",)).get("id")
    return value if isinstance(value, str) and value not in _NO_IDENTITY else None


def _managed(instances: Iterable[Instance]) -> list[Instance]:
    return [each for each in instances if each.resource.mode == "managed"]


def _paired(
    before: list[Instance],
    after: list[Instance],
    identity: Callable[[Instance], Hashable | None],
    alone: bool,
) -> list[Move]:
    """Pair by an identity, in order; with `alone` only where one object on each side has it."""
    kinds = {_kind(each) for each in before} & {_kind(each) for each in after}
    sides: list[dict[Hashable, list[Instance]]] = []
    for side in (before, after):
        groups: dict[Hashable, list[Instance]] = defaultdict(list)
        for each in side:
            mark = identity(each) if _kind(each) in kinds else None
            if mark is not None:
                groups[_kind(each), mark].append(each)
        sides.append(groups)
    moves: list[Move] = []
    for mark, olds in sides[0].items():
        news = sides[1].get(mark, [])
        if not alone or (len(olds) == 1 and len(news) == 1):
            moves.extend((old, new) for old, new in zip(olds, news, strict=False))
    return [(old, new) for old, new in moves if old.address != new.address]


def _kind(instance: Instance) -> tuple[str, str]:
    return instance.resource.type, instance.resource.provider_name


def _whole(instance: Instance) -> Hashable | None:
    attributes = instance.read_attributes()
    return canonical(attributes) if attributes else None


def _id(instance: Instance) -> Hashable | None:
    return object_id(instance)

"""Which object of an older state belongs to which object of a newer one."""

from collections.abc import Iterable

from holdfast.terraform.moves import moves_between, object_id
from holdfast.terraform.records import Instance, StateFile
from holdfast.terraform.values import canonical

Pair = tuple[Instance | None, Instance | None]


def pairs_between(old: StateFile, new: StateFile) -> list[Pair]:
    """Pair the current objects of two states, by address and then by identity.

    An object whose address another one has taken is looked for elsewhere too, so that a moved
    object is not taken for two changed ones. Pairs that are the same in every byte are left out.
    """
    before, after = current_objects(old), current_objects(new)
    kept: list[Pair] = []
    replaced: list[tuple[Instance, Instance]] = []
    for address, instance in before.items():
        other = after.get(address)
        if other is None or _same_bytes(instance, other):
            continue
        if _is_replaced(instance, other):
            replaced.append((instance, other))
        else:
            kept.append((instance, other))
    gone = [each for address, each in before.items() if address not in after]
    come = [each for address, each in after.items() if address not in before]
    moves = moves_between(
        _in_order([*gone, *(each for each, _ in replaced)]),
        _in_order([*come, *(each for _, each in replaced)]),
    )
    taken = {id(each) for move in moves for each in move}
    for first, second in replaced:
        if id(first) not in taken and id(second) not in taken:
            kept.append((first, second))
        else:
            gone.append(first)
            come.append(second)
    kept.extend(moves)
    kept.extend((each, None) for each in gone if id(each) not in taken)
    kept.extend((None, each) for each in come if id(each) not in taken)
    return kept


def current_objects(state: StateFile) -> dict[str, Instance]:
    """Return the objects that are not deposed, by address."""
    return {each.address: each for each in state.instances if not each.deposed}


def deposed_objects(state: StateFile) -> dict[str, dict[str, Instance]]:
    """Return the deposed objects, by address and key."""
    found: dict[str, dict[str, Instance]] = {}
    for each in state.instances:
        if each.deposed:
            found.setdefault(each.address, {})[each.deposed] = each
    return found


def place_of(instance: Instance) -> tuple[str | int, ...]:
    """Return where an object stands in Terraform's order: numbers before names, by value."""
    resource, key = instance.resource, instance.index_key
    number = key if isinstance(key, int) else -1
    name = key if isinstance(key, str) else ""
    kind = 0 if key is None else 1 if isinstance(key, int) else 2
    # Managed resources stand before data sources of a module, as people look for them.
    mode = 0 if resource.mode == "managed" else 1
    return resource.module, mode, resource.type, resource.name, kind, number, name, instance.deposed


def same_values(before: Instance, after: Instance) -> bool:
    """Whether the attributes are surely the same, whatever the rendering."""
    return before.raw == after.raw or (
        canonical(before.read_attributes()) == canonical(after.read_attributes())
    )


def _same_bytes(before: Instance, after: Instance) -> bool:
    return (
        before.raw == after.raw
        and before.resource == after.resource
        and before.status == after.status
        and before.schema_version == after.schema_version
        and before.dependencies == after.dependencies
        and before.sensitive == after.sensitive
        and before.private == after.private
        and before.create_before_destroy == after.create_before_destroy
    )


def _is_replaced(before: Instance, after: Instance) -> bool:
    """Whether it is another object, which only an `id` on both sides tells."""
    if before.raw == after.raw:
        return False
    first, second = object_id(before), object_id(after)
    return first is not None and second is not None and first != second


def _in_order(instances: Iterable[Instance]) -> list[Instance]:
    return sorted(instances, key=place_of)

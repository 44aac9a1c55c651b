"""Whether the backend block still is the one that a directory was initialised with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast.client.config.arguments import Arguments, arguments
from holdfast.client.config.block import BackendBlock, has_configuration
from holdfast.client.config.block_hash import block_hash
from holdfast.client.config.hcl import Expression
from holdfast.client.config.masking import rendered
from holdfast.client.config.origin import Level, Remark, Sourced
from holdfast.client.config.stored import StoredBackend

_STEP = (
    "What was initialised is used. Run 'terraform init -migrate-state' to move the state, "
    "or 'terraform init -reconfigure' to leave it where it is."
)


def changes(stored: StoredBackend, block: BackendBlock | None, directory: Path) -> Iterator[Remark]:
    """Yield what differs between the block and what was initialised; Terraform stops on that too."""
    if block is None:
        if has_configuration(directory):
            text = f"the configuration has no backend block any more, but {stored.path} has one"
            yield Remark(Level.WARNING, text, _STEP)
    elif block.kind != stored.kind:
        yield Remark(
            Level.WARNING,
            f'Backend configuration changed: the block says "{block.kind}", '
            f'{stored.path} says "{stored.kind}"',
            _STEP,
            block.origin,
        )
    elif different := _differences(stored, block):
        text = "Backend configuration changed since 'terraform init': "
        yield Remark(Level.WARNING, text + "; ".join(different), _STEP, block.origin)


def _differences(stored: StoredBackend, block: BackendBlock) -> list[str]:
    """Return what differs, in words.

    The stored configuration holds what -backend-config added, which the block need not have. The stored
    hash is that of the block alone: where it fits, nothing changed; and where it also fits the stored
    configuration, nothing was added, so that what the block lacks was removed from it.
    """
    raw = {name: said.value for name, said in block.arguments.items()}
    known = stored.hash is not None
    if known and block_hash(raw, stored.config) == stored.hash:
        return []
    nothing_added = known and block_hash(stored.config, stored.config) == stored.hash
    return list(_different(block.arguments, stored.arguments, removed=nothing_added))


def _different(
    block: dict[str, Sourced], stored: dict[str, Sourced], *, removed: bool
) -> Iterator[str]:
    now, before = arguments(block).values, arguments(stored).values
    for name, said in now.items():
        old = before[name].value if name in before else None
        if plain(said.value) != plain(old):
            line = f" (line {said.origin.line})" if said.origin.line else ""
            yield f"{name} was {_shown(name, old)}, is {_shown(name, said.value)}{line}"
    for name, was in before.items() if removed else ():
        if name not in now and plain(was.value) and not _is_expression(block, name):
            yield f"{name} was {_shown(name, was.value)}, is not set"


def located(stored: Arguments, block: BackendBlock | None) -> Arguments:
    """Return stored arguments with their lines in the block, where it says the same."""
    said = arguments(block.arguments).values if block and block.kind == "s3" else {}
    values = {
        name: said[name] if name in said and plain(said[name].value) == plain(was.value) else was
        for name, was in stored.values.items()
    }
    return Arguments(values, stored.remarks)


def _is_expression(block: dict[str, Sourced], name: str) -> bool:
    argument = name.partition(".")[0]
    return argument in block and isinstance(block[argument].value, Expression)


def plain(value: Any) -> Any:
    """Return a value so that what Terraform treats alike is alike: unset, empty and false."""
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if plain(one)} or None
    if isinstance(value, tuple):
        return sorted(set(value)) or None
    return value or None


def _shown(name: str, value: Any) -> str:
    return "not set" if value is None else rendered(name, value)

"""Whether the backend block still is the one that a directory was initialised with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast.client.config.arguments import arguments
from holdfast.client.config.block import BackendBlock, has_configuration
from holdfast.client.config.hcl import Expression
from holdfast.client.config.origin import Level, Remark, Sourced
from holdfast.client.config.stored import StoredBackend

_STEP = (
    "Run 'terraform init -migrate-state' to move the state, "
    "or 'terraform init -reconfigure' to leave it."
)


def changes(stored: StoredBackend, block: BackendBlock | None, directory: Path) -> Iterator[Remark]:
    """Yield what differs between the block and what was initialised, as `terraform plan` would say."""
    if block is None:
        if has_configuration(directory):
            yield Remark(
                Level.WARNING,
                f"the configuration has no backend block any more, and {stored.path} has one",
                _STEP,
            )
        return
    if block.kind != stored.kind:
        yield Remark(
            Level.WARNING,
            f'Backend configuration changed: the block says "{block.kind}", '
            f'{stored.path} "{stored.kind}"',
            _STEP,
            block.origin,
        )
        return
    different = list(_different(block.arguments, stored.arguments))
    if different:
        yield Remark(
            Level.WARNING,
            "Backend configuration changed since 'terraform init': " + "; ".join(different),
            f"What was initialised is used. {_STEP}",
            block.origin,
        )


def _different(block: dict[str, Sourced], stored: dict[str, Sourced]) -> Iterator[str]:
    known = {name: said for name, said in block.items() if not isinstance(said.value, Expression)}
    now, before = arguments(known).values, arguments(stored).values
    for name, said in now.items():
        old = before[name].value if name in before else None
        if _plain(said.value) != _plain(old):
            line = f" (line {said.origin.line})" if said.origin.line else ""
            yield f"{name} was {_shown(name, old)}, is {_shown(name, said.value)}{line}"


def _plain(value: Any) -> Any:
    """Return a value so that what Terraform treats alike is alike: unset, empty and false."""
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if _plain(one)} or None
    return value or None


def _shown(name: str, value: Any) -> str:
    from holdfast.client.config.masking import masked

    return "not set" if value is None else str(masked(name, value))

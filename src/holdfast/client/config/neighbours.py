"""The backends in a tree of directories, to see which of them would be in each other's way."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from holdfast.client.config.arguments import arguments
from holdfast.client.config.block import BackendBlock, blocks_in, configuration_files
from holdfast.client.config.init_arguments import backend_files, from_file
from holdfast.client.config.origin import Level, Remark, Sourced
from holdfast.client.errors import NotConfigured


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A backend block, or a file of arguments that completes one."""

    path: Path
    is_block: bool
    values: dict[str, Sourced]

    @property
    def state(self) -> tuple[str, str] | None:
        """Bucket and key, where both are said."""
        if "bucket" not in self.values or "key" not in self.values:
            return None
        return self.values["bucket"].value, self.values["key"].value


def directories(base: Path) -> Iterator[Path]:
    """Yield a directory and those below it, without hidden ones such as `.terraform`."""
    for directory, names, _ in os.walk(base):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield Path(directory)


def neighbours(directory: Path) -> Iterator[Neighbour | Remark]:
    """Yield the s3 backends of one directory, and what could not be read."""
    behind: dict[str, Sourced] = {}
    for path in configuration_files(directory):
        try:
            blocks = list(blocks_in(path))
        except NotConfigured as error:
            yield _unread(error)
            continue
        for block in blocks:
            if block.kind == "s3":
                behind = _values(block)
                yield Neighbour(path, True, behind)
    for path in backend_files(directory):
        try:
            yield Neighbour(path, False, {**behind, **arguments(from_file(path)).values})
        except NotConfigured as error:
            yield _unread(error)


def _values(block: BackendBlock) -> dict[str, Sourced]:
    return arguments(block.arguments).values


def _unread(error: NotConfigured) -> Remark:
    return Remark(Level.WARNING, error.happened, "It was not looked at.")

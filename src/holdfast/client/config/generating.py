"""What writing the backends of a layout would change, and what would be wrong with it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from holdfast.client.config.block import is_override
from holdfast.client.config.layout import Root
from holdfast.client.config.neighbours import Neighbour, directories, neighbours
from holdfast.client.config.origin import Level, Origin, Remark, Source
from holdfast.client.config.rendering import MARK, rendered_file
from holdfast.client.errors import NotConfigured


class Kind(Enum):
    """What happens to a file."""

    SAME = "same"
    CREATE = "create"
    CHANGE = "change"
    FOREIGN = "foreign"  # written by somebody; it is replaced only if that is asked for


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file as it is (None if there is none) and as it is to be."""

    path: Path
    before: str | None
    after: str

    @property
    def kind(self) -> Kind:
        """What happens to it."""
        if self.before is None:
            return Kind.CREATE
        if self.before == self.after:
            return Kind.SAME
        return Kind.CHANGE if self.before.startswith(MARK) else Kind.FOREIGN


@dataclass(frozen=True, slots=True)
class Plan:
    """All files of a layout, and what is to be said about them."""

    files: tuple[FileChange, ...]
    remarks: tuple[Remark, ...]

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """The files that are not yet as they are to be."""
        return tuple(file for file in self.files if file.kind is not Kind.SAME)


def plan(roots: Sequence[Root], source: Path) -> Plan:
    """Compare a layout with the files that are there.

    Args:
        roots: the layout.
        source: the file that it is made from; backends are looked for below its directory.

    Raises:
        NotConfigured: two roots would have one state or one file.
    """
    _check_distinct(roots)
    files = []
    for root in roots:
        after = rendered_file(root.path, root.arguments, source.name)
        files.append(FileChange(root.path, _present(root.path), after))
    return Plan(tuple(files), tuple(_remarks(roots, source.parent)))


def write(changes: Sequence[FileChange]) -> None:
    """Write files, each whole or not at all.

    Raises:
        NotConfigured: one cannot be written.
    """
    for change in changes:
        temporary = change.path.with_name(f".{change.path.name}.{os.getpid()}.new")
        try:
            change.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(change.after, encoding="utf-8")
            temporary.replace(change.path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise NotConfigured(f"cannot write {change.path}: {error.strerror}") from error


def _present(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise NotConfigured(f"cannot read {path}: {error}") from error


def _check_distinct(roots: Sequence[Root]) -> None:
    states: dict[tuple[str, str], Root] = {}
    paths: dict[Path, Root] = {}
    for root in roots:
        name = f"{root.environment}/{root.component}"
        other = states.setdefault(root.state, root)
        if other is not root:
            raise NotConfigured(
                f"{other.environment}/{other.component} and {name} would share the state "
                f"{'/'.join(root.state)}",
                "Put {environment} and {component} into key, or into bucket.",
            )
        other = paths.setdefault(root.path, root)
        if other is not root:
            raise NotConfigured(
                f"{other.environment}/{other.component} and {name} would share the file {root.path}",
                "Put {environment} and {component} into write.",
            )


def _remarks(roots: Sequence[Root], base: Path) -> Iterator[Remark]:
    ours = {root.path for root in roots}
    blocks = {root.path.parent: root.path for root in roots if root.path.name.endswith(".tf")}
    states = {root.state: root for root in roots}
    for directory in directories(base):
        for found in neighbours(directory):
            if isinstance(found, Remark):
                yield found
            elif found.path not in ours:
                yield from _in_the_way(found, blocks.get(directory), states)
        yield from _left_over(directory, ours)


def _in_the_way(
    found: Neighbour, block: Path | None, states: Mapping[tuple[str, str], Root]
) -> Iterator[Remark]:
    origin = Origin(Source.FILE, file=str(found.path))
    if block is not None and found.is_block and not is_override(found.path):
        text = f"holds a backend block, and so does {block.name}, which is made here"
        yield Remark(Level.WARNING, text, "Remove this one: Terraform refuses two.", origin)
    other = states.get(found.state) if found.state else None
    if other is not None and not (block is not None and found.is_block):
        yield Remark(
            Level.WARNING,
            f"shares the state {'/'.join(other.state)} with {other.path}",
            "Two roots with one state destroy each other's resources; give one another key.",
            found.values["key"].origin,
        )


def _left_over(directory: Path, ours: set[Path]) -> Iterator[Remark]:
    for path in sorted((*directory.glob("*.tf"), *directory.glob("*.tfbackend"))):
        if path not in ours and path.is_file() and _is_made(path):
            yield Remark(
                Level.WARNING,
                "was made from a layout that no longer has it",
                "Remove it when its state is no longer needed.",
                Origin(Source.FILE, file=str(path)),
            )


def _is_made(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()

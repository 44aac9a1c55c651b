"""The backends of a directory tree: blocks in `.tf` files, completed by `.tfbackend` files.

Which `.tfbackend` file goes with which directory is said on the command line of `terraform init`, so
it is concluded: from where the files are, and from which of them complete the block.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import Any

from holdfast.operations.migrate_locks.bodies import (
    NOT_LITERAL,
    Body,
    UnreadableHcl,
    backend_blocks,
    whole_file,
)
from holdfast.operations.migrate_locks.edits import LOCK_FILE, TABLE

CONFIGURATIONS = ("*.tf", "*.tofu")
BACKEND_FILES = ("*.tfbackend",)
_NEVER = {".terraform", ".git", ".terragrunt-cache", "node_modules", ".venv", "__pycache__"}
# Where else the table may be named, that is not rewritten here.
_MENTIONING = (
    "*.hcl",
    "*.tf.json",
    "*.yml",
    "*.yaml",
    "*.sh",
    "Makefile",
    "*.mk",
    "*.tfvars",
    "*.py",
)
_MENTIONS_SIZE = 1 << 20  # bytes of a file that is searched for mentions


@dataclass(frozen=True, slots=True)
class Source:
    """A file with backend arguments."""

    path: Path
    body: Body
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Configuration:
    """One backend of a root directory: a block, and the files that complete it."""

    root: Path
    sources: tuple[Source, ...]  # the block first; a later one overrides an earlier one
    initialised: Mapping[str, Any] | None = None  # what `terraform init` stored in .terraform

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments, merged as `terraform init` merges them; unset ones left out."""
        merged: dict[str, Any] = {}
        for source in self.sources:
            merged |= {name: each.value for name, each in source.body.arguments.items()}
        return {name: value for name, value in merged.items() if value not in (None, "")}

    @property
    def is_complete(self) -> bool:
        """Whether bucket and key are said, as literals."""
        said = self.arguments
        return all(isinstance(said.get(name), str) for name in ("bucket", "key"))

    @property
    def mode(self) -> str:
        """How it locks: `table`, `file`, `both`, `none`, or `unknown` where only Terraform can tell."""
        said = self.arguments
        table, file = said.get(TABLE), said.get(LOCK_FILE, False)
        if table is NOT_LITERAL or file is NOT_LITERAL:
            return "unknown"
        in_file = file in (True, "true")
        if table:
            return "both" if in_file else "table"
        return "file" if in_file else "none"

    def source_of(self, name: str) -> Source | None:
        """Return where an argument is set in the end."""
        for source in reversed(self.sources):
            if source.body.value(name) not in (None, ""):
                return source
        return None


@dataclass(frozen=True, slots=True)
class Mention:
    """A line that names the table's argument, and that is not rewritten."""

    path: Path
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in a tree."""

    directory: Path
    configurations: tuple[Configuration, ...]
    unattached: tuple[Source, ...]  # backend files without a block that they could belong to
    unreadable: tuple[tuple[Path, str], ...]
    mentions: tuple[Mention, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every file with backend arguments, once."""
        every = [source for each in self.configurations for source in each.sources]
        found = {(source.path, source.body.start): source for source in (*every, *self.unattached)}
        return tuple(found[place] for place in sorted(found))


def survey(directory: Path, backend_files: Sequence[str] = BACKEND_FILES) -> Survey:
    """Find the s3 backends of a tree.

    Args:
        directory: the top of the tree.
        backend_files: patterns of the names of files with backend arguments.
    """
    blocks: list[Source] = []
    files: list[Source] = []
    unreadable: list[tuple[Path, str]] = []
    mentions: list[Mention] = []
    for path in _files_below(directory):
        try:
            if _is_of_an_editor(path):
                continue
            if _matches(path, CONFIGURATIONS):
                text = read_text(path)
                blocks += [Source(path, b, text) for b in backend_blocks(text) if b.type == "s3"]
            elif _matches(path, backend_files):
                text = read_text(path)
                files.append(Source(path, whole_file(text), text))
            elif _matches(path, _MENTIONING):
                mentions += _mentions(path)
        except (UnreadableHcl, UnicodeDecodeError, OSError) as error:
            unreadable.append((path, _reason(error)))
    unreadable += _duplicates(blocks)
    configurations, unattached = _combined(blocks, files)
    return Survey(
        directory, tuple(configurations), tuple(unattached), tuple(unreadable), tuple(mentions)
    )


def read_text(path: Path) -> str:
    """Return a file's text with its line ends as they are."""
    return path.read_bytes().decode("utf-8")


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _files_below(directory: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(directory):
        folders[:] = sorted(set(folders) - _NEVER)
        yield from (Path(where, name) for name in sorted(names))


def _is_of_an_editor(path: Path) -> bool:
    """Say whether it is a lock or a copy of an editor: Terraform does not read it either."""
    return path.name.startswith((".#", "#")) or path.name.endswith("~")


def _matches(path: Path, patterns: Iterable[str]) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in patterns)


def _mentions(path: Path) -> list[Mention]:
    if not path.is_file() or path.stat().st_size > _MENTIONS_SIZE:
        return []
    lines = path.read_bytes().decode("utf-8", errors="replace").splitlines()
    return [Mention(path, n, line.strip()) for n, line in enumerate(lines, 1) if TABLE in line]


def _combined(
    blocks: list[Source], files: list[Source]
) -> tuple[list[Configuration], list[Source]]:
    """Put backend files to the blocks that they complete."""
    roots: dict[Path, list[Source]] = {}
    for block in blocks:
        roots.setdefault(block.path.parent, []).append(block)
    belonging: dict[Path, list[Source]] = {root: [] for root in roots}
    unattached: list[Source] = []
    for file in files:
        homes = _homes(file.path, list(roots))
        for root in homes:
            belonging[root].append(file)
        if not homes:
            unattached.append(file)
    found: list[Configuration] = []
    for root, its in sorted(roots.items()):
        # Also a block that another one overrides: who deletes that file uses this one.
        for block in its:
            found += _configurations(root, block, belonging[root])
    return found, unattached


def _duplicates(blocks: list[Source]) -> Iterator[tuple[Path, str]]:
    """Yield the second of two blocks that Terraform refuses together."""
    seen: dict[tuple[Path, str], Source] = {}
    for block in blocks:
        if block.path.stem == "override" or block.path.stem.endswith("_override"):
            continue
        # x.tofu takes the place of x.tf for OpenTofu, so there may be one of each.
        first = seen.setdefault((block.path.parent, block.path.suffix), block)
        if first is not block:
            where = f"{first.path}:{first.body.line}"
            yield block.path, f"line {block.body.line}: a second backend, beside that of {where}"


def _homes(file: Path, roots: list[Path]) -> list[Path]:
    """Return the roots that a backend file may be for: the nearest one above, or all beside it."""
    for folder in file.parents:
        if folder in roots:
            return [folder]
        below = [root for root in roots if folder in root.parents]
        if below:
            return below
    return []


def _configurations(root: Path, block: Source, files: list[Source]) -> list[Configuration]:
    """Return every way to complete a block: alone, with one file, or with two that need each other."""
    initialised = _initialised(root)
    alone = Configuration(root, (block,), initialised)
    found = [alone] if alone.is_complete else []
    partial: list[Source] = []
    for file in files:
        with_it = Configuration(root, (block, file), initialised)
        if with_it.is_complete:
            found.append(with_it)
        elif file.body.arguments:
            partial.append(file)
    having_bucket = [each for each in partial if each.body.value("bucket")]
    having_key = [each for each in partial if each.body.value("key")]
    pairs = product(having_bucket, having_key)
    completed = [Configuration(root, (block, one, two), initialised) for one, two in pairs]
    found += [each for each in completed if each.is_complete]
    if found:
        return found
    return [Configuration(root, (block, *partial), initialised)]


def _initialised(root: Path) -> Mapping[str, Any] | None:
    """Return the arguments that `terraform init` stored, None if it was not run for s3."""
    try:
        stored = json.loads((root / ".terraform" / "terraform.tfstate").read_bytes())
        backend = stored["backend"]
        config = backend["config"] if backend["type"] == "s3" else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return config if isinstance(config, dict) else None

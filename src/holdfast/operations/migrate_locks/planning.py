"""What is to be rewritten in a tree, and whether the backends are ready for it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError
from holdfast.operations.migrate_locks.edits import (
    LOCK_FILE,
    TABLE,
    Edit,
    adding_lock_file,
    applied,
    removing_table,
)
from holdfast.operations.migrate_locks.examine import Facts, examine
from holdfast.operations.migrate_locks.tree import Configuration, Source, Survey

Progress = Callable[[int, int], None]
Opened = Callable[[Configuration], Backend]


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is added (`+`) or taken out (`-`). Numbers are those of the file as it is now."""

    number: int
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file that changes."""

    path: Path
    before: str
    after: str

    @property
    def lines(self) -> tuple[Line, ...]:
        """What changes, line by line."""
        from difflib import SequenceMatcher

        old, new = self.before.splitlines(), self.after.splitlines()
        found: list[Line] = []
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
            if kind == "equal":
                continue
            found += [Line(n + 1, "-", old[n]) for n in range(old_from, old_to)]
            found += [Line(old_from + 1, "+", new[n]) for n in range(new_from, new_to)]
        return tuple(found)


_NOT_ASKED = Facts()


@dataclass(frozen=True, slots=True)
class Root:
    """One configuration with what the services say of it."""

    configuration: Configuration
    facts: Facts = _NOT_ASKED
    problems: tuple[str, ...] = ()  # what stands against rewriting it
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would be rewritten, and everything that is to be known about it."""

    survey: Survey
    roots: tuple[Root, ...]
    rewrites: tuple[Rewrite, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What stands against it, of all roots."""
        of_roots = [problem for root in self.roots for problem in root.problems]
        unread = [f"{path}: {reason}" for path, reason in self.survey.unreadable]
        return tuple(dict.fromkeys(of_roots + unread))


def adding(survey: Survey) -> tuple[Rewrite, ...]:
    """Return the files that change for locks in both places."""
    edits: dict[Path, list[Edit]] = {}
    for source in _to_complete(survey):
        edit = adding_lock_file(source.text, source.body)
        if edit:
            edits.setdefault(source.path, []).append(edit)
    return _rewrites(survey.sources, edits)


def removing(survey: Survey) -> tuple[Rewrite, ...]:
    """Return the files that change for locks in files only."""
    edits: dict[Path, list[Edit]] = {}
    for source in survey.sources:
        edit = removing_table(source.text, source.body)
        if edit:
            edits.setdefault(source.path, []).append(edit)
    return _rewrites(survey.sources, edits)


def _to_complete(survey: Survey) -> list[Source]:
    """Return the bodies that need `use_lockfile`: where the table is set, or where it is refused."""
    found: dict[tuple[Path, int], Source] = {}
    for configuration in survey.configurations:
        if configuration.mode != "table":
            continue
        refusing = [s for s in configuration.sources if s.body.value(LOCK_FILE) in (False, "false")]
        table = configuration.source_of(TABLE)
        for source in refusing or ([table] if table else []):
            found[(source.path, source.body.start)] = source
    for source in survey.unattached:
        if source.body.value(TABLE):
            found[(source.path, source.body.start)] = source
    return list(found.values())


def _rewrites(sources: Iterable[Source], edits: Mapping[Path, list[Edit]]) -> tuple[Rewrite, ...]:
    texts = {source.path: source.text for source in sources}
    made = (Rewrite(path, texts[path], applied(texts[path], edits[path])) for path in sorted(edits))
    return tuple(made)


def plan(
    survey: Survey,
    rewrites: tuple[Rewrite, ...],
    open_backend: Opened | None,
    *,
    probe: bool,
    progress: Progress = lambda _done, _total: None,
) -> Plan:
    """Ask the services about every configuration that locks with a table.

    Args:
        survey: what was found in the tree.
        rewrites: what would be rewritten.
        open_backend: makes the backend of a configuration; None asks no service.
        probe: whether to try our rights on lock files.
        progress: told how many configurations are done.
    """
    roots: list[Root] = []
    for number, configuration in enumerate(survey.configurations):
        progress(number, len(survey.configurations))
        roots.append(_root(configuration, open_backend, probe=probe))
    return Plan(survey, tuple(roots), rewrites)


def _root(configuration: Configuration, open_backend: Opened | None, *, probe: bool) -> Root:
    remarks = tuple(_remarks(configuration))
    if configuration.mode == "unknown":
        why = f"{configuration.root}: {TABLE} or {LOCK_FILE} is not a literal; edit it by hand"
        return Root(configuration, problems=(why,))
    if open_backend is None or configuration.mode in {"none", "file"}:
        return Root(configuration, warnings=remarks)
    if not configuration.is_complete:
        why = (
            f"{configuration.root}: bucket or key is not said in any file, so nobody can be asked "
            "about its locks; --offline rewrites it all the same"
        )
        return Root(configuration, problems=(why,), warnings=remarks)
    try:
        facts = examine(open_backend(configuration), probe=probe)
    except HoldfastError as error:
        return Root(configuration, problems=(str(error),), warnings=remarks)
    return Root(configuration, facts, tuple(facts.problems()), (*remarks, *facts.warnings()))


def _remarks(configuration: Configuration) -> list[str]:
    """Return what the files of a configuration leave open."""
    initialised = configuration.initialised or {}
    table = initialised.get(TABLE)
    if table and not any(source.body.value(TABLE) for source in configuration.sources):
        said = f"{configuration.root} was initialised with {TABLE} = {table!r}, which no file says"
        return [
            f"{said}: it came from the command line of 'terraform init', or init is to be run again"
        ]
    return []

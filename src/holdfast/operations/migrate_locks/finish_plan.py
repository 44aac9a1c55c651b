"""The last step as a whole: what it would do to a tree, and doing it."""

from dataclasses import dataclass

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError
from holdfast.client.found_locks import describe
from holdfast.operations.migrate_locks.examine import states_of
from holdfast.operations.migrate_locks.finishing import delete_table, drop_digests, stored_digests
from holdfast.operations.migrate_locks.opening import Backends, settings_of
from holdfast.operations.migrate_locks.planning import Rewrite, removing
from holdfast.operations.migrate_locks.tree import Configuration, Survey


@dataclass(frozen=True, slots=True)
class FinishPlan:
    """What the last step does."""

    rewrites: tuple[Rewrite, ...]
    backends: tuple[Backend, ...]  # with their tables
    digests: tuple[str, ...]  # the ids of the items that are removed
    problems: tuple[str, ...]

    @property
    def tables(self) -> list[str]:
        """The names of the tables, each once."""
        return sorted({backend.settings.dynamodb_table or "" for backend in self.backends})

    def sentences(self, *, delete_table: bool) -> list[str]:
        """Return what will happen, in order."""
        will = []
        if self.digests:
            will.append(
                f"{len(self.digests)} digests will be removed from {', '.join(self.tables)}."
            )
        if self.rewrites:
            will.append(f"'dynamodb_table' will be taken out of {len(self.rewrites)} files.")
        if delete_table:
            will += [f"Table {name} will be DELETED if it is empty then." for name in self.tables]
        return will

    def drop_digests(self) -> list[str]:
        """Remove the digests, each under its state's lock, and return their ids.

        Raises:
            LockHeld: a state is locked; doing it again goes on.
            HoldfastError: a service cannot be reached.
        """
        dropped = [drop_digests(backend) for backend in self.backends]
        return [address.digest_id for each in dropped for address in each.addresses]

    def delete_tables(self) -> list[str]:
        """Delete the tables that are empty, and return their names.

        Raises:
            TableInUse: one is not empty, or is protected.
        """
        found = [delete_table(backend.connection) for backend in self.backends]
        return [name for name in found if name]


def plan_finish(survey: Survey, lock_table: str | None = None) -> FinishPlan:
    """Look at a tree whose backends lock in both places.

    Args:
        survey: what was found in the tree.
        lock_table: the table of backends whose files do not name one any more.
    """
    problems = [f"{path}: {reason}" for path, reason in survey.unreadable]
    backends: list[Backend] = []
    digests: list[str] = []
    opened = Backends()
    for configuration in survey.configurations:
        problem = _unready(configuration)
        if problem:
            problems.append(problem)
        elif configuration.mode == "both" or (lock_table and configuration.mode == "file"):
            backend = _opened(opened, configuration, lock_table)
            try:
                problems += _locked(backend)
                digests += [address.digest_id for address in stored_digests(backend)]
            except HoldfastError as error:
                problems.append(str(error))
            backends.append(backend)
    rewrites = removing(survey)
    return FinishPlan(rewrites, tuple(backends), tuple(digests), tuple(dict.fromkeys(problems)))


def _unready(configuration: Configuration) -> str | None:
    if configuration.mode == "table":
        return f"{configuration.root} locks with the table only: holdfast migrate-locks apply"
    if configuration.mode == "unknown":
        return f"{configuration.root}: how it locks is not said by literals; edit it by hand"
    if configuration.mode == "both" and not configuration.is_complete:
        return f"{configuration.root}: bucket or key is not said in any file"
    return None


def _opened(opened: Backends, configuration: Configuration, lock_table: str | None) -> Backend:
    settings = settings_of(configuration)
    if not settings.dynamodb_table:
        settings = settings.changed(dynamodb_table=lock_table)
    return opened.open(settings)


def _locked(backend: Backend) -> list[str]:
    return [
        f"{state.address.url} is locked by {describe(state.lock.info)}"
        for state in states_of(backend)
        if state.lock
    ]

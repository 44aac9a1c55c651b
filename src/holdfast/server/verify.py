"""Verifying what is stored, above the structure of the database: does everything open, and fit?

Runs beside a server: long work is done in many views, so that nothing is held up.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from holdfast.engine.port import Engine, EngineError
from holdfast.engine.progress import Progress
from holdfast.engine.records import ObjectVersion, Part
from holdfast.engine.verify import walk
from holdfast.server.access.verify import verify_access
from holdfast.server.dynamodb.verify import verify_tables
from holdfast.server.kms.verify import verify_keys
from holdfast.server.operation import Site
from holdfast.server.problem import Problem, Unopened
from holdfast.server.s3.verify_buckets import verify_bodies, verify_chains, verify_links

Stage = tuple[str, Callable[[], Iterator[Problem]]]  # what it looks at, and what it finds


def verify(
    engine: Engine,
    site: Site,
    now: datetime,
    progress: Progress,
    unopened: Unopened | None = None,
    more: Sequence[Stage] = (),
) -> Iterator[Problem]:
    """Yield each thing that is not what was written; nothing if all is.

    Args:
        engine: open for reading.
        site: with the vault of this data.
        now: for the context of the views.
        progress: in bytes of bodies.
        unopened: counts what only its owner can open, and is no problem.
        more: stages of those who stand above the server.
    """
    counted = Unopened() if unopened is None else unopened
    stages: tuple[Stage, ...] = (
        ("access keys", lambda: verify_access(engine, site.vault)),
        ("KMS keys", lambda: verify_keys(engine, site)),
        ("tables", lambda: verify_tables(engine, site, now, counted)),
        (
            "objects",
            lambda: verify_bodies(engine, site, now, counted, _counting(engine, progress)),
        ),
        ("versions", lambda: verify_chains(engine)),
        ("bodies", lambda: iter(engine.view(lambda tx: list(verify_links(tx))))),
        *more,
    )
    for name, stage in stages:
        try:
            yield from stage()
        except EngineError as error:
            yield Problem(name, f"not all of them could be read: {error}")


def _counting(engine: Engine, progress: Progress) -> Callable[[int], None]:
    total = sum(version.size for version in walk(engine, ObjectVersion))
    total += sum(part.size for part in walk(engine, Part))
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    return read

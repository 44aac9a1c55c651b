"""The structural check of a database: SQLite's own, every record decodes, and what bodies there are.

Whether every object finds its body, and every body its tag, is checked above: only what links bodies
knows what they belong to.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from holdfast.engine.connection import connect
from holdfast.engine.directory import DATABASE
from holdfast.engine.kinds import KINDS
from holdfast.engine.migrate import steps, version_of
from holdfast.engine.port import CorruptData, Engine, Reader
from holdfast.engine.progress import Progress, silent
from holdfast.engine.record import Record
from holdfast.engine.records import Chunk, Garbage, Orphan, Packed, Staged
from holdfast.engine.sql import CorruptRecord, rows_of

R = TypeVar("R", bound=Record)

_CACHE_KIB = 4096
_EVERY = 1000  # records between two calls of the progress function
_PAGE = 256  # records in one view


def check_database(directory: Path, progress: Progress = silent) -> Iterator[str]:
    """Yield a sentence for each problem of a data directory's database; nothing when it is sound.

    Takes no lock: a server may be running. What it writes meanwhile is not seen.

    Args:
        directory: the data directory.
        progress: in records.

    Raises:
        EngineError: the database cannot be opened.
        NewerFormat: it is of a newer format.
        CorruptData: it is no database of Holdfast.
    """
    database = directory / DATABASE
    with contextlib.closing(connect(database, cache_kib=_CACHE_KIB, read_only=True)) as connection:
        if version_of(connection, str(database), len(steps())) == 0:
            raise CorruptData(f"{database} is empty")
        try:
            connection.execute("BEGIN")
            for (line,) in connection.execute("PRAGMA integrity_check"):
                if line != "ok":
                    yield f"{DATABASE}: {line}"
            yield from _undecodable(connection, progress)
        except sqlite3.Error as problem:
            yield f"{DATABASE}: {problem}"


def _undecodable(connection: sqlite3.Connection, progress: Progress) -> Iterator[str]:
    counts = [connection.execute(rows_of(kind).count).fetchone()[0] for kind in KINDS]
    done, total = 0, sum(counts)
    # Text that is no UTF-8 is to be found, not to end the check.
    connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    for kind in KINDS:
        rows = rows_of(kind)
        for row in connection.execute(rows.all):
            done += 1
            if done % _EVERY == 0:
                progress(done, total)
            try:
                rows.record(row, row[-1])
            except CorruptData as problem:
                yield str(problem)
            if not all(map(_is_text, row[:-1])):
                yield f"{kind.kind} {row[:-1]!r} has a key that is not text"
    progress(total, total)


def _is_text(value: object) -> bool:
    try:
        return not isinstance(value, str) or bool(value.encode() or True)
    except UnicodeEncodeError:
        return False


def walk(engine: Engine, kind: type[R], *prefix: Any, after: tuple[Any, ...] = ()) -> Iterator[R]:
    """Yield all records of a kind, in many views, so that nothing is held up meanwhile.

    A record that does not decode is passed over: `check_database` names it.

    Args:
        engine: where they are.
        kind: the record class.
        prefix: exact values of the first key fields.
        after: where to begin, exclusive, as for `Reader.scan`.
    """
    while True:
        page = engine.view(_paging(kind, prefix, after))
        yield from page
        if len(page) < _PAGE:
            return
        after = _key(page[-1])[len(prefix) :]


def getting(kind: type[R], *key: Any) -> Callable[[Reader], R | None]:
    """Return the work that gets one record."""
    return lambda tx: tx.get(kind, *key)


def _paging(
    kind: type[R], prefix: tuple[Any, ...], after: tuple[Any, ...]
) -> Callable[[Reader], list[R]]:
    return lambda tx: _page(tx, kind, prefix, after)


def _page(tx: Reader, kind: type[R], prefix: tuple[Any, ...], after: tuple[Any, ...]) -> list[R]:
    found: list[R] = []
    while len(found) < _PAGE:
        try:
            for record in tx.scan(kind, *prefix, after=after, limit=_PAGE - len(found)):
                found.append(record)
                after = _key(record)[len(prefix) :]
        except CorruptRecord as passed:
            after = passed.key[len(prefix) :]
            continue
        break
    return found


def readable(reader: Reader, kind: type[R]) -> Iterator[R]:
    """Yield all records of a kind in one view; one that does not decode is passed over."""
    after: tuple[Any, ...] = ()
    while page := _page(reader, kind, (), after):
        yield from page
        after = _key(page[-1])


def _key(record: Record) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.key_fields)


def stored_bodies(reader: Reader) -> Iterator[bytes]:
    """Yield the id of every body that has chunks, in order, and then of every packed one."""
    yield from _body_ids(reader, Chunk)
    yield from _body_ids(reader, Packed)


def _body_ids(reader: Reader, kind: type[Chunk] | type[Packed]) -> Iterator[bytes]:
    after: tuple[bytes, ...] = ()
    while True:
        try:
            found = next(reader.scan(kind, after=after, limit=1), None)
        except CorruptRecord as passed:
            body_id = passed.key[0]
        else:
            if found is None:
                return
            body_id = found.body_id
        yield body_id
        after = (body_id,)


def waiting_bodies(reader: Reader) -> set[bytes]:
    """Return the ids of the bodies that nothing links and that housekeeping knows of."""
    staged = {record.body_id for record in reader.scan(Staged)}
    orphans = {record.body_id for record in reader.scan(Orphan)}
    return (
        staged | orphans | {record.id for record in reader.scan(Garbage) if record.what == "body"}
    )


def stray_bodies(reader: Reader, linked: set[bytes]) -> Iterator[bytes]:
    """Yield the id of every body that is stored and is neither linked nor waiting.

    Args:
        reader: a view; the one that `linked` was found through.
        linked: the ids that records refer to.
    """
    known = linked | waiting_bodies(reader)
    return (body_id for body_id in stored_bodies(reader) if body_id not in known)

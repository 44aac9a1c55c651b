"""How records become rows: the statements for each kind, made of its key fields. Pure, no I/O.

A row is the key columns and one column `record`, the MessagePack map of all other fields. Fields that
are unknown when a row is read are ignored, missing ones take their defaults.
"""

import threading
from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import asdict

from holdfast.engine.port import CorruptData
from holdfast.engine.records import Record

R = TypeVar("R", bound=Record)

# Kinds share Structs, and msgspec crashes when two threads are the first to decode one of those.
_MAKING = threading.Lock()


class CorruptRecord(CorruptData):
    """A row that does not decode to a record; `key` has the values of its key fields."""

    def __init__(self, message: str, key: tuple[Any, ...]) -> None:
        super().__init__(message)
        self.key = key


def quoted(name: str) -> str:
    """Return a name of ours as an SQL identifier; some of them are SQL words."""
    return f'"{name}"'


def _statement(*words: str) -> str:
    # Only names of ours are ever joined; values are always parameters.
    return " ".join(words)


def _without_keys(kind: type[Record]) -> type[msgspec.Struct]:
    """Return the struct of a kind's other fields, each with its default."""
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(kind):
        if field.name in kind.key_fields:
            continue
        if field.default is not msgspec.NODEFAULT:
            default = msgspec.field(default=field.default)
        elif field.default_factory is not msgspec.NODEFAULT:
            default = msgspec.field(default_factory=field.default_factory)
        else:
            default = msgspec.field()
        fields.append((field.name, field.type, default))
    return msgspec.defstruct(f"{kind.__name__}Row", fields, kw_only=True)


class Rows(Generic[R]):
    """The statements for one kind of record, and the way between its records and rows."""

    def __init__(self, kind: type[R]) -> None:
        """Prepare everything that every call needs."""
        self.kind = kind
        self.keys = kind.key_fields
        self._columns = tuple(quoted(name) for name in self.keys)
        others = _without_keys(kind)
        self._others = others.__struct_fields__
        # At least two names, so that attrgetter always returns a tuple.
        self._values = attrgetter(*self.keys, *self._others)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(others).decode
        self._scans: dict[tuple[int, int, str, bool], str] = {}
        table, columns = quoted(kind.kind), ", ".join(self._columns)
        marks = ", ".join("?" * (len(self.keys) + 1))
        where = " AND ".join(f"{column} = ?" for column in self._columns)
        self.get = _statement("SELECT", columns + ", record FROM", table, "WHERE", where)
        self.put = _statement("REPLACE INTO", table, f"({columns}, record) VALUES ({marks})")
        self.drop = _statement("DELETE FROM", table, "WHERE", where)
        self.all = _statement("SELECT", columns + ", record FROM", table)
        self.count = _statement("SELECT count(*) FROM", table)

    def scan(self, prefix: int, bound: int, comparison: str, *, reverse: bool) -> str:
        """Return the statement that reads one page in key order.

        Its parameters are the values of the prefix, those of the bound, and the length of the page.

        Args:
            prefix: how many of the first key fields are given.
            bound: how many of the next ones the bound has; 0 for none.
            comparison: `>`, `>=`, `<` or `<=`.
            reverse: from the last to the first.
        """
        known = (prefix, bound, comparison, reverse)
        statement = self._scans.get(known)
        if statement is None:
            statement = self._scans[known] = self._new_scan(prefix, bound, comparison, reverse)
        return statement

    def _new_scan(self, prefix: int, bound: int, comparison: str, reverse: bool) -> str:
        terms = [f"{column} = ?" for column in self._columns[:prefix]]
        if bound:
            bounded = ", ".join(self._columns[prefix : prefix + bound])
            terms.append(f"({bounded}) {comparison} ({', '.join('?' * bound)})")
        direction = " DESC" if reverse else ""
        order = ", ".join(column + direction for column in self._columns)
        where = ("WHERE", " AND ".join(terms)) if terms else ()
        return _statement(self.all, *where, "ORDER BY", order, "LIMIT ?")

    def row(self, record: Record) -> tuple[Any, ...]:
        """Return the row of a record."""
        values = self._values(record)
        count = len(self.keys)
        others = dict(zip(self._others, values[count:], strict=True))
        return (*values[:count], self._encode(others))

    def record(self, row: Sequence[Any]) -> R:
        """Return the record of a row.

        Raises:
            CorruptRecord: the row does not decode to a record of this kind.
        """
        try:
            others = self._decode(row[-1])
        except (msgspec.MsgspecError, TypeError, UnicodeDecodeError) as problem:
            key = tuple(row[:-1])
            named = ", ".join(repr(value) for value in key)
            message = f"{self.kind.kind} ({named}) does not decode: {problem}"
            raise CorruptRecord(message, key) from None
        return self.kind(**dict(zip(self.keys, row, strict=False)), **asdict(others))


@cache
def rows_of(kind: type[R]) -> Rows[R]:
    """Return the rows of a kind, made once."""
    with _MAKING:
        return Rows(kind)

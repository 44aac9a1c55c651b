"""How records become rows: the statements for each kind, made of its key fields. Pure, no I/O.

A row is the key columns and one column `record`, the MessagePack map of all other fields. Fields that
are unknown when a row is read are ignored, missing ones take their defaults.
"""

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from holdfast.engine.port import CorruptData
from holdfast.engine.readable import Readable
from holdfast.engine.record import Record

R = TypeVar("R", bound=Readable)

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


def _without_keys(kind: type[Readable]) -> type[msgspec.Struct]:
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


def _compiled(arguments: str, body: str, **known: Any) -> Callable[..., Any]:
    """Return a function of names of ours, as `dataclasses` makes its methods.

    One that names every field takes half the time of one that goes through dictionaries.
    """
    made: Callable[..., Any] = eval(f"lambda {arguments}: {body}", known)  # noqa: S307 - names of fields
    return made


def _record_maker(keys: Sequence[str], others: Sequence[str]) -> Callable[..., Any]:
    """Return `(kind, key, others) -> record`; what stands behind the key fields in `key` is ignored."""
    fields = [f"{name}=key[{number}]" for number, name in enumerate(keys)]
    fields += [f"{name}=others.{name}" for name in others]
    return _compiled("kind, key, others", f"kind({', '.join(fields)})")


def _row_maker(keys: Sequence[str], others: Sequence[str]) -> Callable[..., Any]:
    """Return `record -> row`."""
    values = "".join(f"record.{name}, " for name in keys)
    rest = ", ".join(f"{name!r}: record.{name}" for name in others)
    encode = msgspec.msgpack.Encoder().encode
    return _compiled("record", f"({values}encode({{{rest}}}))", encode=encode)


def _unwritable(excerpt: Readable) -> Any:
    raise TypeError(f"a {type(excerpt).__name__} is only read: what it leaves out would be lost")


class Rows(Generic[R]):
    """The statements for one kind of record, and the way between its records and rows."""

    def __init__(self, kind: type[R]) -> None:
        """Prepare everything that every call needs."""
        self.kind = kind
        self.keys = kind.key_fields
        self._columns = tuple(quoted(name) for name in self.keys)
        others = _without_keys(kind)
        self._new_record = _record_maker(self.keys, others.__struct_fields__)
        whole = issubclass(kind, Record)
        self.row: Callable[[Record], tuple[Any, ...]]
        self.row = _row_maker(self.keys, others.__struct_fields__) if whole else _unwritable
        self._decode = msgspec.msgpack.Decoder(others).decode
        self._scans: dict[tuple[int, int, str, bool], str] = {}
        table, columns = quoted(kind.kind), ", ".join(self._columns)
        marks = ", ".join("?" * (len(self.keys) + 1))
        where = " AND ".join(f"{column} = ?" for column in self._columns)
        self.get = _statement("SELECT record FROM", table, "WHERE", where)
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

    def key_of(self, record: Readable) -> tuple[Any, ...]:
        """Return the values of a record's key fields."""
        return tuple(getattr(record, name) for name in self.keys)

    def record(self, key: Sequence[Any], stored: Any) -> R:
        """Return the record of a row.

        Args:
            key: the values of the key fields; more may follow.
            stored: the column `record`.

        Raises:
            CorruptRecord: it does not decode to a record of this kind.
        """
        try:
            others = self._decode(stored)
        except (msgspec.MsgspecError, TypeError, UnicodeDecodeError) as problem:
            key = tuple(key[: len(self.keys)])
            named = ", ".join(repr(value) for value in key)
            message = f"{self.kind.kind} ({named}) does not decode: {problem}"
            raise CorruptRecord(message, key) from None
        record: R = self._new_record(self.kind, key, others)
        return record


@cache
def rows_of(kind: type[R]) -> Rows[R]:
    """Return the rows of a kind, made once."""
    with _MAKING:
        return Rows(kind)

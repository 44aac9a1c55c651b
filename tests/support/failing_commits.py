"""Commits of an engine that fail, as on a broken disk."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from holdfast.engine.port import Engine


class _Connection:
    """A connection that does everything but commit."""

    def __init__(self, connection: sqlite3.Connection, problem: Exception) -> None:
        self._connection = connection
        self._problem = problem

    def execute(self, statement: str, *values: Any) -> Any:
        """Run a statement."""
        if statement == "COMMIT":
            raise self._problem
        return self._connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@contextmanager
def commits_fail(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> Iterator[None]:
    """Let every commit fail for a while."""
    commits = engine._writing()  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setattr(commits, "_connection", _Connection(commits._connection, problem))
        yield

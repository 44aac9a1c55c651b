"""The first start happens wholly or not at all, and exactly once."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.cli.output import CommandFailed
from holdfast.cli.server import credentials, first_start
from holdfast.cli.server.settings import ServerSettings, resolve
from holdfast.engine.access_records import AccessKey, User
from holdfast.engine.kinds import KINDS
from holdfast.engine.open import OpenDirectory, open_directory
from holdfast.engine.port import Reader
from holdfast.engine.records import Alias, Bucket, Key, Setting, Table
from holdfast.server.operation import Operation, Params, Site, Transaction, operation
from holdfast.server.services import SERVICES

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class PowerCut(Exception):
    """Something that no handler expects."""


@operation("CreateTable", writes=True)
def failing(_tx: Transaction, _params: Params) -> dict[str, Any]:
    """Fail, as the last of the first start's requests."""
    raise PowerCut


BROKEN: dict[str, dict[str, Operation[Any]]] = {
    **{name: dict(served) for name, served in SERVICES.items()},
    "dynamodb": {"CreateTable": failing},
}


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[OpenDirectory]:
    """Return a new data directory."""
    with open_directory(tmp_path / "data") as opened:
        yield opened


def settings(directory: OpenDirectory, **more: str) -> ServerSettings:
    """Return settings for a directory."""
    return resolve({"data": str(directory.path), **more}, {})


def site(directory: OpenDirectory, asked: ServerSettings) -> Site:
    """Return what the server presents."""
    return Site(asked.account, asked.region, directory.vault, os.urandom)


def counts(directory: OpenDirectory) -> dict[str, int]:
    """Return how many records of each kind there are."""

    def work(tx: Reader) -> dict[str, int]:
        return {kind.kind: len(list(tx.scan(kind))) for kind in KINDS if list(tx.scan(kind))}

    return directory.engine.view(work)


def test_it_makes_each_thing_once(directory: OpenDirectory) -> None:
    """One administrator with one key, one bucket, one table, one KMS key with its alias."""
    asked = settings(directory)
    before = counts(directory)

    first_start.make(directory.engine, site(directory, asked), SERVICES, asked, NOW)

    after = counts(directory)
    made = {kind.kind: 1 for kind in (User, AccessKey, Bucket, Table, Key, Alias)}
    assert after == {**made, Setting.kind: before[Setting.kind] + 1}


def test_one_that_fails_leaves_nothing_and_is_done_again(directory: OpenDirectory) -> None:
    """After a failure no part is there; the next one uses the key that is in the file already."""
    asked = settings(directory)
    before = counts(directory)
    with pytest.raises(PowerCut):
        first_start.make(directory.engine, site(directory, asked), BROKEN, asked, NOW)
    assert counts(directory) == before
    assert first_start.presented(directory.engine, asked) is None
    written = credentials.read(directory.path)

    made = first_start.make(directory.engine, site(directory, asked), SERVICES, asked, NOW)

    assert made == written
    assert directory.engine.view(lambda tx: tx.get(AccessKey, made.access_key_id)) is not None


def test_what_was_presented_is_kept(directory: OpenDirectory) -> None:
    """Left out, region and account are those of the first start; others are refused."""
    asked = settings(directory, region="eu-west-1")
    first_start.make(directory.engine, site(directory, asked), SERVICES, asked, NOW)

    stored = first_start.presented(directory.engine, settings(directory))

    assert stored == first_start.Presented("123456789012", "eu-west-1")
    with pytest.raises(CommandFailed, match="presents region eu-west-1, not us-east-1"):
        first_start.presented(directory.engine, settings(directory, region="us-east-1"))

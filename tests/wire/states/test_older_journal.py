"""A journal that was written before its entries were kept by row id."""

import sqlite3
from contextlib import closing
from pathlib import Path

from damaged_data import opened
from holdfast.engine.directory import DATABASE
from holdfast.engine.migrate import steps
from holdfast.engine.state_records import JournalEntry
from holdfast.rules.journal import KEY_PURPOSE
from holdfast.rules.verify_journal import verify_journal
from in_process import Aws
from journaled import append
from packed_states import records

FORMAT = 3


def faults(aws: Aws) -> list[str]:
    """Return what is wrong with the journal."""
    found = verify_journal(aws.engine, aws.vault.derived(KEY_PURPOSE))
    return [f"{fault.where}: {fault.what}" for fault in found]


def put_back(database: sqlite3.Connection) -> None:
    """Bring the journal back into the format that it had."""
    schema = steps()[FORMAT - 1].read_text()
    at = schema.index('CREATE TABLE "journal_entry"')
    entries = database.execute('SELECT "number", record FROM "journal_entry"').fetchall()
    database.execute('DROP TABLE "journal_entry"')
    database.execute(schema[at : schema.index(";", at)])
    database.executemany('INSERT INTO "journal_entry" VALUES (?, ?)', entries)
    database.execute(f"PRAGMA user_version = {FORMAT}")
    database.commit()


def test_it_is_whole_and_goes_on(tmp_path: Path) -> None:
    """Every entry is as it was, and the next is chained to the last."""
    data = tmp_path / "data"
    with opened(data) as aws:
        for number in range(300):
            append(aws, "state-written", bucket="states", key=str(number))
        before = records(aws, JournalEntry)
    with closing(sqlite3.connect(data / DATABASE)) as database:
        put_back(database)
    with opened(data) as aws:
        assert records(aws, JournalEntry) == before
        assert faults(aws) == []
        assert append(aws, "state-written", bucket="states", key="next") == 301
        assert faults(aws) == []


def test_one_that_is_empty_begins(tmp_path: Path) -> None:
    """With the first entry."""
    data = tmp_path / "data"
    with opened(data):
        pass
    with closing(sqlite3.connect(data / DATABASE)) as database:
        put_back(database)
    with opened(data) as aws:
        assert append(aws, "state-written", bucket="states", key="a") == 1
        assert faults(aws) == []

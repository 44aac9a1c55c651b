-- Roles, and what is known of states: their locks, and the journal.

CREATE TABLE "role" (
  "name" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("name")
) WITHOUT ROWID;

CREATE TABLE "state" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("bucket", "key")
) WITHOUT ROWID;

CREATE TABLE "past_lock" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "at" INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("bucket", "key", "at")
) WITHOUT ROWID;

CREATE TABLE "journal_entry" (
  "number" INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("number")
) WITHOUT ROWID;

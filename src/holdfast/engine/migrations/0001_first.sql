-- One table for each kind of record: its key fields as columns, all other fields in `record` (MessagePack).
-- Text compares by its UTF-8 bytes (BINARY, SQLite's default), which is the order that scans promise.

CREATE TABLE "setting" (
  "name" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("name")
) WITHOUT ROWID;

-- Its records are large, and a clustered key would have to step over them: a table with row ids.
CREATE TABLE "chunk" (
  "body_id" BLOB NOT NULL,
  "number" INTEGER NOT NULL,
  record BLOB NOT NULL
);
CREATE UNIQUE INDEX "chunk_key" ON "chunk" ("body_id", "number");

CREATE TABLE "staged" (
  "body_id" BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("body_id")
) WITHOUT ROWID;

CREATE TABLE "garbage" (
  "at" INTEGER NOT NULL,
  "id" BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("at", "id")
) WITHOUT ROWID;

CREATE TABLE "bucket" (
  "name" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("name")
) WITHOUT ROWID;

CREATE TABLE "object" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("bucket", "key")
) WITHOUT ROWID;

CREATE TABLE "object_version" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "order" INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("bucket", "key", "order")
) WITHOUT ROWID;

CREATE TABLE "upload" (
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "upload_id" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("bucket", "key", "upload_id")
) WITHOUT ROWID;

CREATE TABLE "part" (
  "upload_id" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("upload_id", "number")
) WITHOUT ROWID;

CREATE TABLE "table" (
  "name" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("name")
) WITHOUT ROWID;

CREATE TABLE "item" (
  "table_id" BLOB NOT NULL,
  "hash" BLOB NOT NULL,
  "range" BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("table_id", "hash", "range")
) WITHOUT ROWID;

CREATE TABLE "expiry" (
  "table_id" BLOB NOT NULL,
  "at" INTEGER NOT NULL,
  "hash" BLOB NOT NULL,
  "range" BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("table_id", "at", "hash", "range")
) WITHOUT ROWID;

CREATE TABLE "client_token" (
  "token" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("token")
) WITHOUT ROWID;

CREATE TABLE "key" (
  "key_id" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("key_id")
) WITHOUT ROWID;

CREATE TABLE "alias" (
  "name" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("name")
) WITHOUT ROWID;

CREATE TABLE "user" (
  "name" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("name")
) WITHOUT ROWID;

CREATE TABLE "access_key" (
  "access_key_id" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("access_key_id")
) WITHOUT ROWID;

CREATE TABLE "session" (
  "access_key_id" TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("access_key_id")
) WITHOUT ROWID;

-- Older bodies as differences from newer ones.

-- Its records may be large, and a clustered key would put most of each on pages of its own: row ids.
CREATE TABLE "packed" (
  "body_id" BLOB NOT NULL,
  record BLOB NOT NULL
);
CREATE UNIQUE INDEX "packed_key" ON "packed" ("body_id");

CREATE TABLE "packed_on" (
  "base_id" BLOB NOT NULL,
  "body_id" BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("base_id", "body_id")
) WITHOUT ROWID;

CREATE TABLE "orphan" (
  "body_id" BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("body_id")
) WITHOUT ROWID;

CREATE TABLE "to_pack" (
  "at" INTEGER NOT NULL,
  "bucket" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "order" INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY ("at", "bucket", "key", "order")
) WITHOUT ROWID;

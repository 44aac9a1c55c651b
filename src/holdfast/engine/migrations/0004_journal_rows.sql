-- Entries of the journal by row id, which is their number. Each is added at the end, and there a clustered key
-- of another sort rewrites three pages where a row id fills up one.

CREATE TABLE "journal_row" (
  "number" INTEGER NOT NULL PRIMARY KEY,
  record BLOB NOT NULL
);
INSERT INTO "journal_row" SELECT "number", record FROM "journal_entry" ORDER BY "number";
DROP TABLE "journal_entry";
ALTER TABLE "journal_row" RENAME TO "journal_entry";

-- Sessions in SQLite, 3.37 or later. Times are milliseconds since the Unix epoch.
CREATE TABLE IF NOT EXISTS "sessions" (
  "handle" BLOB NOT NULL PRIMARY KEY,
  "epoch" INTEGER NOT NULL,
  "revision" INTEGER NOT NULL,
  "expires" INTEGER NOT NULL,
  "user_hash" BLOB,
  "data" BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS "sessions_expires" ON "sessions" ("expires");
CREATE INDEX IF NOT EXISTS "sessions_user" ON "sessions" ("user_hash") WHERE "user_hash" IS NOT NULL;

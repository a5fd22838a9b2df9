-- Sessions in PostgreSQL, 12 or later. Times are milliseconds since the Unix epoch, by the server's clock.
CREATE TABLE IF NOT EXISTS "sessions" (
  "handle" bytea NOT NULL PRIMARY KEY,
  "epoch" bigint NOT NULL,
  "revision" bigint NOT NULL,
  "expires" bigint NOT NULL,
  "user_hash" bytea,
  "data" bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS "sessions_expires" ON "sessions" ("expires");
CREATE INDEX IF NOT EXISTS "sessions_user" ON "sessions" ("user_hash") WHERE "user_hash" IS NOT NULL;

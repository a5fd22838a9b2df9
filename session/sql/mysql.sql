-- Sessions in MySQL 8.0 or MariaDB 10.6, or later. Times are milliseconds since the Unix epoch, by the server's clock.
CREATE TABLE IF NOT EXISTS `sessions` (
  `handle` binary(16) NOT NULL PRIMARY KEY,
  `epoch` bigint NOT NULL,
  `revision` bigint NOT NULL,
  `expires` bigint NOT NULL,
  `user_hash` binary(32),
  `data` longblob NOT NULL,
  KEY `sessions_expires` (`expires`),
  KEY `sessions_user` (`user_hash`)
) ENGINE = InnoDB;

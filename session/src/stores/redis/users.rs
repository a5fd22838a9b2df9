//! The index of users: a sorted set for each user, of session ids by their absolute deadline.
//!
//! A session's record and its user's set are two keys. In a cluster they can be on two nodes, so no transaction covers
//! both, and the order of writes must do:
//!
//! - A new record is written before its index entry. If the entry fails, the caller gets an error, and no client gets
//!   the token.
//! - A login writes the index entry before the commit. A surplus entry is noticed when the record is read; a missing
//!   entry would never be.
//!
//! Entries are removed after a logout, when their deadline is over, or when a list finds that their record is gone: ids
//! are never reused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use redis::{Cmd, Value};

use super::RedisStore;
use super::reply::{read_error, unexpected};
use super::script::get;
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::{BoxFuture, Record, StoreError, UserIndex, UserKey};

/// How many sessions one round trip reads or removes.
const PAGE: usize = 256;

const ADD_ENTRY: &str = r"
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last[2]))
return 1
";
/// Reads the user where the record is removed: a session that belongs to another user by now must not be revoked.
const REVOKE: &str = r"
if redis.call('GETRANGE', KEYS[1], 0, 3) ~= '\165S\1\0' then return 0 end
if redis.call('GETRANGE', KEYS[1], 196, 195 + string.len(ARGV[1])) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
";

impl RedisStore {
    /// The command that adds `id` to the sessions of `user`. The head of this module says when it must be sent.
    pub(super) fn add_entry(&self, user: &UserKey, id: SessionId, record: &Record, now: Timestamp) -> Cmd {
        let mut add = Cmd::new();
        add.arg("EVAL").arg(ADD_ENTRY).arg(1).arg(self.user_key(user)).arg(id.as_bytes());
        add.arg(self.server_time(record.absolute_deadline())).arg(self.server_time(now));
        add
    }

    /// Sends `record`, a write of a record, and `entry`, its entry in the index, in one round trip, the entry first if
    /// `entry_first`. The server runs the second command even if the first one fails. The error is that of the record;
    /// an entry too many is noticed when it is read.
    pub(super) async fn send_with_entry(
        &self,
        name: &str,
        record: Cmd,
        entry: Cmd,
        entry_first: bool,
    ) -> Result<Value, StoreError> {
        let commands = if entry_first { vec![entry, record] } else { vec![record, entry] };
        let replies = self.shared.connection.send_all(commands).await;
        let mut replies = replies.map_err(|error| self.write_error(name, &error))?.into_iter();
        let (Some(first), Some(second)) = (replies.next(), replies.next()) else {
            return Err(unexpected(name));
        };
        let (record, entry) = if entry_first { (second, first) } else { (first, second) };
        let record = record.map_err(|error| self.write_error(name, &error))?;
        match entry {
            Ok(Value::Int(1)) => Ok(record),
            Ok(_) => Err(unexpected("EVAL (user)")),
            Err(error) => Err(self.write_error("EVAL (user)", &error).after_write()),
        }
    }

    /// Commands that try what the index needs, with names for error messages. They leave nothing behind.
    pub(super) fn index_probes(&self) -> [(&'static str, Cmd); 7] {
        let key = self.user_key(&UserKey(bytes::Bytes::new()));
        let command_of = |before: &[&str], after: &[&str]| {
            let mut command = Cmd::new();
            command.arg(before).arg(&key).arg(after);
            command
        };
        let command = |name: &str, words: &[&str]| command_of(&[name], words);
        [
            ("ZADD", command("ZADD", &["XX", "0", "probe"])),
            ("ZRANGEBYSCORE", command("ZRANGEBYSCORE", &["0", "0"])),
            ("ZREM", command("ZREM", &["probe"])),
            ("ZRANGE", command("ZRANGE", &["0", "0"])),
            ("ZREMRANGEBYSCORE", command("ZREMRANGEBYSCORE", &["0", "0"])),
            ("PEXPIREAT", command("PEXPIREAT", &["1"])),
            // The entry's deadline is in the past, so the key expires at once.
            ("EVAL (user)", command_of(&["EVAL", ADD_ENTRY, "1"], &["probe", "1", "0"])),
        ]
    }

    fn user_key(&self, user: &UserKey) -> Vec<u8> {
        let digest = BASE64URL.encode(user.digest());
        format!("{}user:{{{digest}}}", self.shared.options.prefix).into_bytes()
    }

    /// The entries of `user` whose deadline is not over.
    async fn entries(&self, user: &UserKey, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        if self.shared.clock.is_stale(now) {
            self.measure_clock(now).await?;
        }
        let mut range = Cmd::new();
        range.arg("ZRANGEBYSCORE").arg(self.user_key(user)).arg(format!("({}", self.server_time(now))).arg("+inf");
        let entries: Vec<Vec<u8>> = self.query(&range).await.map_err(|error| read_error("ZRANGEBYSCORE", &error))?;
        Ok(entries.into_iter().filter_map(|entry| Some(SessionId::from_bytes(entry.try_into().ok()?))).collect())
    }

    /// Removes the records of `ids` whose user is `expected`, the user's bytes in a record.
    async fn revoke(&self, ids: &[SessionId], expected: &[u8]) -> Result<Vec<Result<Value, StoreError>>, StoreError> {
        const NAME: &str = "EVAL (revoke)";
        let revoke = |key: &[u8]| {
            let mut revoke = Cmd::new();
            revoke.arg("EVAL").arg(REVOKE).arg(1).arg(key).arg(expected);
            revoke
        };
        if self.shared.acknowledged.is_some() {
            let mut replies = Vec::with_capacity(ids.len());
            for key in ids.iter().map(|id| self.key(*id)) {
                replies.push(self.send_acknowledged(NAME, &key, revoke(&key)).await);
            }
            return Ok(replies);
        }
        let failed = |error| self.write_error(NAME, &error);
        let commands = ids.iter().map(|id| revoke(&self.key(*id))).collect();
        let replies = self.shared.connection.send_all(commands).await.map_err(failed)?;
        Ok(replies.into_iter().map(|reply| reply.map_err(failed)).collect())
    }

    async fn remove_entries(&self, user: &UserKey, ids: &[SessionId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut remove = Cmd::new();
        remove.arg("ZREM").arg(self.user_key(user));
        for id in ids {
            remove.arg(id.as_bytes());
        }
        self.query::<u64>(&remove).await.map(|_| ()).map_err(|error| self.write_error("ZREM", &error))
    }
}

impl UserIndex for RedisStore {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            let (mut found, mut gone) = (Vec::new(), Vec::new());
            for ids in self.entries(user, now).await?.chunks(PAGE) {
                let gets = ids.iter().map(|id| get(&self.key(*id))).collect();
                let replies = self.shared.connection.send_all(gets).await.map_err(|error| read_error("GET", &error))?;
                for (id, reply) in ids.iter().zip(replies) {
                    match reply {
                        Ok(Value::Nil) => gone.push(*id),
                        // An undecodable record must not hide the other sessions.
                        Ok(Value::BulkString(bytes)) => {
                            let record = self.decode(bytes).ok();
                            let is_listed = |record: &Record| record.user() == Some(user) && !record.is_expired(now);
                            found.extend(record.filter(is_listed).map(|record| (*id, record)));
                        },
                        Ok(_) => {},
                        Err(error) if error.code() == Some("WRONGTYPE") => {},
                        Err(error) => return Err(read_error("GET", &error)),
                    }
                }
                if found.len() >= limit {
                    break;
                }
            }
            // If this fails, the next list finds the same entries again.
            let _ = self.remove_entries(user, &gone).await;
            found.truncate(limit);
            Ok(found)
        })
    }

    fn forget<'a>(&'a self, user: &'a UserKey, id: SessionId) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.remove_entries(user, &[id]).await })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            let mut expected = u16::try_from(user.as_bytes().len()).unwrap_or_default().to_be_bytes().to_vec();
            expected.extend_from_slice(user.as_bytes());
            let mut removed = Vec::new();
            let mut ids = self.entries(user, now).await?;
            ids.retain(|id| Some(*id) != except);
            let revoking = async {
                for ids in ids.chunks(PAGE) {
                    for (id, reply) in ids.iter().zip(self.revoke(ids, &expected).await?) {
                        match reply {
                            Ok(Value::Int(1)) => removed.push(*id),
                            // Another user's session, no session, or not a record.
                            Ok(Value::Int(0)) | Err(StoreError::Corrupt(_)) => {},
                            Ok(_) => return Err(unexpected("EVAL (revoke)")),
                            Err(error) => return Err(error),
                        }
                    }
                }
                Ok(())
            };
            let revoked = revoking.await;
            // After an error too: some records may have been removed before it.
            self.publish(&user.digest()).await;
            let _ = self.remove_entries(user, &removed).await;
            match revoked {
                Ok(()) => Ok(removed.len()),
                Err(error) if removed.is_empty() => Err(error),
                Err(error) => Err(error.after_write()),
            }
        })
    }
}

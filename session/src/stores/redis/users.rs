//! Who has which sessions: a sorted set per user, of ids and when they end in any case.
//!
//! A session's record and its user's set are two keys, which in a cluster may live on two servers, so no transaction spans them. The
//! order of writes makes up for it. A new record is written before its entry: if the entry fails, nobody learns of the session. A
//! login adds the entry before it commits: an entry too many is found out when the record is read, a missing one never would be.
//! Entries leave when their time is over, or when a list finds that their record is gone: ids are never used again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use redis::{Cmd, Value};

use super::script::get;
use super::{RedisStore, read_failed, write_failed};
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::{BoxFuture, Record, StoreError, UserIndex, UserKey};

/// Entries that are asked for at a time.
const PAGE: usize = 256;

const ENTER: &str = r"
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last[2]))
return 1
";
/// The user is read where the record is removed: a session that has become another user's meanwhile is not revoked.
const REVOKE: &str = r"
if redis.call('GETRANGE', KEYS[1], 0, 3) ~= '\165S\1\0' then return 0 end
if redis.call('GETRANGE', KEYS[1], 196, 195 + string.len(ARGV[1])) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
";

impl RedisStore {
    /// Adds `id` to the sessions of `user`. It goes along with the write that makes it so; see the module's head.
    pub(super) fn enter(&self, user: &UserKey, id: SessionId, record: &Record, now: Timestamp) -> Cmd {
        let mut enter = Cmd::new();
        enter.arg("EVAL").arg(ENTER).arg(1).arg(self.user_key(user)).arg(id.as_bytes());
        enter.arg(self.theirs(record.absolute_deadline())).arg(self.theirs(now));
        enter
    }

    /// Sends `first` and `second` along the same line. If `first` fails, `second` is carried out all the same, so an error of `first`
    /// alone is [`StoreError::Unknown`]; so is one of either that leaves open what was done.
    pub(super) async fn both(&self, name: &str, first: Cmd, second: Cmd) -> Result<(Value, Value), StoreError> {
        let mut answers = self.all(vec![first, second]).await.map_err(|error| write_failed(name, &error))?.into_iter();
        let mut next = || {
            let answer = answers.next().unwrap_or(Ok(Value::Nil));
            answer.map_err(|error| match write_failed(name, &error) {
                StoreError::Unavailable(cause) => StoreError::Unknown(cause),
                other => other,
            })
        };
        match (next(), next()) {
            (Err(error), Ok(_)) => Err(StoreError::unknown(error)),
            (first, second) => Ok((first?, second?)),
        }
    }

    /// Commands for the probe, with names for the reader. They leave nothing behind.
    pub(super) fn user_probes(&self) -> [(&'static str, Cmd); 4] {
        let key = self.user_key(&UserKey(bytes::Bytes::new()));
        let command_of = |before: &[&str], after: &[&str]| {
            let mut command = Cmd::new();
            command.arg(before).arg(&key).arg(after);
            command
        };
        let command = |name: &str, words: &[&str]| command_of(&[name], words);
        [
            ("ZADD", command("ZADD", &["XX", "0", "nobody"])),
            ("ZRANGEBYSCORE", command("ZRANGEBYSCORE", &["0", "0"])),
            ("ZREM", command("ZREM", &["nobody"])),
            // An entry whose time was over long ago takes the key along.
            ("EVAL (user)", command_of(&["EVAL", ENTER, "1"], &["nobody", "1", "0"])),
        ]
    }

    fn user_key(&self, user: &UserKey) -> Vec<u8> {
        let digest = BASE64URL.encode(user.digest());
        format!("{}user:{{{digest}}}", self.shared.options.prefix).into_bytes()
    }

    /// Entries of `user` whose time is not over.
    async fn entries(&self, user: &UserKey, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        if self.is_stale(now) {
            self.measure(now).await?;
        }
        let mut range = Cmd::new();
        range.arg("ZRANGEBYSCORE").arg(self.user_key(user)).arg(format!("({}", self.theirs(now))).arg("+inf");
        let entries: Vec<Vec<u8>> = self.query(&range).await.map_err(|error| read_failed("ZRANGEBYSCORE", &error))?;
        Ok(entries.into_iter().filter_map(|entry| Some(SessionId::from_bytes(entry.try_into().ok()?))).collect())
    }

    /// Removes those of `ids` whose user is the `expected` one.
    async fn revoke(&self, ids: &[SessionId], expected: &[u8]) -> Result<Vec<Result<Value, StoreError>>, StoreError> {
        const NAME: &str = "EVAL (revoke)";
        let revoke = |key: &[u8]| {
            let mut revoke = Cmd::new();
            revoke.arg("EVAL").arg(REVOKE).arg(1).arg(key).arg(expected);
            revoke
        };
        if self.shared.lasting.is_some() {
            let mut answers = Vec::with_capacity(ids.len());
            for key in ids.iter().map(|id| self.key(*id)) {
                answers.push(self.lasting(NAME, &key, revoke(&key)).await);
            }
            return Ok(answers);
        }
        let failed = |error| self.write_failed(NAME, &error);
        let answers = self.all(ids.iter().map(|id| revoke(&self.key(*id))).collect()).await.map_err(failed)?;
        Ok(answers.into_iter().map(|answer| answer.map_err(failed)).collect())
    }

    /// Removes entries whose records are gone.
    async fn forget(&self, user: &UserKey, gone: &[SessionId]) -> Result<(), StoreError> {
        if gone.is_empty() {
            return Ok(());
        }
        let mut remove = Cmd::new();
        remove.arg("ZREM").arg(self.user_key(user));
        for id in gone {
            remove.arg(id.as_bytes());
        }
        self.query::<u64>(&remove).await.map(|_| ()).map_err(|error| write_failed("ZREM", &error))
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
                let answers = self.all(gets).await.map_err(|error| read_failed("GET", &error))?;
                for (id, answer) in ids.iter().zip(answers) {
                    match answer {
                        Ok(Value::Nil) => gone.push(*id),
                        // One record that cannot be read must not hide the others.
                        Ok(Value::BulkString(bytes)) => {
                            let record = self.incoming(bytes).ok();
                            let theirs = |record: &Record| record.user() == Some(user) && !record.is_expired(now);
                            found.extend(record.filter(theirs).map(|record| (*id, record)));
                        },
                        Ok(_) => {},
                        Err(error) if error.code() == Some("WRONGTYPE") => {},
                        Err(error) => return Err(read_failed("GET", &error)),
                    }
                }
                if found.len() >= limit {
                    break;
                }
            }
            // Housekeeping: the next list finds them again.
            let _ = self.forget(user, &gone).await;
            found.truncate(limit);
            Ok(found)
        })
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
            let revoked = async {
                for ids in ids.chunks(PAGE) {
                    for (id, answer) in ids.iter().zip(self.revoke(ids, &expected).await?) {
                        match answer {
                            Ok(Value::Int(1)) => removed.push(*id),
                            // Something else lives there.
                            Ok(_) | Err(StoreError::Corrupt(_)) => {},
                            Err(error) => return Err(error),
                        }
                    }
                }
                Ok(())
            };
            let revoked = revoked.await;
            // Those that are over are over, whatever befell the others.
            self.announce(&user.digest()).await;
            let _ = self.forget(user, &removed).await;
            revoked.map(|()| removed.len())
        })
    }
}

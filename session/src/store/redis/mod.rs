//! [`RedisStore`]: sessions in Redis or Valkey, shared by any number of processes.
//!
//! One string per session, in the layout of [`Record::encode`]: a read is one `GET`, a commit one script, a logout one `UNLINK`. A
//! conflict's reply carries the fresh record, so a retry costs one more round trip and not two. Scripts touch one key, named
//! with a hash tag, so they run in a cluster as they are. Needs Redis 6.0 or later (`SET … KEEPTTL`).
//!
//! Deadlines are kept by the server's clock, whose distance from ours is measured when connecting and once a minute after that,
//! along with a read; or before a new session, where a minute has passed without one. So a process whose clock is wrong neither
//! ends sessions early nor keeps them.

mod answer;
mod line;
mod options;
mod script;
mod users;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use redis::{Client, Cmd, ErrorKind, RedisError, ServerErrorKind, Value};

use self::answer::{foreign, read_failed, word, write_failed};
use self::line::{Answers, Direct, Line};
pub use self::options::RedisOptions;
use self::script::{COMMIT, Script, TOUCH, beginning, get, life, time};
use super::{Commit, Committed, Created, Destroyed, Record, Store, StoreError, Touched, UserIndex};
use crate::clock::{Clock, SystemClock, Timestamp, millis};
use crate::record::idle_bytes;
use crate::token::SessionId;

const MEASURE_EVERY: Duration = Duration::from_mins(1);

/// Keeps sessions in Redis or Valkey. Cloning shares the connection.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    options: RedisOptions,
    line: Line,
    commit: Script,
    touch: Script,
    /// The server's clock less the engine's, in milliseconds.
    ahead: AtomicI64,
    /// When that was measured, by the engine's clock.
    measured: AtomicU64,
}

impl RedisStore {
    /// Connects to `url`, like `redis://127.0.0.1` or `redis://user:password@host:6379/1`, and tries every command that it sends (those that its
    /// scripts run, `SETRANGE` and `PEXPIRE`, excepted).
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting, command or permission; [`StoreError::Unavailable`] if nobody
    /// answers.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, RedisOptions::new()).await
    }

    /// As [`connect`](Self::connect), with `options`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: RedisOptions) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|error| StoreError::Misconfigured(format!("Redis URL: {error}")))?;
        let store = Self::new(client, options)?;
        store.probe().await?;
        Ok(store)
    }

    /// A store that connects when it is first used. Call it within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the option.
    pub fn new(client: Client, options: RedisOptions) -> Result<Self, StoreError> {
        options.check()?;
        let line = Line::Direct(Direct::new(client, options.patience())?);
        Ok(Self::on(line, options))
    }

    fn on(line: Line, options: RedisOptions) -> Self {
        let shared = Shared {
            options,
            line,
            commit: Script::new(COMMIT),
            touch: Script::new(TOUCH),
            ahead: AtomicI64::new(0),
            measured: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Asks the server for every command that the store sends.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn probe(&self) -> Result<(), StoreError> {
        let id = SessionId::from_bytes([0xff; 16]);
        let key = self.key(id);
        self.measure(SystemClock.now()).await?;
        let _: Value = self.query(&get(&key)).await.map_err(|error| read_failed("GET", &error))?;
        for (name, script) in [("EVALSHA (commit)", &self.shared.commit), ("EVALSHA (touch)", &self.shared.touch)] {
            self.run(script, &script.call(&key, 0)).await.map_err(|error| read_failed(name, &error))?;
        }
        // Writes nothing: `XX` on a key that is never there.
        let mut set = Cmd::new();
        set.arg("SET").arg(&key).arg("").arg("XX").arg("KEEPTTL");
        let _: Value = self.query(&set).await.map_err(|error| read_failed("SET … KEEPTTL", &error))?;
        let _: Value =
            self.query(Cmd::new().arg("UNLINK").arg(&key)).await.map_err(|error| read_failed("UNLINK", &error))?;
        for (name, command) in self.user_probes() {
            let _: Value = self.query(&command).await.map_err(|error| read_failed(name, &error))?;
        }
        Ok(())
    }

    fn key(&self, id: SessionId) -> Vec<u8> {
        let prefix = &self.shared.options.prefix;
        let mut key = Vec::with_capacity(prefix.len() + 24);
        key.extend_from_slice(prefix.as_bytes());
        key.push(b'{');
        key.extend_from_slice(&id.to_chars());
        key.push(b'}');
        key
    }

    async fn query<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        Ok(redis::from_redis_value(self.shared.line.send(command).await?)?)
    }

    async fn all(&self, commands: Vec<Cmd>) -> Result<Answers, RedisError> {
        self.shared.line.all(commands).await
    }

    /// Runs the `call` of a script. The server knows it from the second time on.
    async fn run(&self, script: &Script, call: &Cmd) -> Result<Value, RedisError> {
        match self.shared.line.send(call).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.shared.line.send(&script.in_full(call)).await
            },
            answer => answer,
        }
    }

    async fn measure(&self, now: Timestamp) -> Result<(), StoreError> {
        let time: (u64, u64) = self.query(&time()).await.map_err(|error| read_failed("TIME", &error))?;
        self.measured(time, now);
        Ok(())
    }

    fn measured(&self, (seconds, micros): (u64, u64), now: Timestamp) {
        let theirs = seconds.saturating_mul(1000).saturating_add(micros / 1000);
        let ahead = theirs.checked_signed_diff(now.as_millis()).unwrap_or_default();
        self.shared.ahead.store(ahead, Ordering::Relaxed);
        self.shared.measured.store(now.as_millis(), Ordering::Relaxed);
    }

    fn ahead(&self) -> i64 {
        self.shared.ahead.load(Ordering::Relaxed)
    }

    /// `now` by the server's clock. A key lives for up to a millisecond longer than its record.
    fn theirs(&self, now: Timestamp) -> u64 {
        now.shifted(self.ahead()).as_millis()
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        self.shared.measured.load(Ordering::Relaxed).abs_diff(now.as_millis()) > millis(MEASURE_EVERY)
    }

    /// The record's bytes by the server's clock.
    fn outgoing(&self, record: &Record) -> Result<Vec<u8>, StoreError> {
        let (size, limit) = (record.encoded_len(), self.shared.options.max_bytes);
        if size > limit {
            return Err(StoreError::TooLarge { size, limit });
        }
        Ok(record.clone().shifted(self.ahead()).encode())
    }

    fn incoming(&self, bytes: Vec<u8>) -> Result<Record, StoreError> {
        Ok(Record::decode(bytes)?.shifted(self.ahead().saturating_neg()))
    }
}

impl Store for RedisStore {
    async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        if self.is_stale(now) {
            self.measure(now).await?;
        }
        let bytes = self.outgoing(record)?;
        let mut set = Cmd::new();
        set.arg("SET").arg(self.key(id)).arg(bytes).arg("NX").arg("PX").arg(life(record.idle_deadline(), now));
        let answer = match record.user() {
            None => self.query(&set).await.map_err(|error| write_failed("SET", &error))?,
            // If the entry fails the record may be there, but nobody has its token yet.
            Some(user) => self.both("SET", set, self.enter(user, id, record, now)).await?.0,
        };
        match answer {
            Value::Nil => Ok(Created::Exists),
            _ => Ok(Created::Created),
        }
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let get = get(&self.key(id));
        let answer = if self.is_stale(now) {
            // One may fail without the other: each answer has its own error.
            let answers = self.all(vec![get, time()]).await.map_err(|error| read_failed("GET", &error))?;
            let mut answers = answers.into_iter();
            let answer = answers.next().unwrap_or(Ok(Value::Nil));
            if let Some(Ok(time)) = answers.next()
                && let Ok(time) = redis::from_redis_value(time)
            {
                self.measured(time, now);
            }
            answer
        } else {
            self.shared.line.send(&get).await
        };
        let bytes = match answer.map_err(|error| read_failed("GET", &error))? {
            Value::BulkString(bytes) => Some(bytes),
            _ => None,
        };
        bytes
            .map(|bytes| self.incoming(bytes))
            .transpose()
            .map(|record| record.filter(|record| !record.is_expired(now)))
    }

    async fn commit(&self, id: SessionId, commit: Commit<'_>, now: Timestamp) -> Result<Committed, StoreError> {
        let bytes = self.outgoing(commit.record)?;
        let expected = beginning(commit.epoch, commit.revision);
        // Negative for a record that has ended, which is how the script finds out.
        let life = commit.record.idle_deadline().as_millis().checked_signed_diff(now.as_millis()).unwrap_or(i64::MAX);
        let script = &self.shared.commit;
        // Whose session it is changes only with the epoch.
        let user = commit.record.user().filter(|_| commit.record.epoch() != commit.epoch);
        let mut call = match user {
            None => script.call(&self.key(id), bytes.len() + 48),
            Some(_) => Cmd::new().arg("EVAL").arg(COMMIT).arg(1).arg(self.key(id)).clone(),
        };
        call.arg(&expected).arg(&commit.op.to_bytes()).arg(bytes).arg(life);
        let answer = match user {
            None => self.run(script, &call).await.map_err(|error| write_failed("EVALSHA (commit)", &error))?,
            Some(user) => {
                let enter = self.enter(user, id, commit.record, now);
                self.both("EVAL (commit)", enter, call).await?.1
            },
        };
        match answer {
            Value::Array(mut fresh) => match fresh.pop() {
                Some(Value::BulkString(bytes)) => {
                    let fresh = self.incoming(bytes)?;
                    if fresh.is_expired(now) { Ok(Committed::Gone) } else { Ok(Committed::Conflict(Box::new(fresh))) }
                },
                _ => Ok(Committed::Gone),
            },
            Value::Int(_) => Ok(Committed::Applied),
            answer => match word(&answer) {
                b"SUPERSEDED" => Ok(Committed::Superseded),
                b"GONE" => Ok(Committed::Gone),
                _ => Err(foreign()),
            },
        }
    }

    async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let script = &self.shared.touch;
        let mut call = script.call(&self.key(id), 48);
        call.arg(&idle_bytes(idle.shifted(self.ahead()))).arg(life(idle, now)).arg(self.theirs(now));
        let answer = self.run(script, &call).await.map_err(|error| write_failed("EVALSHA (touch)", &error))?;
        match word(&answer) {
            b"TOUCHED" => Ok(Touched::Touched),
            b"GONE" => Ok(Touched::Gone),
            _ => Err(foreign()),
        }
    }

    async fn destroy(&self, id: SessionId) -> Result<Destroyed, StoreError> {
        // Not a script: a server that is out of memory refuses scripts that write, and a logout must not wait for memory.
        let removed: u64 = self
            .query(Cmd::new().arg("UNLINK").arg(self.key(id)))
            .await
            .map_err(|error| write_failed("UNLINK", &error))?;
        Ok(if removed == 0 { Destroyed::Absent } else { Destroyed::Existed })
    }

    async fn sweep(&self, _limit: usize, _now: Timestamp) -> Result<usize, StoreError> {
        Ok(0)
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the client: its URL holds the password.
        f.debug_struct("RedisStore").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

//! [`RedisStore`]: sessions in Redis or Valkey, shared by any number of processes.
//!
//! One string per session, in the layout of [`Record::encode`]: a read is one `GET`, a commit one script, a logout one `UNLINK`. A
//! conflict's reply carries the fresh record, so a retry costs one more round trip and not two. Scripts touch one key, named
//! with a hash tag, so they run in a cluster as they are. Needs Redis 6.0 or later (`SET … KEEPTTL`).
//!
//! Deadlines are kept by the server's clock, whose distance from ours is measured when connecting and once a minute after that,
//! along with a read; or before a new session, where a minute has passed without one. So a process whose clock is wrong neither
//! ends sessions early nor keeps them.

mod tls;
mod users;

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, RedisError, Script, ServerErrorKind, Value};

use super::{Commit, Committed, Created, Destroyed, Record, Store, StoreError, Touched, UserIndex};
use crate::clock::{Clock, SystemClock, Timestamp, millis};
use crate::error::Corrupt;
use crate::record::{HEADER, IDLE_AT, MAGIC, idle_bytes};
use crate::token::SessionId;

/// Byte positions in the scripts are those of the record's header, counted from one. Numbers are compared as numbers: Lua
/// compares strings by the server's locale. Those for commands are written as strings: Lua would print them like floats. The fourth argument is how long the third, the new record, lives: what time it is
/// follows from both.
const COMMIT: &str = r"
local head = redis.call('GETRANGE', KEYS[1], '0', '27')
local expected = string.sub(head, 1, 20) == ARGV[1]
if not expected then
  if head == '' then return 'GONE' end
  if string.sub(head, 1, 4) ~= string.sub(ARGV[1], 1, 4) or string.len(head) < 28 then return 'FOREIGN' end
end
local idle, later = struct.unpack('>I8', head, 21), struct.unpack('>I8', ARGV[3], 21)
if idle <= later - ARGV[4] then return 'GONE' end
if expected then
  if idle > later then
    local idle = redis.call('GETRANGE', KEYS[1], '20', '31')
    redis.call('SET', KEYS[1], string.sub(ARGV[3], 1, 20) .. idle .. string.sub(ARGV[3], 33), 'KEEPTTL')
  else
    redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  end
  return 1
end
local writers = redis.call('GETRANGE', KEYS[1], '132', '195')
for at = 1, 57, 8 do
  if string.sub(writers, at, at + 7) == ARGV[2] then return 1 end
end
if string.sub(head, 5, 12) ~= string.sub(ARGV[1], 5, 12) then return 'SUPERSEDED' end
return {redis.call('GET', KEYS[1])}
";
const TOUCH: &str = r"
local head = redis.call('GETRANGE', KEYS[1], '0', '31')
if head == '' then return 'GONE' end
if string.sub(head, 1, 4) ~= '\165S\1\0' or string.len(head) < 32 then return 'FOREIGN' end
if struct.unpack('>I8', head, 21) <= tonumber(ARGV[3]) then return 'GONE' end
if struct.unpack('>I8', head, 21) < struct.unpack('>I8', ARGV[1]) then
  redis.call('SETRANGE', KEYS[1], '20', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 'TOUCHED'
";
const _: () = assert!(HEADER == 198 && IDLE_AT == 20);

const MEASURE_EVERY: Duration = Duration::from_mins(1);

/// Keeps sessions in Redis or Valkey. Cloning shares the connection.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    options: RedisOptions,
    connection: RwLock<ConnectionManager>,
    commit: Script,
    touch: Script,
    /// The server's clock less the engine's, in milliseconds.
    ahead: AtomicI64,
    /// When that was measured, by the engine's clock.
    measured: AtomicU64,
}

/// Settings of a [`RedisStore`].
#[derive(Clone, Debug)]
pub struct RedisOptions {
    prefix: String,
    deadline: Duration,
    max_bytes: usize,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { prefix: "session:".into(), deadline: Duration::from_millis(500), max_bytes: 1 << 20 }
    }
}

impl RedisOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What every key begins with. Default: `session:`. Keys are the prefix and the session's id in braces.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long to wait for a connection, and how long for an answer. Default: 500 ms each. At most 60 seconds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to send. Default: 1 MiB.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    fn check(&self) -> Result<(), StoreError> {
        let Self { prefix, deadline, max_bytes } = self;
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
        let complaint = if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(fits) {
            format!("prefix {prefix:?}: use 1 to 64 visible ASCII characters, no braces")
        } else if deadline.is_zero() || *deadline > Duration::from_mins(1) {
            format!("deadline {deadline:?}: use a millisecond to a minute")
        } else if *max_bytes < 1024 || *max_bytes > 512 << 20 {
            format!("max_bytes {max_bytes}: use 1 KiB to 512 MiB, the largest string that Redis keeps")
        } else {
            return Ok(());
        };
        Err(StoreError::Misconfigured(complaint))
    }
}

impl RedisStore {
    /// Connects to `url`, like `redis://127.0.0.1` or `redis://user:password@host:6379/1` (`rediss://…` for TLS, with the feature `redis-tls`), and tries every command that it sends (those that its
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
        let store = Self::new(tls::client(url)?, options)?;
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
        tls::prepare(&client);
        let connection = RwLock::new(connection(&client, &options)?);
        let shared = Shared {
            client,
            options,
            connection,
            commit: Script::new(COMMIT),
            touch: Script::new(TOUCH),
            ahead: AtomicI64::new(0),
            measured: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
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
            self.run(script, &call(script, &key, 0)).await.map_err(|error| read_failed(name, &error))?;
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

    fn connection(&self) -> ConnectionManager {
        self.shared.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn query<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let mut connection = self.connection();
        // Not `query_async`, which would put this into a box of its own.
        let answer = connection.send_packed_command(command).await.and_then(Value::extract_error);
        self.note(answer).and_then(|answer| Ok(redis::from_redis_value(answer)?))
    }

    /// Runs the `call` of a script. The server knows it from the second time on.
    async fn run(&self, script: &Script, call: &Cmd) -> Result<Value, RedisError> {
        let answer = self.query(call).await;
        match &answer {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let loaded = script.load_async(&mut self.connection()).await;
                self.note(loaded)?;
                self.query(call).await
            },
            _ => answer,
        }
    }

    /// Hangs up on a server that turned out to be a replica: the client would keep the line, and behind the same address there may
    /// be a new primary by now.
    fn note<T>(&self, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &answer
            && matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
            && let Ok(fresh) = connection(&self.shared.client, &self.shared.options)
        {
            *self.shared.connection.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        answer
    }

    async fn measure(&self, now: Timestamp) -> Result<(), StoreError> {
        let time: (u64, u64) = self.query(Cmd::new().arg("TIME")).await.map_err(|error| read_failed("TIME", &error))?;
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

/// The first bytes of a record at this epoch and revision.
fn beginning(epoch: u64, revision: u64) -> [u8; IDLE_AT] {
    let mut out = [0; IDLE_AT];
    let (magic, numbers) = out.split_at_mut(MAGIC.len());
    magic.copy_from_slice(&MAGIC);
    let (first, second) = numbers.split_at_mut(8);
    first.copy_from_slice(&epoch.to_be_bytes());
    second.copy_from_slice(&revision.to_be_bytes());
    out
}

/// Whole milliseconds until `deadline`, and at least one: Redis takes no less.
fn life(deadline: Timestamp, now: Timestamp) -> u64 {
    millis(deadline.since(now)).max(1)
}

fn get(key: &[u8]) -> Cmd {
    let mut get = Cmd::with_capacity(2, 3 + key.len());
    get.arg("GET").arg(key);
    get
}

/// The beginning of a call of `script`, with room for arguments of `size` bytes.
fn call(script: &Script, key: &[u8], size: usize) -> Cmd {
    let hash = script.get_hash();
    let mut call = Cmd::with_capacity(8, 8 + hash.len() + key.len() + size);
    call.arg("EVALSHA").arg(hash).arg(1).arg(key);
    call
}

fn connection(client: &Client, options: &RedisOptions) -> Result<ConnectionManager, StoreError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(options.deadline))
        .set_response_timeout(Some(options.deadline))
        // Each request that finds the line dead tries once; none waits for a row of tries.
        .set_number_of_retries(0);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
        .map_err(|error| StoreError::Misconfigured(format!("Redis connection: {error}")))
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
        let bytes: Option<Vec<u8>> = if self.is_stale(now) {
            let mut both = redis::pipe();
            both.add_command(get).cmd("TIME").ignore_errors();
            let mut connection = self.connection();
            let answers: Result<Vec<Result<Value, RedisError>>, _> = both.query_async(&mut connection).await;
            // One may fail without the other: each answer has its own error.
            let mut answers = self.note(answers).map_err(|error| read_failed("GET", &error))?.into_iter();
            let bytes = self.note(answers.next().unwrap_or(Ok(Value::Nil)));
            if let Some(Ok(time)) = answers.next()
                && let Ok(time) = redis::from_redis_value(time)
            {
                self.measured(time, now);
            }
            match bytes.map_err(|error| read_failed("GET", &error))? {
                Value::BulkString(bytes) => Some(bytes),
                _ => None,
            }
        } else {
            self.query(&get).await.map_err(|error| read_failed("GET", &error))?
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
            None => call(script, &self.key(id), bytes.len() + 48),
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
        let mut call = call(script, &self.key(id), 48);
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

fn word(answer: &Value) -> &[u8] {
    match answer {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.as_bytes(),
        _ => b"",
    }
}

#[cold]
fn foreign() -> StoreError {
    Corrupt::new("something else is stored under a session's key").into()
}

/// An error of a call that writes nothing, or whose answer is that nothing was written.
#[cold]
fn read_failed(command: &str, error: &RedisError) -> StoreError {
    match error.code() {
        Some("WRONGTYPE") => foreign(),
        Some("NOPERM") => StoreError::Misconfigured(format!("the Redis user may not run {command}: {error}")),
        Some("NOAUTH" | "WRONGPASS") => StoreError::Misconfigured(format!("Redis wants other credentials: {error}")),
        _ if error.kind() == ErrorKind::AuthenticationFailed => {
            StoreError::Misconfigured(format!("Redis wants other credentials: {error}"))
        },
        _ if tls::is_untrusted(error) => StoreError::Misconfigured(format!("Redis is not who its URL says: {error}")),
        _ => StoreError::unavailable(format!("{command}: {error}")),
    }
}

/// An error of a call that writes. Where the line broke or fell silent, the server may have done it.
#[cold]
fn write_failed(command: &str, error: &RedisError) -> StoreError {
    if error.kind() == ErrorKind::Io && !error.is_connection_refusal() {
        return StoreError::unknown(format!("{command}: {error}"));
    }
    read_failed(command, error)
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the client: its URL holds the password.
        f.debug_struct("RedisStore").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

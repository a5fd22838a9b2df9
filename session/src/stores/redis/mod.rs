//! [`RedisStore`]: sessions in Redis or Valkey, shared by any number of processes.
//!
//! One string per session, in the layout of [`Record::encode`]: a read is one `GET`, a commit one script, a logout one `UNLINK`. A
//! conflict's reply carries the fresh record, so a retry costs one more round trip and not two. Scripts touch one key, named
//! with a hash tag, so they run in a cluster as they are. Needs Redis 6.0 or later (`SET … KEEPTTL`).
//!
//! Deadlines are kept by the server's clock, whose distance from ours is measured when connecting and once a minute after that,
//! along with a read; or before a new session, where a minute has passed without one. So a process whose clock is wrong neither
//! ends sessions early nor keeps them.

#[cfg(feature = "redis-cluster")]
mod cluster;
mod connection;
mod options;
mod publisher;
mod reply;
mod script;
mod sentinel;
mod tls;
mod users;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Client, Cmd, ErrorKind, RedisError, ServerErrorKind, Value};

#[cfg(feature = "redis-cluster")]
use self::cluster::Cluster;
use self::connection::{Answers, Direct, Line, Patience};
use self::options::Lasting;
pub use self::options::RedisOptions;
use self::publisher::Herald;
use self::reply::{foreign, read_failed, word, write_failed};
use self::script::{COMMIT, Script, TOUCH, beginning, get, life, time, wait};
use self::sentinel::Sentinel;
use crate::base::clock::{Clock, SystemClock, Timestamp};
use crate::data::record::idle_bytes;
use crate::data::token::SessionId;
use crate::port::options::check_size;
use crate::port::server_clock::ServerClock;
use crate::port::{Commit, Committed, Created, Destroyed, Record, Store, StoreError, Touched, UserIndex};

/// Keeps sessions in Redis or Valkey. Cloning shares the connection.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
    herald: Option<Arc<Herald>>,
}

struct Shared {
    options: RedisOptions,
    line: Line,
    /// The line for writes that must reach replicas.
    lasting: Option<(Line, Lasting)>,
    commit: Script,
    touch: Script,
    clock: ServerClock,
}

impl RedisStore {
    /// Connects to `url`, like `redis://127.0.0.1` or `redis://user:password@host:6379/1` (`rediss://…` for TLS,
    /// with the feature `redis-tls`), and tries every command that it sends (those that its
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
        let store = Self::new(tls::client("Redis URL", url)?, options)?;
        store.probe().await?;
        Ok(store)
    }

    /// A store that connects when it is first used. Call it within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the option.
    pub fn new(client: Client, options: RedisOptions) -> Result<Self, StoreError> {
        tls::prepare(&client);
        Self::on(options, move |patience| Ok(Line::Direct(Box::new(Direct::new(client.clone(), patience)?))))
    }

    /// Connects to whichever server the `sentinels` (URLs) call the primary of this `name`. After a failover it goes on with the
    /// new primary, without a restart: a lost connection and the words of a replica make it ask again, and so does every second.
    ///
    /// If the servers want credentials, TLS or a database other than the first, the name is a URL with the name as its host:
    /// `redis://user:password@name/1`. Those of the sentinels are in their own URLs.
    ///
    /// A failover loses what the old primary had not sent to its replica yet; see [`RedisOptions::replicated`].
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn sentinel(
        name: &str,
        sentinels: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, StoreError> {
        Self::sentinel_with(name, sentinels, RedisOptions::new()).await
    }

    /// As [`sentinel`](Self::sentinel), with `options`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn sentinel_with(
        name: &str,
        sentinels: impl IntoIterator<Item = impl AsRef<str>>,
        options: RedisOptions,
    ) -> Result<Self, StoreError> {
        let sentinels = sentinels.into_iter().map(|url| tls::client("Redis sentinel URL", url.as_ref()));
        let sentinels = sentinels.collect::<Result<Vec<_>, _>>()?;
        let store =
            Self::on(options, |patience| Ok(Line::Sentinel(Box::new(Sentinel::new(name, &sentinels, patience)?))))?;
        store.probe().await?;
        Ok(store)
    }

    /// Connects to the Redis Cluster that the nodes at `urls` belong to; those that answer name the others. It follows slots that
    /// move, and replicas that take over.
    ///
    /// A failover loses what the old primary had not sent to its replica yet; see [`RedisOptions::replicated`].
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    #[cfg(feature = "redis-cluster")]
    pub async fn cluster(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, StoreError> {
        Self::cluster_with(urls, RedisOptions::new()).await
    }

    /// As [`cluster`](Self::cluster), with `options`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    #[cfg(feature = "redis-cluster")]
    pub async fn cluster_with(
        urls: impl IntoIterator<Item = impl AsRef<str>>,
        options: RedisOptions,
    ) -> Result<Self, StoreError> {
        let nodes = urls.into_iter().map(|url| tls::client("Redis cluster URL", url.as_ref()));
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        let store = Self::on(options, |patience| Ok(Line::Cluster(Cluster::new(&nodes, patience)?)))?;
        store.probe().await?;
        Ok(store)
    }

    fn on(options: RedisOptions, line: impl Fn(Patience) -> Result<Line, StoreError>) -> Result<Self, StoreError> {
        options.check()?;
        let lasting = match options.lasting {
            None => None,
            Some(lasting) => {
                // A server that waits for its replicas serves nobody else on that connection.
                let Patience { connection, answer } = options.patience();
                Some((line(Patience { connection, answer: answer + lasting.timeout })?, lasting))
            },
        };
        let shared = Shared {
            line: line(options.patience())?,
            lasting,
            options,
            commit: Script::new(COMMIT),
            touch: Script::new(TOUCH),
            clock: ServerClock::default(),
        };
        Ok(Self { shared: Arc::new(shared), herald: None })
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
        if let Some((line, _)) = &self.shared.lasting {
            let answers = line.together(&key, vec![wait(0, Duration::from_millis(1))]).await;
            let failed = answers.and_then(|answers| answers.into_iter().collect::<Result<Vec<_>, _>>());
            failed.map_err(|error| read_failed("WAIT", &error))?;
        }
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
                Box::pin(async { self.shared.line.send(&script.in_full(call)).await }).await
            },
            answer => answer,
        }
    }

    /// Sends a write that concerns `key`, and that a failover must not undo if that was asked for.
    async fn lasting(&self, name: &str, key: &[u8], command: Cmd) -> Result<Value, StoreError> {
        let Some((line, Lasting { replicas, timeout })) = &self.shared.lasting else {
            let answer = self.shared.line.send(&command).await;
            return answer.map_err(|error| self.write_failed(name, &error));
        };
        let answers = line.together(key, vec![command, wait(*replicas, *timeout)]).await;
        let mut answers = answers.map_err(|error| self.write_failed(name, &error))?.into_iter();
        let answer = answers.next().unwrap_or(Ok(Value::Nil)).map_err(|error| self.write_failed(name, &error))?;
        match answers.next().unwrap_or(Ok(Value::Nil)) {
            // What wrote nothing needs no replica; a repetition, which wrote nothing either, does.
            _ if !matches!(answer, Value::Int(_)) => Ok(answer),
            Ok(Value::Int(reached)) if u64::try_from(reached).is_ok_and(|reached| reached >= u64::from(*replicas)) => {
                Ok(answer)
            },
            Ok(Value::Int(reached)) => Err(StoreError::unknown(format!(
                "{name}: done, but {reached} of {replicas} replicas have it after {timeout:?}: a failover could undo it"
            ))),
            Ok(_) => Err(StoreError::unknown("WAIT: no number")),
            Err(error) => Err(StoreError::unknown(format!("WAIT: {error}"))),
        }
    }

    /// See [`write_failed`].
    fn write_failed(&self, command: &str, error: &RedisError) -> StoreError {
        match write_failed(command, error) {
            StoreError::Unavailable(cause) if self.shared.line.repeats() => StoreError::Unknown(cause),
            other => other,
        }
    }

    /// Sends the `call` of a commit that changes whose session it is, and before it the entry in the index.
    async fn commit_privileged(&self, enter: Option<Cmd>, key: &[u8], call: &Cmd) -> Result<Value, StoreError> {
        const NAME: &str = "EVAL (commit)";
        // In full: what goes along with others cannot be sent again if the server does not know it.
        let call = self.shared.commit.in_full(call);
        match enter {
            Some(enter) if self.shared.lasting.is_none() => Ok(self.both(NAME, enter, call).await?.1),
            Some(enter) => {
                let _: Value = self.query(&enter).await.map_err(|error| self.write_failed("EVAL (user)", &error))?;
                self.lasting(NAME, key, call).await
            },
            None => self.lasting(NAME, key, call).await,
        }
    }

    /// The answer to `command`, and what time the server has.
    async fn ask_and_measure(&self, command: Cmd, now: Timestamp) -> Result<Value, RedisError> {
        let mut answers = self.all(vec![command, time()]).await?.into_iter();
        // One may fail without the other: each answer has its own error.
        let answer = answers.next().unwrap_or(Ok(Value::Nil));
        if let Some(Ok(time)) = answers.next()
            && let Ok(time) = redis::from_redis_value(time)
        {
            self.measured(time, now);
        }
        answer
    }

    async fn measure(&self, now: Timestamp) -> Result<(), StoreError> {
        let time: (u64, u64) = self.query(&time()).await.map_err(|error| read_failed("TIME", &error))?;
        self.measured(time, now);
        Ok(())
    }

    fn measured(&self, (seconds, micros): (u64, u64), now: Timestamp) {
        let theirs = seconds.saturating_mul(1000).saturating_add(micros / 1000);
        self.shared.clock.measured(Timestamp::from_millis(theirs), now);
    }

    fn ahead(&self) -> i64 {
        self.shared.clock.offset()
    }

    /// `now` by the server's clock. A key lives for up to a millisecond longer than its record.
    fn theirs(&self, now: Timestamp) -> u64 {
        self.shared.clock.server_time(now).as_millis()
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        self.shared.clock.is_stale(now)
    }

    /// The record's bytes by the server's clock.
    fn outgoing(&self, record: &Record) -> Result<Vec<u8>, StoreError> {
        check_size(record, self.shared.options.max_bytes)?;
        Ok(record.clone().offset(self.ahead()).encode())
    }

    fn incoming(&self, bytes: Vec<u8>) -> Result<Record, StoreError> {
        Ok(Record::decode(bytes)?.offset(self.ahead().saturating_neg()))
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
            None => self.query(&set).await.map_err(|error| self.write_failed("SET", &error))?,
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
        let answer = match self.is_stale(now) {
            true => Box::pin(self.ask_and_measure(get, now)).await,
            false => self.shared.line.send(&get).await,
        };
        let bytes = match answer.map_err(|error| read_failed("GET", &error))? {
            Value::BulkString(bytes) => Some(bytes),
            Value::Nil => None,
            _ => return Err(foreign()),
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
        // A change of privilege: whose session it is changes only with the epoch.
        let privileged = commit.record.epoch() != commit.epoch;
        let key = self.key(id);
        let mut call = script.call(&key, bytes.len() + 48);
        call.arg(&expected).arg(&commit.op.to_bytes()).arg(bytes).arg(life);
        if let Some(herald) = &self.herald {
            call.arg(&herald.channel).arg(herald.message(id.as_bytes()));
        }
        let answer = match privileged {
            true => {
                let enter = commit.record.user().map(|user| self.enter(user, id, commit.record, now));
                Box::pin(self.commit_privileged(enter, &key, &call)).await?
            },
            false => self.run(script, &call).await.map_err(|error| self.write_failed("EVALSHA (commit)", &error))?,
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
        call.arg(&idle_bytes(idle.offset(self.ahead()))).arg(life(idle, now)).arg(self.theirs(now));
        let answer = self.run(script, &call).await.map_err(|error| self.write_failed("EVALSHA (touch)", &error))?;
        match word(&answer) {
            b"TOUCHED" => Ok(Touched::Touched),
            b"GONE" => Ok(Touched::Gone),
            _ => Err(foreign()),
        }
    }

    async fn destroy(&self, id: SessionId, _now: Timestamp) -> Result<Destroyed, StoreError> {
        // Not a script: a server that is out of memory refuses scripts that write, and a logout must not wait for memory.
        let key = self.key(id);
        let mut unlink = Cmd::with_capacity(2, 6 + key.len());
        unlink.arg("UNLINK").arg(&key);
        let removed = self.lasting("UNLINK", &key, unlink).await;
        self.announce(id.as_bytes()).await;
        match removed? {
            Value::Int(0) => Ok(Destroyed::Absent),
            _ => Ok(Destroyed::Existed),
        }
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

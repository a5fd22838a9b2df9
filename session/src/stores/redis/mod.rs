//! [`RedisStore`]: sessions in Redis or Valkey, shared by any number of processes.
//!
//! A session is one string in the layout of [`Record::encode`](crate::store::Record::encode): a load is one `GET`, a
//! commit one script, a logout one `UNLINK`. The reply to a commit that conflicts holds the stored record, so a retry
//! costs one round trip and not two. Scripts access one key, which has a hash tag, so they run in a cluster unchanged.
//! Redis 6.0 or later is needed for `SET … KEEPTTL`.
//!
//! Deadlines follow the server's clock, so a process whose clock is wrong neither ends sessions early nor keeps them
//! too long. The store measures the distance between the clocks when it connects, and once a minute with a load, or
//! before a new session if no load has come for a minute.

mod calls;
mod client;
#[cfg(feature = "redis-cluster")]
mod cluster;
mod connection;
mod current;
mod direct;
mod options;
mod pipeline;
mod publisher;
mod reply;
mod script;
mod sentinel;
mod store;
mod users;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Client, Cmd, RedisError, Value};

use self::client::{client_for, install_tls_provider};
#[cfg(feature = "redis-cluster")]
use self::cluster::Cluster;
use self::connection::Connection;
use self::direct::Direct;
pub use self::options::RedisOptions;
use self::options::{ReplicaAck, Timeouts};
use self::publisher::Publisher;
use self::reply::{read_error, startup_error};
use self::script::{COMMIT, Script, TOUCH, time, wait};
use self::sentinel::Sentinel;
use crate::base::clock::{Clock, SystemClock};
use crate::data::token::SessionId;
use crate::port::StoreError;
use crate::port::server_clock::ServerClock;

/// Keeps sessions in Redis (6.0 or later) or Valkey, shared by any number of processes. Cloning shares the connection.
///
/// ```no_run
/// # use session::{RedisStore, Session, Sessions};
/// # #[derive(Session)]
/// # struct Shop { visits: u64 }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::connect("redis://127.0.0.1").await?;
/// let sessions = Sessions::<Shop>::builder().store(store).build()?;
/// # Ok(()) }
/// ```
///
/// # Constructors
///
/// | from | with default options | with [`RedisOptions`] |
/// |---|---|---|
/// | a URL | [`connect`](Self::connect) | [`connect_with`](Self::connect_with) |
/// | a [`redis::Client`] | [`from_client`](Self::from_client) | [`from_client_with`](Self::from_client_with) |
/// | … without any I/O | | [`from_client_lazy`](Self::from_client_lazy) |
/// | Redis Sentinel | [`sentinel`](Self::sentinel) | [`sentinel_with`](Self::sentinel_with) |
/// | Redis Cluster | `cluster` | `cluster_with` (feature `redis-cluster`) |
///
/// The asynchronous ones call [`probe`](Self::probe) before they return, so that a wrong password or a missing
/// permission is found when the program starts.
///
/// # Guarantees
///
/// Every call takes one round trip; a login in a cluster takes two. Writes are atomic: a commit is a script, and a new
/// session is a `SET … NX`. Redis expires records by itself, so no sweeper is needed. How much survives a crash of the
/// server is a matter of its configuration (append-only file, snapshots, replicas); see [`RedisOptions::replicated`]
/// for logouts and failovers.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
    publisher: Option<Arc<Publisher>>,
}

struct Shared {
    options: RedisOptions,
    connection: Connection,
    /// A connection of its own for the writes that replicas must confirm.
    acknowledged: Option<(Connection, ReplicaAck)>,
    commit: Script,
    touch: Script,
    clock: ServerClock,
}

impl RedisStore {
    /// Connects to the server at `url`, and probes it.
    ///
    /// A URL is `redis://user:password@host:port/database`; all parts but the scheme and the host can be omitted.
    /// `rediss://` is TLS, and needs the feature `redis-tls`.
    ///
    /// # Permissions
    ///
    /// A user of its own, for the default prefix of keys:
    ///
    /// ```text
    /// ACL SETUSER shop on >secret ~session:* &session:* -@all +get +set +unlink +getrange +setrange +pexpire
    ///   +eval +evalsha +time +zadd +zrem +zrange +zrangebyscore +zremrangebyscore +pexpireat
    /// ```
    ///
    /// On one line. Add `+wait` for [`RedisOptions::replicated`], `+publish +subscribe` for `Cached::listening`,
    /// `+role` for Sentinel, `+cluster` for a cluster, and `+select` for another database than 0.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::RedisStore;
    ///
    /// let store = RedisStore::connect("redis://shop:secret@cache.example:6379/1").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the setting, command or permission; [`StoreError::Unavailable`] if the
    /// server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, RedisOptions::new()).await
    }

    /// As [`connect`](Self::connect), with `options`.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::{RedisStore, store::RedisOptions};
    ///
    /// let options = RedisOptions::new().prefix("shop:session:").deadline(Duration::from_millis(200));
    /// let store = RedisStore::connect_with("redis://127.0.0.1", options).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: RedisOptions) -> Result<Self, StoreError> {
        Self::from_client_with(client_for("Redis URL", url)?, options).await
    }

    /// Connects with a `client` of your own, and probes the server.
    ///
    /// ```no_run
    /// # #[cfg(feature = "redis-tls")]
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use redis::{Client, TlsCertificates};
    /// use session::RedisStore;
    ///
    /// // A certificate authority of your own:
    /// let root_cert = Some(std::fs::read("/etc/shop/authority.pem")?);
    /// let certificates = TlsCertificates { client_tls: None, root_cert };
    /// let client = Client::build_with_tls("rediss://shop:secret@cache.example", certificates)?;
    /// let store = RedisStore::from_client(client).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn from_client(client: Client) -> Result<Self, StoreError> {
        Self::from_client_with(client, RedisOptions::new()).await
    }

    /// As [`from_client`](Self::from_client), with `options`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn from_client_with(client: Client, options: RedisOptions) -> Result<Self, StoreError> {
        let store = Self::from_client_lazy(client, options)?;
        store.probe().await?;
        Ok(store)
    }

    /// A store that does no I/O until it is used: for programs that may start before their server does.
    ///
    /// Call it within a Tokio runtime. Call [`probe`](Self::probe) when the server should be reachable: nothing is
    /// checked here.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use session::{RedisStore, store::RedisOptions};
    ///
    /// let client = redis::Client::open("redis://127.0.0.1")?;
    /// let store = RedisStore::from_client_lazy(client, RedisOptions::new())?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] names the option.
    pub fn from_client_lazy(client: Client, options: RedisOptions) -> Result<Self, StoreError> {
        install_tls_provider(&client);
        Self::new(options, move |timeouts| Ok(Connection::Direct(Box::new(Direct::new(client.clone(), timeouts)?))))
    }

    /// Connects to the server that the Redis `sentinels` (URLs) name as the primary of the group `name`, and probes it.
    ///
    /// After a failover the store uses the new primary, without a restart: it asks the sentinels again when the
    /// connection is lost, when a server says that it is a replica, and once a second before a request.
    ///
    /// If the servers need credentials, TLS or a database other than 0, `name` is a URL whose host is the group's name:
    /// `redis://user:password@name/1`. Credentials of the sentinels are in their own URLs.
    ///
    /// A failover loses the writes that the old primary had not sent to a replica; see [`RedisOptions::replicated`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::RedisStore;
    ///
    /// let sentinels = ["redis://10.0.0.1:26379", "redis://10.0.0.2:26379", "redis://10.0.0.3:26379"];
    /// let store = RedisStore::sentinel("shop", sentinels).await?;
    /// # Ok(()) }
    /// ```
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
        let sentinels = clients_for("Redis sentinel URL", sentinels)?;
        let connection = |timeouts| Ok(Connection::Sentinel(Box::new(Sentinel::new(name, &sentinels, timeouts)?)));
        let store = Self::new(options, connection)?;
        store.probe().await?;
        Ok(store)
    }

    /// Connects to the Redis Cluster that the nodes at `urls` belong to, and probes it. One reachable node is enough:
    /// it names the others. The store follows slots that move to other nodes, and replicas that are promoted.
    ///
    /// A failover loses the writes that the old primary had not sent to a replica; see [`RedisOptions::replicated`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), session::store::StoreError> {
    /// use session::RedisStore;
    ///
    /// let store = RedisStore::cluster(["redis://10.0.0.1:6379", "redis://10.0.0.2:6379"]).await?;
    /// # Ok(()) }
    /// ```
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
        let nodes = clients_for("Redis cluster URL", urls)?;
        let store = Self::new(options, |timeouts| Ok(Connection::Cluster(Box::new(Cluster::new(&nodes, timeouts)?))))?;
        store.probe().await?;
        Ok(store)
    }

    fn new(
        options: RedisOptions,
        connection: impl Fn(Timeouts) -> Result<Connection, StoreError>,
    ) -> Result<Self, StoreError> {
        options.check()?;
        let acknowledged = match options.replica_ack {
            None => None,
            Some(ack) => {
                // A connection of its own, because the server runs no other command on it while `WAIT` waits.
                let Timeouts { connect, reply } = options.timeouts();
                Some((connection(Timeouts { connect, reply: reply + ack.timeout })?, ack))
            },
        };
        let shared = Shared {
            connection: connection(options.timeouts())?,
            acknowledged,
            options,
            commit: Script::new(COMMIT),
            touch: Script::new(TOUCH),
            clock: ServerClock::default(),
        };
        Ok(Self { shared: Arc::new(shared), publisher: None })
    }

    /// Tries every command that the store sends, and the permission for it. Stores nothing.
    ///
    /// ```no_run
    /// # async fn example(store: session::RedisStore) {
    /// if let Err(error) = store.probe().await {
    ///     eprintln!("sessions are not available: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn probe(&self) -> Result<(), StoreError> {
        let key = self.key(SessionId::from_bytes([0xff; 16]));
        let is_one_server = matches!(self.shared.connection, Connection::Direct(_));
        let failed = |name: &str, error: &RedisError| match is_one_server {
            true => startup_error(name, error),
            // The next request may find another server.
            false => read_error(name, error),
        };
        let clock: (u64, u64) = self.query(&time()).await.map_err(|error| failed("TIME", &error))?;
        self.clock_measured(clock, SystemClock.now());
        for (name, command) in record_probes(&key) {
            let _: Value = self.query(&command).await.map_err(|error| failed(name, &error))?;
        }
        for (name, script) in [("EVALSHA (commit)", &self.shared.commit), ("EVALSHA (touch)", &self.shared.touch)] {
            self.run(script, &script.call(&key, 0)).await.map_err(|error| failed(name, &error))?;
        }
        if let Some((connection, _)) = &self.shared.acknowledged {
            let replies = connection.send_to_owner(&key, vec![wait(0, Duration::from_millis(1))]).await;
            let result = replies.and_then(|replies| replies.into_iter().collect::<Result<Vec<_>, _>>());
            result.map_err(|error| failed("WAIT", &error))?;
        }
        for (name, command) in self.index_probes() {
            let _: Value = self.query(&command).await.map_err(|error| failed(name, &error))?;
        }
        Ok(())
    }
}

/// Commands that try what a record needs, with names for error messages. There is no record under `key`, and they make
/// none. The commands of scripts are among them: a script does not say which of its commands is refused.
fn record_probes(key: &[u8]) -> [(&'static str, Cmd); 6] {
    let command = |name: &str, arguments: &[&str]| {
        let mut command = Cmd::new();
        command.arg(name).arg(key).arg(arguments);
        command
    };
    [
        ("GET", command("GET", &[])),
        ("GETRANGE", command("GETRANGE", &["0", "0"])),
        // `XX` writes to an existing key only.
        ("SET", command("SET", &["", "XX", "KEEPTTL"])),
        ("SETRANGE", command("SETRANGE", &["20", ""])),
        ("PEXPIRE", command("PEXPIRE", &["1"])),
        ("UNLINK", command("UNLINK", &[])),
    ]
}

/// A client for each of `urls`.
fn clients_for(what: &str, urls: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<Client>, StoreError> {
    urls.into_iter().map(|url| client_for(what, url.as_ref())).collect()
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the connection: its URL contains the password.
        f.debug_struct("RedisStore").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

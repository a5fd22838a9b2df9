use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _, RedisError,
    Role, Value,
};
use tokio::time::{Instant, timeout};

use super::line::{Answers, Patience, all, is_demoted};
use crate::store::StoreError;

/// How long a primary is taken for one without asking again. One that was cut off and comes back does not know that it has been
/// replaced: whatever it is sent until it does is lost.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// A connection to whichever server the sentinels call the primary.
pub(super) struct Sentinel {
    name: String,
    sentinels: Vec<Client>,
    /// Credentials, database and TLS of the servers. The sentinels say the address.
    server: ConnectionInfo,
    patience: Patience,
    primary: RwLock<Option<Primary>>,
    search: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Primary {
    address: (String, u16),
    connection: MultiplexedConnection,
    /// When the connection was made tells it from others to the same address.
    since: Instant,
    asked: Instant,
}

impl Sentinel {
    pub(super) fn new(primary: &str, sentinels: &[Client], patience: Patience) -> Result<Self, StoreError> {
        let url = if primary.contains("://") { primary.to_owned() } else { format!("redis://{primary}") };
        let server = url.into_connection_info();
        let server = server.map_err(|error| StoreError::Misconfigured(format!("Redis primary: {error}")))?;
        let (ConnectionAddr::Tcp(name, _) | ConnectionAddr::TcpTls { host: name, .. }) = server.addr() else {
            return Err(StoreError::Misconfigured("Redis primary: its name stands where a URL has the host".into()));
        };
        if sentinels.is_empty() {
            return Err(StoreError::Misconfigured("Redis sentinels: name at least one".into()));
        }
        Ok(Self {
            name: name.clone(),
            sentinels: sentinels.to_vec(),
            server,
            patience,
            primary: RwLock::default(),
            search: tokio::sync::Mutex::default(),
        })
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let mut primary = self.primary().await?;
        let answer = primary.connection.send_packed_command(command).await.and_then(Value::extract_error);
        self.note(&primary, answer)
    }

    pub(super) async fn all(&self, commands: Vec<Cmd>) -> Result<Answers, RedisError> {
        let mut primary = self.primary().await?;
        let answers = all(&mut primary.connection, commands).await;
        let answers = self.note(&primary, answers)?;
        Ok(answers.into_iter().map(|answer| self.note(&primary, answer)).collect())
    }

    /// Forgets a primary that is none any more, or cannot be reached. The next request asks the sentinels.
    fn note<T>(&self, primary: &Primary, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &answer
            && (is_demoted(error) || error.is_io_error())
        {
            let mut known = self.primary.write().unwrap_or_else(PoisonError::into_inner);
            known.take_if(|known| known.since == primary.since);
        }
        answer
    }

    fn known(&self) -> Option<Primary> {
        self.primary.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn primary(&self) -> Result<Primary, RedisError> {
        let known = self.known();
        match known {
            Some(known) if known.is_fresh() => Ok(known),
            // One request asks; the others go on with what is known, or wait with it if nothing is.
            Some(known) => match self.search.try_lock() {
                Ok(_one) => Ok(self.find().await.unwrap_or(known)),
                Err(_) => Ok(known),
            },
            None => {
                let search = async {
                    let _one = self.search.lock().await;
                    match self.known() {
                        Some(found) => Some(found),
                        None => self.find().await,
                    }
                };
                let found = timeout(self.patience.connection, search).await.ok().flatten();
                // Not an I/O error: nothing was sent to anybody.
                found.ok_or_else(|| {
                    let complaint = "no sentinel names a reachable primary";
                    RedisError::from((ErrorKind::MasterNameNotFoundBySentinel, complaint, self.name.clone()))
                })
            },
        }
    }

    /// Asks the sentinels, and the server that they name whether it agrees. They hear of a failover one after the other, so whoever has
    /// heard of the latest is right. Where none of them answers, the primary that is known stays: sessions must not end with the
    /// sentinels.
    async fn find(&self) -> Option<Primary> {
        let known = self.known();
        let mut named = Vec::new();
        for sentinel in &self.sentinels {
            named.extend(self.ask(sentinel).await);
        }
        let found = match (known, named.into_iter().max_by_key(|(epoch, _)| *epoch)) {
            (Some(known), Some((_, address))) if known.address == address => Some(known),
            (known, Some((_, address))) => self.meet(address).await.or(known),
            (known, None) => known,
        };
        let mut primary = found?;
        primary.asked = Instant::now();
        *self.primary.write().unwrap_or_else(PoisonError::into_inner) = Some(primary.clone());
        Some(primary)
    }

    /// The primary that `sentinel` knows, and the number of the failover that made it one.
    async fn ask(&self, sentinel: &Client) -> Option<(u64, (String, u16))> {
        // A sentinel that hangs leaves time to ask another.
        let share = self.patience.connection / u32::try_from(self.sentinels.len()).unwrap_or(u32::MAX);
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(share)).set_response_timeout(Some(share));
        let asking = async {
            let mut connection = sentinel.get_multiplexed_async_connection_with_config(&config).await.ok()?;
            let mut ask = Cmd::new();
            ask.arg("SENTINEL").arg("MASTER").arg(&self.name);
            ask.query_async::<HashMap<String, String>>(&mut connection).await.ok()
        };
        let known = timeout(share, asking).await.ok()??;
        let number = |name| known.get(name)?.parse::<u64>().ok();
        Some((number("config-epoch")?, (known.get("ip")?.clone(), number("port")?.try_into().ok()?)))
    }

    async fn meet(&self, address: (String, u16)) -> Option<Primary> {
        let (host, port) = address.clone();
        let place = match self.server.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        let client = Client::open(self.server.clone().set_addr(place)).ok()?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience.connection))
            .set_response_timeout(Some(self.patience.answer));
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.ok()?;
        let role: Role = Cmd::new().arg("ROLE").query_async(&mut connection).await.ok()?;
        let now = Instant::now();
        matches!(role, Role::Primary { .. }).then_some(Primary { address, connection, since: now, asked: now })
    }
}

impl Primary {
    fn is_fresh(&self) -> bool {
        self.asked.elapsed() < ASK_EVERY
    }
}

//! [`Sentinel`]: a connection to the primary that Redis Sentinel names.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, Pipeline, RedisError, Role, Value,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::client::client_for;
use super::options::Timeouts;
use super::pipeline::{Replies, pipeline};
use super::reply::{is_demoted, is_out_of_step, read_error};
use crate::port::StoreError;

/// After this time the sentinels are asked again which server is the primary. A primary that was cut off and comes back
/// does not know that it has been replaced: all writes that it accepts until it learns this are lost.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);
/// After this time an unconfirmed primary is not used any more. Until then, the requests that come while one request
/// asks the sentinels go on with the known primary.
const MAX_AGE: Duration = Duration::from_secs(2);

type Address = (String, u16);

/// A connection to the server that the sentinels name as the primary.
pub(super) struct Sentinel {
    name: String,
    sentinels: Vec<Client>,
    /// Credentials, database and TLS settings of the data servers. The address comes from the sentinels.
    server: ConnectionInfo,
    timeouts: Timeouts,
    primary: RwLock<Option<Primary>>,
    /// Held by the request that asks the sentinels.
    search: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Primary {
    address: Address,
    connection: MultiplexedConnection,
    /// Identifies this connection among others to the same address.
    connected_at: Instant,
    confirmed_at: Instant,
}

impl Sentinel {
    pub(super) fn new(primary: &str, sentinels: &[Client], timeouts: Timeouts) -> Result<Self, StoreError> {
        let url = if primary.contains("://") { primary.to_owned() } else { format!("redis://{primary}") };
        let server = client_for("Redis primary", &url)?.get_connection_info().clone();
        let (ConnectionAddr::Tcp(name, _) | ConnectionAddr::TcpTls { host: name, .. }) = server.addr() else {
            return Err(StoreError::Misconfigured("Redis primary: write its name where a URL has the host".into()));
        };
        if sentinels.is_empty() {
            return Err(StoreError::Misconfigured("Redis sentinels: give the URL of at least one".into()));
        }
        Ok(Self {
            name: name.clone(),
            sentinels: sentinels.to_vec(),
            server,
            timeouts,
            primary: RwLock::default(),
            search: tokio::sync::Mutex::default(),
        })
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let mut primary = self.primary().await?;
        let result = primary.connection.send_packed_command(command).await.and_then(Value::extract_error);
        self.forget_if_lost(&primary, result)
    }

    pub(super) async fn send_all(&self, commands: Vec<Cmd>) -> Result<Replies, RedisError> {
        let mut primary = self.primary().await?;
        let result = pipeline(&mut primary.connection, commands).await;
        let replies = self.forget_if_lost(&primary, result)?;
        Ok(replies.into_iter().map(|reply| self.forget_if_lost(&primary, reply)).collect())
    }

    /// Forgets a primary that has become a replica or cannot be reached, so that the next request asks the sentinels.
    fn forget_if_lost<T>(&self, primary: &Primary, result: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &result
            && (is_demoted(error) || is_out_of_step(error) || error.is_io_error())
        {
            let mut known = self.primary.write().unwrap_or_else(PoisonError::into_inner);
            known.take_if(|known| known.connected_at == primary.connected_at);
        }
        result
    }

    fn known(&self) -> Option<Primary> {
        self.primary.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn primary(&self) -> Result<Primary, RedisError> {
        match self.known() {
            Some(known) if known.age() < CONFIRM_EVERY => Ok(known),
            // One request asks the sentinels; meanwhile the others go on with the known primary.
            Some(known) if known.age() < MAX_AGE => match self.search.try_lock() {
                Ok(_search) => self.within_timeout(self.find()).await,
                Err(_) => Ok(known),
            },
            _ => {
                let search = async {
                    let _search = self.search.lock().await;
                    match self.known() {
                        Some(known) if known.age() < CONFIRM_EVERY => Ok(known),
                        _ => self.find().await,
                    }
                };
                self.within_timeout(search).await
            },
        }
    }

    async fn within_timeout(
        &self,
        search: impl Future<Output = Result<Primary, RedisError>>,
    ) -> Result<Primary, RedisError> {
        timeout(self.timeouts.connect, search).await.unwrap_or_else(|_| Err(self.no_primary_error()))
    }

    /// Asks all sentinels for the primary, and that server for its role.
    ///
    /// Sentinels learn of a failover one after the other. So the answer with the highest configuration epoch is right;
    /// of two answers with the same epoch, the one that differs from the known primary is. If no sentinel answers, the
    /// known primary stays: sessions must not end with the sentinels. If they name another server, the known one is not
    /// used again, even if the other one cannot be reached yet.
    async fn find(&self) -> Result<Primary, RedisError> {
        let asked_at = Instant::now();
        let known = self.known();
        let is_known = |address: &Address| known.as_ref().is_some_and(|known| known.address == *address);
        // A sentinel that hangs must not delay the answers of the others, and must leave time to connect to the
        // primary.
        let limit = self.timeouts.connect / 2;
        let queries = self.sentinels.iter().map(|sentinel| query_sentinel(sentinel.clone(), self.name.clone(), limit));
        let (mut named, mut refused) = (Vec::new(), None);
        for answer in queries.collect::<JoinSet<_>>().join_all().await {
            match answer {
                Ok(answer) => named.extend(answer),
                Err(error) => refused = Some(error),
            }
        }
        let latest = named.into_iter().max_by_key(|(epoch, address)| (*epoch, !is_known(address)));
        let address = latest.map(|(_, address)| address);
        if let Some(known) = self.confirm_known(address.as_ref(), asked_at) {
            return Ok(known);
        }
        let connected = match address {
            Some(address) => self.connect_primary(address).await,
            None => Err(refused.unwrap_or_else(|| self.no_primary_error())),
        };
        *self.primary.write().unwrap_or_else(PoisonError::into_inner) = connected.as_ref().ok().cloned();
        connected
    }

    /// The known primary, if it is at `address` or no sentinel named any, and no request has forgotten it meanwhile.
    fn confirm_known(&self, address: Option<&Address>, asked_at: Instant) -> Option<Primary> {
        let mut known = self.primary.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_mut().filter(|known| address.is_none_or(|address| known.address == *address))?;
        known.confirmed_at = asked_at;
        Some(known.clone())
    }

    /// Connects to the server at `address`, if it says that it is a primary.
    async fn connect_primary(&self, address: Address) -> Result<Primary, RedisError> {
        let (host, port) = address.clone();
        let addr = match self.server.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        let client = Client::open(self.server.clone().set_addr(addr))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeouts.connect))
            .set_response_timeout(Some(self.timeouts.reply));
        // Not an I/O error, which would mean that the request's own command may have been sent.
        let unreachable = |error| if is_misconfiguration(&error) { error } else { self.no_primary_error() };
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(unreachable)?;
        let role: Role = Cmd::new().arg("ROLE").query_async(&mut connection).await.map_err(unreachable)?;
        let now = Instant::now();
        match role {
            Role::Primary { .. } => Ok(Primary { address, connection, connected_at: now, confirmed_at: now }),
            _ => Err(self.no_primary_error()),
        }
    }

    fn no_primary_error(&self) -> RedisError {
        let text = "no sentinel names a reachable primary";
        RedisError::from((ErrorKind::MasterNameNotFoundBySentinel, text, self.name.clone()))
    }
}

impl Primary {
    fn age(&self) -> Duration {
        self.confirmed_at.elapsed()
    }
}

/// Whether the error names a setting that is wrong, so that no retry can succeed.
fn is_misconfiguration(error: &RedisError) -> bool {
    matches!(read_error("", error), StoreError::Misconfigured(_))
}

/// The primary that `sentinel` knows under `name`, with the configuration epoch that made it one. `None` if it does not
/// know or does not answer within `limit`; an error only if the sentinel refuses our credentials or certificate.
async fn query_sentinel(sentinel: Client, name: String, limit: Duration) -> Result<Option<(u64, Address)>, RedisError> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(limit)).set_response_timeout(Some(limit));
    let query = async {
        let mut connection = sentinel.get_multiplexed_async_connection_with_config(&config).await?;
        let mut commands = Pipeline::with_capacity(2);
        commands.cmd("SENTINEL").arg("MASTER").arg(&name);
        // The address in the first reply stays that of the old primary until the failover has ended.
        commands.cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&name);
        commands.query_async::<(HashMap<String, String>, Address)>(&mut connection).await
    };
    let Ok(result) = timeout(limit, query).await else {
        return Ok(None);
    };
    match result {
        Ok((state, address)) => {
            Ok(state.get("config-epoch").and_then(|epoch| epoch.parse().ok()).map(|epoch| (epoch, address)))
        },
        Err(error) if is_misconfiguration(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, Pipeline, RedisError, Role, Value,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::connection::{Answers, Patience, all, is_demoted};
use super::reply::read_failed;
use super::tls;
use crate::port::StoreError;

/// How long a primary is taken for one without asking again. One that was cut off and comes back does not know that it has been
/// replaced: whatever it is sent until it does is lost.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long at most, while somebody asks.
const TRUST: Duration = Duration::from_secs(2);

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
        let server = tls::client("Redis primary", &url)?.get_connection_info().clone();
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
        match self.known() {
            Some(known) if known.age() < ASK_EVERY => Ok(known),
            // One request asks; for as long as that takes, the others go on with what is known.
            Some(known) if known.age() < TRUST => match self.search.try_lock() {
                Ok(_one) => self.find_in_time().await,
                Err(_) => Ok(known),
            },
            _ => {
                let search = async {
                    let _one = self.search.lock().await;
                    match self.known() {
                        Some(known) if known.age() < ASK_EVERY => Ok(known),
                        _ => self.find().await,
                    }
                };
                timeout(self.patience.connection, search).await.unwrap_or_else(|_| Err(self.nobody()))
            },
        }
    }

    async fn find_in_time(&self) -> Result<Primary, RedisError> {
        timeout(self.patience.connection, self.find()).await.unwrap_or_else(|_| Err(self.nobody()))
    }

    /// Asks the sentinels, and the server that they name whether it agrees. They hear of a failover one after the other, so whoever has
    /// heard of the latest is right, and where two say the same of different servers, the one that has changed its mind. Where none
    /// of them answers, the primary that is known stays: sessions must not end with the sentinels. Where they name another, the one
    /// that is known is not used again, whether or not the other one can be reached yet.
    async fn find(&self) -> Result<Primary, RedisError> {
        let since = Instant::now();
        let known = self.known();
        let is_known = |address: &(String, u16)| known.as_ref().is_some_and(|known| known.address == *address);
        // One that hangs keeps nobody from hearing the others, and leaves time to meet the server.
        let patience = self.patience.connection / 2;
        let asked = self.sentinels.iter().map(|sentinel| ask(sentinel.clone(), self.name.clone(), patience));
        let (mut named, mut refused) = (Vec::new(), None);
        for answer in asked.collect::<JoinSet<_>>().join_all().await {
            match answer {
                Ok(said) => named.extend(said),
                Err(error) => refused = Some(error),
            }
        }
        let latest = named.into_iter().max_by_key(|(epoch, address)| (*epoch, !is_known(address)));
        let address = latest.map(|(_, address)| address);
        if let Some(known) = self.renewed(address.as_ref(), since) {
            return Ok(known);
        }
        let met = match address {
            Some(address) => self.meet(address).await,
            None => Err(refused.unwrap_or_else(|| self.nobody())),
        };
        *self.primary.write().unwrap_or_else(PoisonError::into_inner) = met.as_ref().ok().cloned();
        met
    }

    /// The known primary, if it is the one at `address` or nobody has named any; and it has not been given up meanwhile.
    fn renewed(&self, address: Option<&(String, u16)>, asked: Instant) -> Option<Primary> {
        let mut known = self.primary.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_mut().filter(|known| address.is_none_or(|address| known.address == *address))?;
        known.asked = asked;
        Some(known.clone())
    }

    async fn meet(&self, address: (String, u16)) -> Result<Primary, RedisError> {
        let (host, port) = address.clone();
        let place = match self.server.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        let client = Client::open(self.server.clone().set_addr(place))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience.connection))
            .set_response_timeout(Some(self.patience.answer));
        let connected = client.get_multiplexed_async_connection_with_config(&config).await;
        // Not an I/O error: what was asked for was sent to nobody.
        let mut connection = connected.map_err(|error| if is_telling(&error) { error } else { self.nobody() })?;
        let role = Cmd::new().arg("ROLE").query_async(&mut connection).await;
        let role: Role = role.map_err(|error| if is_telling(&error) { error } else { self.nobody() })?;
        let now = Instant::now();
        match role {
            Role::Primary { .. } => Ok(Primary { address, connection, since: now, asked: now }),
            _ => Err(self.nobody()),
        }
    }

    fn nobody(&self) -> RedisError {
        let complaint = "no sentinel names a reachable primary";
        RedisError::from((ErrorKind::MasterNameNotFoundBySentinel, complaint, self.name.clone()))
    }
}

impl Primary {
    fn age(&self) -> Duration {
        self.asked.elapsed()
    }
}

/// Whether somebody has said what is wrong, and it will be wrong the next time.
fn is_telling(error: &RedisError) -> bool {
    matches!(read_failed("", error), StoreError::Misconfigured(_))
}

/// The primary that `sentinel` knows by this name, and the number of the failover that made it one. An error only where it has
/// something to say about who asks.
async fn ask(sentinel: Client, name: String, patience: Duration) -> Result<Option<(u64, (String, u16))>, RedisError> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(patience)).set_response_timeout(Some(patience));
    let asking = async {
        let mut connection = sentinel.get_multiplexed_async_connection_with_config(&config).await?;
        let mut both = Pipeline::with_capacity(2);
        both.cmd("SENTINEL").arg("MASTER").arg(&name);
        // The address that goes along with the number is still that of the old primary until a failover has come to its end.
        both.cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&name);
        both.query_async::<(HashMap<String, String>, (String, u16))>(&mut connection).await
    };
    let Ok(answer) = timeout(patience, asking).await else {
        return Ok(None);
    };
    match answer {
        Ok((known, address)) => {
            Ok(known.get("config-epoch").and_then(|epoch| epoch.parse().ok()).map(|epoch| (epoch, address)))
        },
        Err(error) if is_telling(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

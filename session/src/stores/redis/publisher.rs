//! What processes tell each other through the server's channels: which sessions they have changed.
//!
//! A message is the eight bytes of who speaks, and the id of a session or the digest of a user's key. Nobody listens to themselves.

use std::sync::Arc;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, ProtocolVersion, PushInfo, PushKind, RedisError, Value};

use super::connection::Line;
use super::{RedisOptions, RedisStore, read_failed};
use crate::base::clock::{Rng as _, SystemRng};
use crate::data::token::SessionId;
use crate::port::{Invalidation, InvalidationFeed, StoreError};

/// Speaks to the other processes, and keeps the connection along which they are heard.
pub(super) struct Herald {
    pub(super) channel: String,
    speaker: [u8; 8],
    _listener: ConnectionManager,
}

impl Herald {
    /// The message that what is named by `subject` has changed.
    pub(super) fn message(&self, subject: &[u8]) -> Vec<u8> {
        [&self.speaker[..], subject].concat()
    }
}

impl InvalidationFeed for RedisStore {
    async fn subscribe(self, hear: impl Fn(Invalidation<'_>) + Send + Sync + 'static) -> Result<Self, StoreError> {
        let Line::Direct(line) = &self.shared.line else {
            return Err(StoreError::Misconfigured(
                "Cached::listening: needs a Redis server at one address; `Cached::with` works over any store".into(),
            ));
        };
        let mut speaker = [0; 8];
        SystemRng.fill(&mut speaker).map_err(StoreError::unavailable)?;
        let channel = format!("{}news", self.shared.options.prefix);
        let listener = listen(line.client(), &self.shared.options, &channel, move |push| heard(&push, speaker, &hear));
        let listener = listener.await.map_err(|error| read_failed("SUBSCRIBE", &error))?;
        let herald = Herald { channel, speaker, _listener: listener };
        // Whether this user may speak, too: later nobody would hear of it. No session has this id.
        let mut publish = Cmd::new();
        publish.arg("PUBLISH").arg(&herald.channel).arg(herald.message(&[0; 16]));
        let spoken = self.shared.line.send(&publish).await;
        spoken.map_err(|error| read_failed("PUBLISH", &error))?;
        Ok(Self { shared: self.shared, herald: Some(Arc::new(herald)) })
    }
}

impl RedisStore {
    /// Tells the others that what is named by `subject` has changed. If that fails they find out when what they know is too old.
    pub(super) async fn announce(&self, subject: &[u8]) {
        if let Some(herald) = &self.herald {
            let mut publish = Cmd::new();
            publish.arg("PUBLISH").arg(&herald.channel).arg(herald.message(subject));
            let _: Result<Value, RedisError> = self.shared.line.send(&publish).await;
        }
    }
}

async fn listen(
    client: &Client,
    options: &RedisOptions,
    channel: &str,
    hear: impl Fn(PushInfo) + Send + Sync + 'static,
) -> Result<ConnectionManager, RedisError> {
    let info = client.get_connection_info();
    // The older protocol gives a connection that listens nothing else to do, and no word when it breaks.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let client = Client::open(info.clone().set_redis_settings(settings))?;
    let patience = options.patience();
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(patience.connection))
        .set_response_timeout(Some(patience.answer))
        .set_max_delay(patience.connection)
        .set_number_of_retries(usize::MAX)
        .set_automatic_resubscription()
        .set_push_sender(move |push| {
            hear(push);
            Ok::<_, redis::aio::SendError>(())
        });
    let connecting = ConnectionManager::new_with_config(client, config);
    // It would try for ever.
    let first = tokio::time::timeout(patience.connection + patience.answer, connecting).await;
    let mut connection = first.map_err(|_| RedisError::from((ErrorKind::Io, "no connection in time")))??;
    connection.subscribe(channel).await?;
    Ok(connection)
}

fn heard(push: &PushInfo, own: [u8; 8], hear: &impl Fn(Invalidation<'_>)) {
    match push.kind {
        PushKind::Message => {
            let Some(Value::BulkString(message)) = push.data.get(1) else { return };
            let Some((speaker, subject)) = message.split_first_chunk::<8>() else { return };
            if *speaker == own {
                return;
            }
            match <[u8; 16]>::try_from(subject) {
                Ok(id) => hear(Invalidation::Session(SessionId::from_bytes(id))),
                Err(_) => hear(Invalidation::User(subject)),
            }
        },
        // What was said in between is lost.
        PushKind::Disconnection | PushKind::Subscribe => hear(Invalidation::All),
        _ => {},
    }
}

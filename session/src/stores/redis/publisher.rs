//! Messages between processes about the sessions that they change, on a channel of the server.
//!
//! A message is eight bytes that identify the sending store, its origin, and then the id of a session (16 bytes) or the
//! digest of a user's key (32 bytes). A store ignores its own messages.

use std::sync::Arc;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, ProtocolVersion, PushInfo, PushKind, RedisError, Value};

use super::connection::Connection;
use super::options::Timeouts;
use super::reply::startup_error;
use super::{RedisOptions, RedisStore};
use crate::base::clock::{Rng as _, SystemRng};
use crate::data::token::SessionId;
use crate::port::{Invalidation, InvalidationFeed, StoreError};

/// Publishes this store's changes, and holds the connection that receives those of others.
pub(super) struct Publisher {
    pub(super) channel: String,
    origin: [u8; 8],
    _subscription: ConnectionManager,
}

impl Publisher {
    /// The message that `subject`, a session's id or the digest of a user's key, has changed.
    pub(super) fn message(&self, subject: &[u8]) -> Vec<u8> {
        [&self.origin[..], subject].concat()
    }

    fn publish(&self, subject: &[u8]) -> Cmd {
        let mut publish = Cmd::new();
        publish.arg("PUBLISH").arg(&self.channel).arg(self.message(subject));
        publish
    }
}

impl RedisStore {
    /// Publishes that `subject` has changed. If that fails, the other processes notice when their cached record is too
    /// old.
    pub(super) async fn publish(&self, subject: &[u8]) {
        if let Some(publisher) = &self.publisher {
            let _: Result<Value, RedisError> = self.shared.connection.send(&publisher.publish(subject)).await;
        }
    }
}

impl InvalidationFeed for RedisStore {
    async fn subscribe(self, on_change: impl Fn(Invalidation<'_>) + Send + Sync + 'static) -> Result<Self, StoreError> {
        let Connection::Direct(direct) = &self.shared.connection else {
            return Err(StoreError::Misconfigured(
                "Cached::listening: needs a Redis server at one address; `Cached::with` works over any store".into(),
            ));
        };
        let mut origin = [0; 8];
        SystemRng.fill(&mut origin).map_err(StoreError::unavailable)?;
        let channel = format!("{}news", self.shared.options.prefix);
        let subscription = subscribe(direct.client(), &self.shared.options, &channel, move |push| {
            if let Some(invalidation) = invalidation(&push, origin) {
                on_change(invalidation);
            }
        });
        let subscription = subscription.await.map_err(|error| startup_error("SUBSCRIBE", &error))?;
        let publisher = Publisher { channel, origin, _subscription: subscription };
        // A missing permission to publish would not be noticed later, because `publish` ignores errors. No session has
        // this id.
        let trial = self.shared.connection.send(&publisher.publish(&[0; 16])).await;
        trial.map_err(|error| startup_error("PUBLISH", &error))?;
        Ok(Self { shared: self.shared, publisher: Some(Arc::new(publisher)) })
    }
}

async fn subscribe(
    client: &Client,
    options: &RedisOptions,
    channel: &str,
    on_push: impl Fn(PushInfo) + Send + Sync + 'static,
) -> Result<ConnectionManager, RedisError> {
    let info = client.get_connection_info();
    // In RESP2, a subscribed connection takes no other commands, and its end is not reported.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let client = Client::open(info.clone().set_redis_settings(settings))?;
    let Timeouts { connect, reply } = options.timeouts();
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(connect))
        .set_response_timeout(Some(reply))
        .set_max_delay(connect)
        .set_number_of_retries(usize::MAX)
        .set_automatic_resubscription()
        .set_push_sender(move |push| {
            on_push(push);
            Ok::<_, redis::aio::SendError>(())
        });
    // With that number of retries, the first attempt would never end by itself.
    let connecting = tokio::time::timeout(connect + reply, ConnectionManager::new_with_config(client, config));
    let connected = connecting.await;
    let mut connection = connected.map_err(|_| RedisError::from((ErrorKind::Io, "no connection in time")))??;
    connection.subscribe(channel).await?;
    Ok(connection)
}

/// What a pushed message tells; nothing if the message is from `own` or not one of ours.
fn invalidation(push: &PushInfo, own: [u8; 8]) -> Option<Invalidation<'_>> {
    match push.kind {
        PushKind::Message => {
            let Some(Value::BulkString(message)) = push.data.get(1) else { return None };
            let (origin, subject) = message.split_first_chunk::<8>()?;
            if *origin == own {
                return None;
            }
            Some(match <[u8; 16]>::try_from(subject) {
                Ok(id) => Invalidation::Session(SessionId::from_bytes(id)),
                Err(_) => Invalidation::User(subject),
            })
        },
        // The messages that were sent while the connection was broken are lost.
        PushKind::Disconnection | PushKind::Subscribe => Some(Invalidation::All),
        _ => None,
    }
}

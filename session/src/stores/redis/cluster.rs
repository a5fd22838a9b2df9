use redis::aio::ConnectionLike as _;
use redis::cluster::{ClusterClientBuilder, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Arg, Client, Cmd, Pipeline, RedisError, Value};

use super::connection::{Answers, Patience};
use crate::port::StoreError;

/// How often one command follows the cluster's redirections, and waits for a slot on its way. The line's patience ends it sooner.
const TRIES: u32 = 8;
/// Pauses between these tries, in milliseconds.
const PAUSE: (u64, u64) = (5, 100);

/// A connection to each primary of a cluster. It follows slots to where they went.
pub(super) struct Cluster(ClusterConnection);

impl Cluster {
    pub(super) fn new(nodes: &[Client], patience: Patience) -> Result<Self, StoreError> {
        let Patience { connection, answer } = patience;
        let client = ClusterClientBuilder::new(nodes.iter().map(|node| node.get_connection_info().clone()))
            .retries(TRIES)
            .min_retry_wait(PAUSE.0)
            .max_retry_wait(PAUSE.1)
            .overall_response_timeout(Some(connection + answer))
            .build()
            .map_err(|error| StoreError::Misconfigured(format!("Redis cluster: {error}")))?;
        // Without a timeout of its own, a node that hangs would keep whoever asks it for ever.
        let config = ClusterConfig::new().set_connection_timeout(connection).set_response_timeout(answer);
        Ok(Self(client.get_pending_async_connection_with_config(config)))
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let mut connection = self.0.clone();
        let is_time = matches!(command.args_iter().next(), Some(Arg::Simple(b"TIME")));
        let answer = match is_time {
            // One clock keeps the deadlines of all sessions: that of the node that has the first slot.
            true => {
                let node = SingleNodeRoutingInfo::SpecificNode(Route::new(0, SlotAddr::Master));
                connection.route_command(command.clone(), RoutingInfo::SingleNode(node)).await
            },
            false => connection.req_packed_command(command).await,
        };
        answer.and_then(Value::extract_error)
    }

    /// Keys in other slots are on other nodes, so each command goes its own way.
    pub(super) async fn all(&self, commands: Vec<Cmd>) -> Answers {
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            answers.push(self.send(&command).await);
        }
        answers
    }

    /// Sends `commands` along one line, to the node that has `key`.
    pub(super) async fn together(&self, key: &[u8], commands: Vec<Cmd>) -> Result<Answers, RedisError> {
        let count = commands.len();
        let mut pipeline = Pipeline::with_capacity(count);
        for command in commands {
            pipeline.add_command(command);
        }
        let route = SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master));
        let answers = self.0.clone().route_pipeline(pipeline, 0, count, route).await?;
        Ok(answers.into_iter().map(Value::extract_error).collect())
    }
}

//! [`Cluster`]: a connection to a Redis Cluster.

use redis::aio::ConnectionLike as _;
use redis::cluster::{ClusterClient, ClusterClientBuilder, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Arg, Client, Cmd, Pipeline, RedisError, Value};

use super::current::Current;
use super::options::Timeouts;
use super::pipeline::Replies;
use super::reply::is_out_of_step;
use crate::port::StoreError;

/// How often one command follows redirections, or is repeated while its slot is being moved. The timeouts end it
/// earlier.
const ATTEMPTS: u32 = 8;
/// The shortest and the longest pause between two attempts, in milliseconds.
const PAUSE: (u64, u64) = (5, 100);

/// A connection to each primary of a cluster. It follows slots that move to other nodes.
pub(super) struct Cluster {
    client: ClusterClient,
    config: ClusterConfig,
    current: Current<ClusterConnection>,
}

impl Cluster {
    pub(super) fn new(nodes: &[Client], timeouts: Timeouts) -> Result<Self, StoreError> {
        let Timeouts { connect, reply } = timeouts;
        let client = ClusterClientBuilder::new(nodes.iter().map(|node| node.get_connection_info().clone()))
            .retries(ATTEMPTS)
            .min_retry_wait(PAUSE.0)
            .max_retry_wait(PAUSE.1)
            .overall_response_timeout(Some(connect + reply))
            .build()
            .map_err(|error| StoreError::Misconfigured(format!("Redis cluster: {error}")))?;
        // The overall timeout does not end the wait for one node: a node that hangs needs this one.
        let config = ClusterConfig::new().set_connection_timeout(connect).set_response_timeout(reply);
        let connection = client.get_pending_async_connection_with_config(config.clone());
        Ok(Self { client, config, current: Current::new(connection) })
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let (mut connection, number) = self.current.get();
        let is_time = matches!(command.args_iter().next(), Some(Arg::Simple(b"TIME")));
        let reply = match is_time {
            // All deadlines must follow one clock: that of the node with the first slot.
            true => {
                let node = SingleNodeRoutingInfo::SpecificNode(Route::new(0, SlotAddr::Master));
                connection.route_command(command.clone(), RoutingInfo::SingleNode(node)).await
            },
            false => connection.req_packed_command(command).await,
        };
        self.replace_if_unusable(number, reply.and_then(Value::extract_error))
    }

    /// Sends each command to the node of its key, one after the other.
    pub(super) async fn send_all(&self, commands: Vec<Cmd>) -> Replies {
        let mut replies = Vec::with_capacity(commands.len());
        for command in commands {
            replies.push(self.send(&command).await);
        }
        replies
    }

    /// Sends `commands` on one connection to the node that has `key`.
    pub(super) async fn send_to_owner(&self, key: &[u8], commands: Vec<Cmd>) -> Result<Replies, RedisError> {
        let count = commands.len();
        let mut pipeline = Pipeline::with_capacity(count);
        for command in commands {
            pipeline.add_command(command);
        }
        let route = SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master));
        let (mut connection, number) = self.current.get();
        let replies = connection.route_pipeline(pipeline, 0, count, route).await;
        let replies = self.replace_if_unusable(number, replies)?;
        Ok(replies.into_iter().map(Value::extract_error).collect())
    }

    /// Replaces the connections to all nodes if the replies of one may be out of step.
    fn replace_if_unusable<T>(&self, number: u64, result: Result<T, RedisError>) -> Result<T, RedisError> {
        if let Err(error) = &result
            && is_out_of_step(error)
        {
            let open = || Some(self.client.get_pending_async_connection_with_config(self.config.clone()));
            self.current.replace(number, open);
        }
        result
    }
}

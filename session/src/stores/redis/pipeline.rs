//! Several commands in one round trip.

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, Value};

/// Replies to several commands, in their order. Each has its own error.
pub(super) type Replies = Vec<Result<Value, RedisError>>;

/// Sends `commands` on one connection. The server runs the later ones even if an earlier one fails.
pub(super) async fn pipeline(connection: &mut impl ConnectionLike, commands: Vec<Cmd>) -> Result<Replies, RedisError> {
    let mut pipeline = Pipeline::with_capacity(commands.len());
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline.ignore_errors().query_async(connection).await
}

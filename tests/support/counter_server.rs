//! The counter app as a process: `counter-server PORT REDIS_URL`.

use session::RedisStore;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (port, url) = (arguments.next().expect("a port"), arguments.next().expect("a Redis URL"));
    let store = RedisStore::connect(&url).await.expect("Redis");
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("the port");
    axum::serve(listener, session_tests::counter::app(store)).await.expect("serving");
}

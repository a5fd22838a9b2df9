//! The counter app as a process: `counter-server PORT URL`. The URL selects the store.

use session::store::{Cached, CachedOptions};
use session::{FileStore, MySqlStore, PostgresStore, RedisStore, SqliteStore};
use session_tests::counter::app;
use session_tests::patient;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (port, url) = (arguments.next().expect("a port"), arguments.next().expect("a URL"));
    let app = match url.split(':').next() {
        Some("file") => {
            app(FileStore::open_with(url.trim_start_matches("file:"), patient::file()).await.expect("a folder"))
        },
        Some("cluster+redis") => {
            let nodes = url.trim_start_matches("cluster+").split(',');
            app(RedisStore::cluster_with(nodes, patient::redis()).await.expect("a cluster"))
        },
        Some("cached+redis") => {
            let store =
                RedisStore::connect_with(url.trim_start_matches("cached+"), patient::redis()).await.expect("Redis");
            app(Cached::listening(store, CachedOptions::new()).await.expect("a subscription"))
        },
        Some("mysql") => app(MySqlStore::connect_with(&url, patient::sql()).await.expect("MySQL")),
        Some("postgres") => app(PostgresStore::connect_with(&url, patient::sql()).await.expect("PostgreSQL")),
        Some("redis") => app(RedisStore::connect_with(&url, patient::redis()).await.expect("Redis")),
        Some("sentinel+redis") => {
            let sentinels = url.trim_start_matches("sentinel+").split(',');
            app(RedisStore::sentinel_with("shop", sentinels, patient::redis()).await.expect("a primary"))
        },
        Some("sqlite") => app(SqliteStore::connect_with(&url, patient::sql()).await.expect("SQLite")),
        scheme => panic!("no store for {scheme:?}"),
    };
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("the port");
    axum::serve(listener, app).await.expect("serving");
}

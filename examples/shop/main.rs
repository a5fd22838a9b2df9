//! The shop, as a program: `PORT` is where it listens, `SESSION_STORE` is the URL of where its sessions live instead of in this process:
//! `redis://…`, `sqlite:sessions.db`, `file:sessions`, `postgres://…` or `mysql://…`.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use session::{FileStore, MemoryStore, MySqlStore, PostgresStore, RedisStore, SqliteStore};
use session_examples::app;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let port = match env::var("PORT") {
        Ok(port) => port.parse()?,
        Err(_) => 3000,
    };
    // `REDIS_URL` is what many platforms set.
    let url = env::var("SESSION_STORE").or_else(|_| env::var("REDIS_URL")).unwrap_or_default();
    let app = match url.split(':').next().unwrap_or_default() {
        "" => app(MemoryStore::new())?,
        "redis" | "rediss" => app(RedisStore::connect(&url).await?)?,
        "file" => app(FileStore::open(url.trim_start_matches("file:")).await?)?,
        "sqlite" => app(SqliteStore::connect(&url).await?)?,
        "postgres" | "postgresql" => app(PostgresStore::connect(&url).await?)?,
        "mysql" | "mariadb" => app(MySqlStore::connect(&url).await?)?,
        other => return Err(format!("SESSION_STORE: no store for {other:?}").into()),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("The shop is open: http://localhost:{}", listener.local_addr()?.port());
    Ok(axum::serve(listener, app).await?)
}

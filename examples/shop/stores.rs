//! Where the shop can keep its sessions. An app of yours names one of them.

use std::error::Error;

use axum::Router;
#[cfg(feature = "opendal")]
use opendal::{Operator, services::Fs};
#[cfg(feature = "opendal")]
use session::OpendalStore;
use session::{FileStore, KeyRing, MemoryStore, MySqlStore, PostgresStore, RedisStore, SealedCookie, SqliteStore};

use crate::app;

/// The shop, with its sessions at `place`; empty for this process's memory.
pub async fn open(place: &str) -> Result<Router, Box<dyn Error>> {
    let (scheme, rest) = place.split_once(':').unwrap_or((place, ""));
    Ok(match scheme {
        "" => app(MemoryStore::new())?,
        "file" => app(FileStore::open(rest).await?)?,
        "sqlite" => app(SqliteStore::connect(place).await?)?,
        "postgres" | "postgresql" => app(PostgresStore::connect(place).await?)?,
        "mysql" | "mariadb" => app(MySqlStore::connect(place).await?)?,
        "redis" | "rediss" => app(RedisStore::connect(place).await?)?,
        // redis-cluster:URL,URL
        "redis-cluster" => app(RedisStore::cluster(rest.split(',')).await?)?,
        // redis-sentinel:NAME@URL,URL
        "redis-sentinel" => {
            let (name, sentinels) = rest.split_once('@').ok_or("SESSION_STORE: redis-sentinel:NAME@URL,URL")?;
            app(RedisStore::sentinel(name, sentinels.split(',')).await?)?
        },
        // The keys are in SESSION_KEYS. Of two tabs at once one is lost here, which the shop's struct has ruled out: so it must be said.
        "cookie" => app(SealedCookie::new(KeyRing::from_env("SESSION_KEYS")?).dangerous_last_cookie_wins())?,
        // A folder has no conditional writes, so this is for one process.
        #[cfg(feature = "opendal")]
        "opendal" => {
            let folder = Operator::new(Fs::default().root(rest))?;
            app(OpendalStore::dangerous_last_writer_wins(folder).await?)?
        },
        other => return Err(format!("SESSION_STORE: no store for {other:?}").into()),
    })
}

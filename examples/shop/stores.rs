//! Where the shop can keep its sessions. Your own app names one store.

use std::error::Error;

use axum::Router;
#[cfg(feature = "opendal")]
use opendal::{Operator, services::Fs};
#[cfg(feature = "cookie")]
use session::KeyRing;
#[cfg(feature = "mysql")]
use session::MySqlStore;
#[cfg(feature = "opendal")]
use session::OpendalStore;
#[cfg(feature = "postgres")]
use session::PostgresStore;
#[cfg(feature = "redis")]
use session::RedisStore;
#[cfg(feature = "sqlite")]
use session::SqliteStore;
use session::{FileStore, MemoryStore};

use crate::app;

/// The shop, with its sessions at `address`:
///
/// | address | store | feature of this package |
/// |---|---|---|
/// | empty | this process's memory | |
/// | `file:FOLDER` | files | |
/// | `sqlite:FILE` | SQLite | `sqlite` |
/// | `postgres://…` | PostgreSQL | `postgres` |
/// | `mysql://…` | MySQL or MariaDB | `mysql` |
/// | `redis://…` | Redis | `redis` |
/// | `rediss://…` | Redis over TLS | `redis-tls` |
/// | `redis-cluster:URL,URL` | a Redis Cluster | `redis-cluster` |
/// | `redis-sentinel:NAME@URL,URL` | Redis with Sentinel | `redis` |
/// | `cookie` | the visitor's cookie, sealed with the keys in `SESSION_KEYS` | `cookie` |
/// | `opendal:FOLDER` | a folder, through OpenDAL | `opendal` |
pub async fn open(address: &str) -> Result<Router, Box<dyn Error>> {
    let (scheme, rest) = address.split_once(':').unwrap_or((address, ""));
    Ok(match scheme {
        "" => app(MemoryStore::new())?,
        "file" => app(FileStore::open(rest).await?)?,
        #[cfg(feature = "sqlite")]
        "sqlite" => app(SqliteStore::connect(address).await?)?,
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => app(PostgresStore::connect_with(address, with_table()).await?)?,
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => app(MySqlStore::connect_with(address, with_table()).await?)?,
        #[cfg(feature = "redis")]
        "redis" => app(RedisStore::connect(address).await?)?,
        #[cfg(feature = "redis-tls")]
        "rediss" => app(RedisStore::connect(address).await?)?,
        #[cfg(feature = "redis-cluster")]
        "redis-cluster" => app(RedisStore::cluster(rest.split(',')).await?)?,
        #[cfg(feature = "redis")]
        "redis-sentinel" => {
            let (name, sentinels) = rest.split_once('@').ok_or("SESSION_STORE: write redis-sentinel:NAME@URL,URL")?;
            app(RedisStore::sentinel(name, sentinels.split(',')).await?)?
        },
        #[cfg(feature = "cookie")]
        "cookie" => crate::app_in_cookies(&KeyRing::from_env("SESSION_KEYS")?)?,
        // A folder has no conditional writes, so only one process may use it.
        #[cfg(feature = "opendal")]
        "opendal" => {
            let folder = Operator::new(Fs::default().root(rest))?;
            app(OpendalStore::dangerous_last_writer_wins(folder).await?)?
        },
        scheme => return Err(no_store(scheme).into()),
    })
}

/// The shop creates its table. An app whose database user may not do so leaves this out; see
/// `SqlOptions::create_table`.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn with_table() -> session::store::SqlOptions {
    session::store::SqlOptions::new().create_table(true)
}

/// Why no store is opened for an address that begins with `scheme`. The address itself may contain a password.
fn no_store(scheme: &str) -> String {
    match feature_of(scheme) {
        Some(feature) => format!(
            "SESSION_STORE: `{scheme}` needs the feature `{feature}` of the example, which is off. Run:\n\
             cargo run -p session-examples --features {feature} --example shop"
        ),
        None => format!("SESSION_STORE: `{scheme}` is no store of the shop. It knows {}", SCHEMES.join(", ")),
    }
}

const SCHEMES: [&str; 12] = [
    "file",
    "sqlite",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "redis",
    "rediss",
    "redis-cluster",
    "redis-sentinel",
    "cookie",
    "opendal",
];

fn feature_of(scheme: &str) -> Option<&'static str> {
    Some(match scheme {
        "postgres" | "postgresql" => "postgres",
        "mysql" | "mariadb" => "mysql",
        "redis" | "redis-sentinel" => "redis",
        "rediss" => "redis-tls",
        "redis-cluster" => "redis-cluster",
        "sqlite" => "sqlite",
        "cookie" => "cookie",
        "opendal" => "opendal",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_its_feature_names_the_feature_and_the_command() {
        for scheme in SCHEMES.iter().filter(|scheme| **scheme != "file") {
            let feature = feature_of(scheme).unwrap();
            let error = no_store(scheme);
            assert!(error.contains(&format!("the feature `{feature}`")), "{error}");
            let command = format!("\ncargo run -p session-examples --features {feature} --example shop");
            assert!(error.ends_with(&command), "{error}");
        }
    }

    /// Every feature is on or off here; with those that are off, no store is opened.
    #[tokio::test]
    async fn an_address_that_is_unknown_or_off_is_refused() {
        let mut off = vec![("tape", "`tape` is no store of the shop")];
        for (enabled, address, scheme) in [
            (cfg!(feature = "postgres"), "postgres://ada:secret@localhost/shop", "`postgres` needs"),
            (cfg!(feature = "redis-tls"), "rediss://localhost", "`rediss` needs"),
            (cfg!(feature = "redis-cluster"), "redis-cluster:redis://localhost", "`redis-cluster` needs"),
            (cfg!(feature = "cookie"), "cookie", "`cookie` needs"),
        ] {
            off.extend((!enabled).then_some((address, scheme)));
        }
        for (address, expected) in off {
            let error = open(address).await.unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
    }
}

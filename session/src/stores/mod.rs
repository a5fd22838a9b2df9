//! The stores of this crate, and wrappers around any store. Each folder is a leaf: none names another.

#[cfg(feature = "cached")]
mod cached;
#[cfg(feature = "sealed")]
mod cookie;
#[cfg(all(feature = "file", unix))]
mod file;
mod memory;
#[cfg(feature = "opendal")]
mod opendal;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod sql;
mod wrappers;

#[cfg(feature = "cached")]
pub use self::cached::{Cached, CachedOptions};
#[cfg(feature = "sealed")]
pub use self::cookie::SealedCookie;
#[cfg(all(feature = "file", unix))]
pub use self::file::{FileOptions, FileStore};
pub use self::memory::MemoryStore;
#[cfg(feature = "opendal")]
pub use self::opendal::{OpendalOptions, OpendalStore};
#[cfg(feature = "redis")]
pub use self::redis::{RedisOptions, RedisStore};
#[cfg(feature = "mysql")]
pub use self::sql::MySqlStore;
#[cfg(feature = "postgres")]
pub use self::sql::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sql::SqliteStore;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use self::sql::{SqlOptions, SqlStore};
#[cfg(feature = "zstd")]
pub use self::wrappers::Compressed;
#[cfg(feature = "sealed")]
pub use self::wrappers::Encrypted;
pub use self::wrappers::Migrating;

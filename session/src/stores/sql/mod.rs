//! Sessions in SQL databases. One table, one row per session: the bytes of [`Record::encode`](crate::store::Record::encode), and beside them what conditions and indices need.
//!
//! | column | |
//! |---|---|
//! | `handle` | the session's id, the primary key |
//! | `epoch`, `revision` | compared by a commit, so that it is one conditional `UPDATE` |
//! | `expires` | the idle deadline, or the absolute one if that is sooner; indexed for the sweep, and the only column that a touch writes |
//! | `user_hash` | SHA-256 of the user's key: an index takes no key as long as those may be |
//! | `data` | the record |
//!
//! Why bytes and not a column for each field of the record: they carry a checksum over all of it, they are the same in every store, so
//! a session can move between stores as it is, and a new field of the header needs no migration. Columns that disagree with
//! the bytes beside them are [`StoreError::Corrupt`](crate::store::StoreError::Corrupt).

mod dialect;
#[cfg(feature = "mysql")]
mod mysql;
mod options;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

#[cfg(feature = "mysql")]
pub use self::mysql::MySqlStore;
pub use self::options::SqlOptions;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;

/// A public store around a [`store::Core`].
macro_rules! sql_store {
    ($(#[$doc:meta])* $store:ident, $engine:ident, $pool:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $store($crate::stores::sql::store::Core<$engine>);

        impl $store {
            /// A store on a pool of yours; makes the table if it is not there, and tries every kind of statement.
            ///
            /// # Errors
            ///
            /// As `connect`.
            pub async fn new(pool: $pool) -> Result<Self, $crate::port::StoreError> {
                Self::with(pool, $crate::stores::sql::SqlOptions::new()).await
            }

            /// As [`new`](Self::new), with `options`.
            ///
            /// # Errors
            ///
            /// As `connect`.
            pub async fn with(
                pool: $pool,
                options: $crate::stores::sql::SqlOptions,
            ) -> Result<Self, $crate::port::StoreError> {
                $crate::stores::sql::store::Core::ready(pool, options).await.map(Self)
            }

            /// A store on a pool of yours that asks the database nothing before it is used: for servers that start before
            /// their database does. The table must be there by then; see [`schema`](Self::schema).
            ///
            /// # Errors
            ///
            /// [`StoreError::Misconfigured`]($crate::store::StoreError::Misconfigured) names the option.
            pub fn lazy(
                pool: $pool,
                options: $crate::stores::sql::SqlOptions,
            ) -> Result<Self, $crate::port::StoreError> {
                $crate::stores::sql::store::Core::lazy(pool, options).map(Self)
            }

            /// The migration that makes the table `sessions`, for those who run it themselves.
            pub const fn schema() -> &'static str {
                <$engine as $crate::stores::sql::dialect::Engine>::SCHEMA
            }
        }

        impl $crate::port::Store for $store {
            async fn create(
                &self,
                id: $crate::data::token::SessionId,
                record: &$crate::port::Record,
                now: $crate::base::clock::Timestamp,
            ) -> Result<$crate::port::Created, $crate::port::StoreError> {
                self.0.create(id, record, now).await
            }

            async fn load(
                &self,
                id: $crate::data::token::SessionId,
                now: $crate::base::clock::Timestamp,
            ) -> Result<Option<$crate::port::Record>, $crate::port::StoreError> {
                self.0.load(id, now).await
            }

            async fn commit(
                &self,
                id: $crate::data::token::SessionId,
                commit: $crate::port::Commit<'_>,
                now: $crate::base::clock::Timestamp,
            ) -> Result<$crate::port::Committed, $crate::port::StoreError> {
                self.0.commit(id, commit, now).await
            }

            async fn touch(
                &self,
                id: $crate::data::token::SessionId,
                idle: $crate::base::clock::Timestamp,
                now: $crate::base::clock::Timestamp,
            ) -> Result<$crate::port::Touched, $crate::port::StoreError> {
                self.0.touch(id, idle, now).await
            }

            async fn destroy(
                &self,
                id: $crate::data::token::SessionId,
                _now: $crate::base::clock::Timestamp,
            ) -> Result<$crate::port::Destroyed, $crate::port::StoreError> {
                self.0.destroy(id).await
            }

            async fn sweep(
                &self,
                limit: usize,
                now: $crate::base::clock::Timestamp,
            ) -> Result<usize, $crate::port::StoreError> {
                self.0.sweep(limit, now).await
            }

            fn users(&self) -> Option<&dyn $crate::port::UserIndex> {
                Some(&self.0)
            }
        }
    };
}
use sql_store;

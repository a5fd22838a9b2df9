//! Typed sessions for web servers.
//!
//! You write a struct and derive [`Session`](macro@Session). Handlers read and change it like a struct, and what they wrote is
//! what the next request reads: from any process, from any store, under concurrent requests.
//!
//! ```
//! use axum::{Router, routing::get};
//! use session::store::MemoryStore;
//! use session::{Session, Sessions};
//!
//! /// What we remember about a visitor.
//! #[derive(Session)]
//! struct Shop {
//!     #[session(merge = counter)]
//!     visits: u64,
//! }
//!
//! async fn home(mut session: Session<Shop>) -> String {
//!     session.visits += 1;
//!     format!("visit {}", session.visits)
//! }
//!
//! let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
//! let app: Router = Router::new().route("/", get(home)).layer(sessions.layer());
//! # Ok::<(), session::ConfigError>(())
//! ```

// Says at each item which feature it needs, where the documentation is built with `--cfg docsrs`. Needs nightly Rust.
#![cfg_attr(docsrs, feature(doc_cfg))]

// So that the derive works in this crate's own tests and examples.
extern crate self as session;

mod base;
mod cookie;
#[cfg(feature = "sealed")]
mod crypto;
mod data;
mod engine;
mod feature_macros;
mod port;
mod stores;
#[cfg(feature = "testing")]
pub mod testing;
mod web;

/// Where sessions are kept: the [`Store`] trait with its contract, the stores of this crate, and wrappers around any store.
pub mod store {
    pub use crate::port::*;
    pub use crate::stores::*;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../docs/architecture.md")]
mod architecture {}

#[cfg(doctest)]
#[doc = include_str!("../docs/stores.md")]
mod stores {}

#[cfg(doctest)]
#[doc = include_str!("../docs/evolution.md")]
mod evolution {}

#[cfg(all(doctest, feature = "sealed"))]
#[doc = include_str!("../docs/keys.md")]
mod about_keys {}

#[cfg(all(doctest, feature = "sealed"))]
#[doc = include_str!("../docs/sealed.md")]
mod about_sealed {}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// What a handler takes to use the session of `S`: the type that `#[derive(Session)]` emits beside it.
///
/// It is an alias and not a wrapper, so that `session.set_visits(session.visits() + 1)` borrow-checks.
pub type Session<S> = <S as Schema>::Handle;

pub use self::base::clock::{Clock, Rng, RngError, SystemClock, SystemRng, Timestamp};
pub use self::base::error::{BoxError, Corrupt, Error, ErrorKind};
pub use self::base::secret::Secret;
pub use self::cookie::{CookiePolicy, SameSite};
#[cfg(feature = "sealed")]
pub use self::crypto::keys::{KeyError, KeyId, KeyRing, SecretKey};
pub use self::data::schema::Key;
pub use self::data::schema::reader::FieldError;
pub use self::data::shape::{Member, SessionValue, Shape, ShapeText, Tagging, Variant};
pub use self::data::token::{InvalidSessionId, SessionId};
pub use self::data::validation::{Violation, Violations};
pub use self::engine::config::ConfigError;
pub use self::engine::handle::detached::Detached;
pub use self::engine::handle::schema::{Identified, Schema};
pub use self::engine::handle::tracked::Tracked;
pub use self::engine::sessions::{Sessions, SessionsBuilder};
pub use self::engine::sweeper::Sweeper;
pub use self::engine::user_sessions::UserSession;
#[cfg(all(feature = "file", unix))]
pub use self::store::FileStore;
#[cfg(feature = "mysql")]
pub use self::store::MySqlStore;
#[cfg(feature = "opendal")]
pub use self::store::OpendalStore;
#[cfg(feature = "postgres")]
pub use self::store::PostgresStore;
#[cfg(feature = "redis")]
pub use self::store::RedisStore;
#[cfg(feature = "sealed")]
pub use self::store::SealedCookie;
#[cfg(feature = "sqlite")]
pub use self::store::SqliteStore;
pub use self::store::{MemoryStore, Store};
#[cfg(feature = "axum")]
pub use self::web::axum::{LoggedIn, Rejection};
pub use self::web::tower::{ResponseFuture, SessionLayer, SessionService};
#[cfg(feature = "derive")]
#[doc = include_str!("../docs/derive.md")]
pub use session_derive::Session;
#[cfg(feature = "derive")]
#[doc = include_str!("../docs/session_value.md")]
pub use session_derive::SessionValue;

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

// So that the derive works in this crate's own tests and examples.
extern crate self as session;

// Floor 0: words.
mod clock;
mod error;
mod redact;

// Floor 1: data.
mod codec;
mod fingerprint;
mod invalid;
mod lock;
mod merge;
mod payload;
mod record;
mod schema;
mod shape;
mod token;

// Floor 2: ports.
mod cookie;
#[cfg(feature = "sealed")]
mod keys;
#[cfg(feature = "sealed")]
mod seal;
pub mod store;

// Floor 3: engine.
mod config;
mod contest;
mod delta;
mod line;
mod manager;
mod request;
mod sessions;
mod sweeper;
mod tracked;
mod uncancelled;
mod update;
mod users;

// Floor 4: adapters, each a leaf.
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "testing")]
pub mod testing;
mod tower;
#[cfg(any(feature = "chrono", feature = "rust_decimal", feature = "time", feature = "url", feature = "uuid"))]
mod values;

mod switches;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
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

#[cfg(feature = "axum")]
pub use self::axum::{LoggedIn, Rejection};
pub use self::clock::{Clock, Rng, RngError, SystemClock, SystemRng, Timestamp};
pub use self::config::ConfigError;
pub use self::cookie::{CookiePolicy, SameSite};
pub use self::error::{BoxError, Corrupt, Error, ErrorKind};
pub use self::invalid::{Violation, Violations};
#[cfg(feature = "sealed")]
pub use self::keys::{KeyError, KeyId, KeyRing, SecretKey};
pub use self::redact::Secret;
pub use self::schema::{Identified, Key, Problem, Schema};
pub use self::sessions::{Builder, Sessions};
pub use self::shape::{Member, SessionValue, Shape, ShapeText, Tagging, Variant};
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
pub use self::sweeper::Sweeper;
pub use self::token::{InvalidSessionId, SessionId};
pub use self::tower::{ResponseFuture, SessionLayer, SessionService};
pub use self::update::Detached;
pub use self::users::UserSession;
#[cfg(feature = "derive")]
#[doc = include_str!("../docs/derive.md")]
pub use session_derive::Session;
#[cfg(feature = "derive")]
#[doc = include_str!("../docs/session_value.md")]
pub use session_derive::SessionValue;

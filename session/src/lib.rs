//! Typed sessions for web servers of the tower family, with extractors for axum.
//!
//! You write a struct and derive [`Session`](macro@Session). Every handler reads and changes it like a struct, and what
//! it wrote is what the next request reads: from any server process, from any store, under concurrent requests, across
//! releases that change the struct, and after faults.
//!
//! # Quick start
//!
//! ```
//! use axum::{Router, routing::{get, post}};
//! use session::{LoggedIn, MemoryStore, Session, Sessions};
//!
//! /// What the shop remembers about a visitor.
//! #[derive(Session)]
//! #[session(idle = "30m", absolute = "12h")]
//! struct Shop {
//!     #[session(user)]                // who is logged in
//!     user: Option<u64>,
//!     #[session(merge = counter, survive)]    // what parallel requests add is added up; a login keeps it
//!     visits: u64,
//!     #[session(flash)]               // read once
//!     notice: Option<String>,
//! }
//!
//! async fn home(mut session: Session<Shop>) -> String {
//!     session.visits += 1;            // saved before the response leaves
//!     let notice = session.take_notice().unwrap_or_default();
//!     format!("{notice} visit {}", session.visits)
//! }
//!
//! async fn login(mut session: Session<Shop>) {
//!     session.login(7);               // new token in the cookie, the old one is dead
//!     session.set_notice(Some("Welcome back.".into()));
//! }
//!
//! // 401 for everyone who is not logged in.
//! async fn account(LoggedIn(session): LoggedIn<Shop>) -> String {
//!     format!("user {:?}", session.user)
//! }
//!
//! let sessions = Sessions::<Shop>::builder()
//!     .store(MemoryStore::new())      // or RedisStore::connect("redis://127.0.0.1").await?
//!     .build()?;                      // reports every contradiction of the settings at once
//! let app: Router = Router::new()
//!     .route("/", get(home))
//!     .route("/login", post(login))
//!     .route("/account", get(account))
//!     .layer(sessions);
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # use tower::ServiceExt as _;
//! # let get = |path: &str| axum::http::Request::get(path).body(axum::body::Body::empty());
//! # assert_eq!(app.clone().oneshot(get("/")?).await?.status(), 200);
//! # assert_eq!(app.oneshot(get("/account")?).await?.status(), 401);
//! # Ok::<_, session::BoxError>(()) })?;
//! # Ok::<(), session::BoxError>(())
//! ```
//!
//! The [tutorial](guide::tutorial) starts from an empty folder and ends with a second release of the struct.
//!
//! # Promises
//!
//! 1. **A mistake does not compile.** A misspelt field, a wrong type, a type that cannot be stored: compile errors at
//!    the token that is wrong, which say what to write. With a committed
//!    [schema lock](guide::evolution#the-schema-lock), a forgotten migration is one of them. Settings that contradict
//!    each other are one start-up error, [`ConfigError`].
//! 2. **No update is lost and no logout is undone**, within a session. A commit is a compare-and-set of the changed
//!    fields, and a conflict is merged and tried again. A destroyed session never comes back. See
//!    [concepts](guide::concepts#when-two-requests-meet).
//! 3. **A deploy logs no visitor out.** Every field is stored apart. Old and new releases read each other's records and
//!    carry through the fields that they do not know. See [evolution](guide::evolution).
//! 4. **One round trip.** A request that does not use its session makes no store call. To read takes one call, a load;
//!    a change adds one, a conditional commit. See [concepts](guide::concepts#one-request).
//! 5. **Safe unless you ask otherwise.** A `__Host-` cookie that scripts cannot read (RFC 6265bis); the store has only
//!    a hash of the token's secret part; a new token at every login (OWASP ASVS 5.0, 7.2.4). If the store is down: 503,
//!    and nothing lost.
//!
//! # Where to go
//!
//! | | |
//! |---|---|
//! | all guides | [`guide`] |
//! | attributes, and the methods that the derive emits | [the derive macro](macro@Session), [`guide::derive`] |
//! | settings | [`SessionsBuilder`], [`CookiePolicy`] |
//! | stores | [`store`], [`guide::stores`] |
//! | an error message | [`guide::troubleshooting`] |
//! | recipes | [`guide::cookbook`] |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `derive` | yes | `#[derive(Session)]`, `#[derive(SessionValue)]` |
//! | `axum` | yes | the extractors `Session<T>` and `LoggedIn<T>`; without it, the layer serves any tower service |
//! | `file` | | `FileStore`: a folder of one machine (Unix only) |
//! | `sqlite`, `postgres`, `mysql` | | `SqliteStore` (needs a C compiler), `PostgresStore`, `MySqlStore` |
//! | `redis` | | `RedisStore`: one server or Sentinel |
//! | `redis-tls`, `redis-cluster` | | the same with TLS; with Redis Cluster |
//! | `opendal` | | `OpendalStore`: object stores |
//! | `cached` | | `Cached`: a cache in the process over any store |
//! | `zstd` | | `Compressed`: any store with smaller records (needs a C compiler) |
//! | `sealed` | | `KeyRing`, `SealedCookie`, and `Encrypted`: any store with encrypted records |
//! | `msgpack`, `postcard` | | codecs with fewer bytes than JSON |
//! | `garde` | | `#[session(validate = garde)]` |
//! | `chrono`, `rust_decimal`, `time`, `url`, `uuid` | | `SessionValue` for the types of that crate |
//! | `testing` | | a manual clock, a store that fails on request, the executable contract of stores, a simulation |

// Without the default features, the guides name items that do not exist.
#![cfg_attr(
    all(doc, not(all(feature = "axum", feature = "derive"))),
    allow(rustdoc::broken_intra_doc_links, reason = "the guides describe the default features")
)]
// Shows at each item the feature that it needs, if rustdoc runs with `--cfg docsrs`, as docs.rs does (nightly).
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
mod schema_lock;
mod stores;
#[cfg(feature = "testing")]
pub mod testing;
mod web;

/// Where sessions are kept: the [`Store`] trait with its contract, the stores of this crate, and wrappers around any
/// store.
///
/// ```
/// use session::store::Migrating;
/// use session::{MemoryStore, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// // Any store, or a wrapper around stores, is passed to `store`.
/// let store = Migrating::new(MemoryStore::new(), MemoryStore::new());
/// let sessions = Sessions::<Shop>::builder().store(store).build()?;
/// # Ok::<(), session::ConfigError>(())
/// ```
///
/// A store of your own implements [`Store`]; `session::testing::contract` (feature `testing`) checks it.
pub mod store {
    pub use crate::port::*;
    pub use crate::stores::*;
}

// Compiled for documentation and tests only: it adds nothing to a program.
#[cfg(any(doc, doctest, test))]
pub mod guide;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../docs/architecture.md")]
mod architecture {}

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
pub use self::data::schema::reader::FieldError;
pub use self::data::schema::{Key, SchemaData};
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
#[doc = include_str!("../docs/guide/derive.md")]
pub use session_derive::Session;
#[cfg(feature = "derive")]
#[doc = include_str!("../docs/guide/session_value.md")]
pub use session_derive::SessionValue;

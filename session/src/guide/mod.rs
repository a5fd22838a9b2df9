//! The guides: one module of this documentation for each page. `cargo test --doc` compiles and runs their code.
//!
//! ```
//! // The shortest program with a session; the tutorial explains each line.
//! use axum::{Router, routing::get};
//! use session::{MemoryStore, Session, Sessions};
//!
//! #[derive(Session)]
//! struct Visitor {
//!     visits: u64,
//! }
//!
//! async fn home(mut session: Session<Visitor>) -> String {
//!     session.visits += 1;
//!     format!("visit {}", session.visits)
//! }
//!
//! let sessions = Sessions::<Visitor>::builder().store(MemoryStore::new()).build()?;
//! let app: Router = Router::new().route("/", get(home)).layer(sessions);
//! # Ok::<(), session::ConfigError>(())
//! ```
//!
//! | you want to | read |
//! |---|---|
//! | build a first app, from an empty folder | [`tutorial`] |
//! | know how it works, and what a word means | [`concepts`] |
//! | solve a common task | [`cookbook`] |
//! | understand an error message | [`troubleshooting`] |
//! | look up an attribute, or an emitted method | [`derive`](mod@derive) |
//! | change a struct while sessions live | [`evolution`] |
//! | describe the stored form of a field's type | [`session_value`] |
//! | choose a store, or write one | [`stores`] |
//! | keep sessions in cookies, or encrypt records | [`sealed`] |
//! | make and replace secret keys | [`keys`] |
//! | go to production | [`deployment`] |
//! | test an app | [`testing`] |
//! | see which attacks, faults and bad inputs are tested | [`security`] |

#[cfg(feature = "derive")]
#[expect(clippy::allow_attributes, reason = "emitted by the derive; in other crates clippy does not look at it")]
pub mod derive;

#[doc = include_str!("../../docs/guide/tutorial.md")]
pub mod tutorial {}

#[doc = include_str!("../../docs/guide/concepts.md")]
pub mod concepts {}

#[doc = include_str!("../../docs/guide/cookbook.md")]
pub mod cookbook {}

#[doc = include_str!("../../docs/guide/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../../docs/guide/evolution.md")]
pub mod evolution {}

// Its examples run where the text stands at the derive macro.
#[cfg_attr(not(doctest), doc = include_str!("../../docs/guide/session_value.md"))]
pub mod session_value {}

#[doc = include_str!("../../docs/guide/stores.md")]
pub mod stores {}

#[doc = include_str!("../../docs/guide/keys.md")]
pub mod keys {}

#[doc = include_str!("../../docs/guide/sealed.md")]
pub mod sealed {}

#[doc = include_str!("../../docs/guide/deployment.md")]
pub mod deployment {}

#[doc = include_str!("../../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../../docs/security.md")]
pub mod security {}

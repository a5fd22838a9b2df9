#![cfg_attr(not(doctest), doc = include_str!("../../docs/guide/derive.md"))]
//!
//! # An example of what is emitted
//!
//! [`Shop`] below is written by hand. `#[derive(Session)]` emits the rest: the typed keys of [`Shop`], and
//! [`ShopSession`] with all of its methods.

use std::collections::BTreeSet;

use crate::Secret;
use crate::Session;

/// What a shop remembers about a visitor: a session type with one field of each kind.
///
/// ```
/// # use session::Session;
/// #[derive(Session)]
/// #[session(version = 2, idle = "30m", absolute = "12h")]
/// pub struct Shop {
///     /// Who is logged in.
///     #[session(user)]
///     pub user: Option<u64>,
///     /// Whether the user may change prices.
///     #[session(rotate)]
///     pub is_clerk: bool,
///     /// How often the catalogue was opened.
///     #[session(merge = counter)]
///     pub visits: u64,
///     /// The currency in which prices are shown.
///     #[session(default = "EUR", survive)]
///     pub currency: String,
///     /// Article numbers.
///     #[session(survive = login, merge = union)]
///     pub cart: std::collections::BTreeSet<String>,
///     /// Shown on the next page.
///     #[session(flash)]
///     pub notice: Option<String>,
///     /// What the identity provider must send back.
///     #[session(since = 2)]
///     pub oauth_state: Option<session::Secret<String>>,
///     /// For this request only.
///     #[session(skip)]
///     pub scratch: u32,
/// }
/// ```
#[derive(Debug, Session)]
#[session(version = 2, idle = "30m", absolute = "12h", lock = off)]
#[expect(clippy::exhaustive_structs, reason = "an example of what users write")]
pub struct Shop {
    /// Who is logged in.
    #[session(user)]
    pub user: Option<u64>,
    /// Whether the user may change prices.
    #[session(rotate)]
    pub is_clerk: bool,
    /// How often the catalogue was opened.
    #[session(merge = counter)]
    pub visits: u64,
    /// The currency in which prices are shown.
    #[session(default = "EUR", survive)]
    pub currency: String,
    /// Article numbers.
    #[session(survive = login, merge = union)]
    pub cart: BTreeSet<String>,
    /// Shown on the next page.
    #[session(flash)]
    pub notice: Option<String>,
    /// What the identity provider must send back.
    #[session(since = 2)]
    pub oauth_state: Option<Secret<String>>,
    /// For this request only.
    #[session(skip)]
    pub scratch: u32,
}

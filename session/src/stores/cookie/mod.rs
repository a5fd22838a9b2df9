//! [`SealedCookie`]: sessions that live in their cookie, and nowhere else.
//!
//! The cookie's value is `base64url(seal(plain))`: what is plain, says `layout.rs`; how it is sealed, `seal.rs`; it is bound to cookie
//! name, session type and audience. A cookie is checked in this order: length, base64, version, key, seal, times, content. What fails
//! is nobody's, and no weaker way of reading is tried.

mod backend;
mod layout;

use std::fmt;

use self::backend::CookieBackend;
use crate::crypto::keys::KeyRing;
use crate::data::schema::info::MergeRule;
use crate::port::{BackendBuilder, BackendContext, DynStore, IntoBackend, Store};

/// Keeps each session in its own cookie: no server state, no store to run.
///
/// The cookie is encrypted and authenticated, and opens only under the name, for the session type and with the keys it was sealed
/// with. In exchange for the store, this is given up, and refused where it can be seen:
///
/// - Two requests at the same time: the cookie that arrives last is the session. Fields with `merge` or `conflict = "reject"` do not
///   [`build`](crate::SessionsBuilder::build), and `session.update(…)` answers [`Misconfigured`](crate::ErrorKind::Misconfigured); unless the app
///   agrees with [`dangerous_last_cookie_wins`](Self::dangerous_last_cookie_wins).
/// - Ending a session takes the cookie from the browser. Whoever has a copy has the session, until its deadline: unless there is a list
///   of ended sessions, see [`revoked_in`](Self::revoked_in).
/// - Browsers take 4,096 bytes of cookie. A larger session is [`TooLarge`](crate::ErrorKind::TooLarge), and nothing is sent.
///
/// ```
/// use session::{KeyRing, SealedCookie, SecretKey, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// // In earnest: `KeyRing::from_env("SESSION_KEYS")?`.
/// let keys = KeyRing::new(SecretKey::generate()?);
/// let sessions = Sessions::<Shop>::builder().store(SealedCookie::new(keys)).build()?;
/// # Ok::<(), session::BoxError>(())
/// ```
#[must_use = "pass it to `.store(…)`"]
pub struct SealedCookie {
    keys: KeyRing,
    readable: bool,
    audience: String,
    last_wins: bool,
    revoked: Option<Box<dyn DynStore>>,
}

impl SealedCookie {
    /// Encrypted with XChaCha20-Poly1305.
    pub fn new(keys: KeyRing) -> Self {
        Self { keys, readable: false, audience: String::new(), last_wins: false, revoked: None }
    }

    /// Signed with HMAC-SHA-256 and not encrypted: whoever has the cookie can read the session, and nobody can change it.
    pub fn readable(mut self) -> Self {
        self.readable = true;
        self
    }

    /// Which of several applications with one key ring the cookie is for: none opens another's.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Takes a session type all the same whose fields say how they are merged. Of two requests at once the cookie that arrives last is the
    /// session: counters miss what the other one added, `conflict = "reject"` overwrites, and `update` runs once. A
    /// [`Detached`](crate::Detached) session still answers [`Misconfigured`](crate::ErrorKind::Misconfigured): no response carries
    /// its cookie.
    pub fn dangerous_last_cookie_wins(mut self) -> Self {
        self.last_wins = true;
        self
    }

    /// Notes in `store` which sessions have ended before their time, so that no copy of a cookie outlives a logout.
    ///
    /// A note is filed under the session's id by a destruction, login, logout or rotation, and expires with the session. With it, a
    /// request that reads the session asks the store once, and one that writes twice, as with a session in that store.
    pub fn revoked_in(mut self, store: impl Store) -> Self {
        self.revoked = Some(Box::new(store));
        self
    }
}

impl IntoBackend for SealedCookie {
    fn into_backend(self) -> BackendBuilder {
        BackendBuilder::new(|setting, complaints| {
            complaints.extend(self.complaints(setting));
            Box::new(CookieBackend::new(self, setting))
        })
    }
}

impl SealedCookie {
    fn complaints(&self, setting: &BackendContext<'_>) -> impl Iterator<Item = String> {
        let exact = setting.fields.iter().filter(|(_, field)| field.merge != MergeRule::LastWriter);
        let exact: Vec<String> = exact.map(|(section, field)| format!("`{section}.{}`", field.name)).collect();
        let merging = (!exact.is_empty() && !self.last_wins).then(|| {
            format!(
                "a session in its cookie cannot merge what two requests changed; use a server's store, or \
                 `.dangerous_last_cookie_wins()`, or no `merge` and no `conflict = \"reject\"` on {}",
                exact.join(", ")
            )
        });
        let audience = (self.audience.len() > 255)
            .then(|| format!("audience of the sealed cookie: {} bytes; use at most 255", self.audience.len()));
        merging.into_iter().chain(audience)
    }
}

impl fmt::Debug for SealedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedCookie")
            .field("keys", &self.keys)
            .field("readable", &self.readable)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

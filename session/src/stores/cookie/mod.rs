//! [`SealedCookie`]: sessions that are kept in their cookie only.
//!
//! The cookie's value is `base64url(seal(plain))`. `layout.rs` defines `plain`, and `crypto/seal.rs` defines `seal`,
//! which binds the cookie to its name, session type and audience. A cookie is checked in this order: length, base64,
//! version, key, seal, times, content. A cookie that fails a check is ignored, and no weaker check is tried.

mod backend;
mod layout;

use std::fmt;

use self::backend::CookieBackend;
use crate::crypto::keys::KeyRing;
use crate::data::schema::info::MergeRule;
use crate::port::{BackendBuilder, BackendContext, DynStore, IntoBackend, Store};

/// Keeps each session in its own cookie: the server has no state, and no store to run.
///
/// The cookie is encrypted and authenticated. It opens only under its cookie name, for its session type, and with the
/// keys that it was sealed with. Compared with a store, it has four limits:
///
/// - **Concurrent requests.** The cookie that arrives last is the session. Therefore fields with `merge` or
///   `conflict = "reject"` make [`build`](crate::SessionsBuilder::build) fail, and `session.update(…)` answers
///   [`Misconfigured`](crate::ErrorKind::Misconfigured), unless the application agrees with
///   [`dangerous_last_cookie_wins`](Self::dangerous_last_cookie_wins).
/// - **Copies.** The end of a session removes the cookie from the browser, but a copy of the cookie is valid until its
///   deadline, unless ended sessions are [noted in a store](Self::revoked_in).
/// - **Older states.** A client can send an older cookie of its live session, and so take back what was written since.
///   Nothing that must not go back belongs into the session: a counter of failed attempts, a balance, a voucher that
///   was redeemed. A list of ended sessions does not change this.
/// - **Size.** Browsers accept at least 4,096 bytes per cookie (RFC 6265, section 6.1), name and attributes included,
///   and most accept no more. A larger session is [`TooLarge`](crate::ErrorKind::TooLarge), and no cookie is sent.
///
/// ```
/// use session::{KeyRing, SealedCookie, SecretKey, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// // In production: `KeyRing::from_env("SESSION_KEYS")?`.
/// let keys = KeyRing::new(SecretKey::generate()?);
/// let sessions = Sessions::<Shop>::builder().store(SealedCookie::new(keys)).build()?;
/// # Ok::<(), session::BoxError>(())
/// ```
#[must_use = "pass it to `.store(…)`"]
pub struct SealedCookie {
    keys: KeyRing,
    readable: bool,
    audience: String,
    padded_to: Option<usize>,
    last_wins: bool,
    revoked: Option<Box<dyn DynStore>>,
}

impl SealedCookie {
    /// Cookies that are encrypted and authenticated with XChaCha20-Poly1305. The primary key of `keys` seals; every key
    /// of the ring opens.
    pub fn new(keys: KeyRing) -> Self {
        Self { keys, readable: false, audience: String::new(), padded_to: None, last_wins: false, revoked: None }
    }

    /// Cookies that are signed with HMAC-SHA-256 and not encrypted: the client can read its session, but cannot change
    /// it.
    ///
    /// ```
    /// # use session::{KeyRing, SealedCookie, SecretKey};
    /// # let keys = KeyRing::new(SecretKey::generate()?);
    /// let cookies = SealedCookie::new(keys).readable();
    /// # Ok::<(), session::BoxError>(())
    /// ```
    pub fn readable(mut self) -> Self {
        self.readable = true;
        self
    }

    /// Names the application, at most 255 bytes: of several applications that share a key ring, none opens another
    /// one's cookies. [`build`](crate::SessionsBuilder::build) fails if the name is longer. Default: empty.
    ///
    /// ```
    /// # use session::{KeyRing, SealedCookie, SecretKey};
    /// # let keys = KeyRing::new(SecretKey::generate()?);
    /// let cookies = SealedCookie::new(keys).audience("shop");
    /// # Ok::<(), session::BoxError>(())
    /// ```
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Pads each session with zeros to a multiple of `bytes` before it is sealed, so that the length of the cookie
    /// tells less: otherwise an observer of encrypted traffic can tell an empty cart from a full one. A session that
    /// fits into a cookie without the padding is padded as far as the cookie allows.
    /// [`build`](crate::SessionsBuilder::build) fails if `bytes` is 0. Default: no padding.
    ///
    /// Cookies with and without padding open at any server of this version, whatever its setting.
    ///
    /// ```
    /// # use session::{KeyRing, SealedCookie, SecretKey};
    /// # let keys = KeyRing::new(SecretKey::generate()?);
    /// let cookies = SealedCookie::new(keys).padded_to(512);
    /// # Ok::<(), session::BoxError>(())
    /// ```
    pub fn padded_to(mut self, bytes: usize) -> Self {
        self.padded_to = Some(bytes);
        self
    }

    /// Accepts a session type whose fields ask for merging. Of two concurrent requests the cookie that arrives last is
    /// the session: a counter misses what the other request added, a field with `conflict = "reject"` is overwritten,
    /// and `update` runs once. A [`Detached`](crate::Detached) session still answers
    /// [`Misconfigured`](crate::ErrorKind::Misconfigured), because no response carries its cookie.
    ///
    /// ```
    /// use session::{KeyRing, SealedCookie, SecretKey, Session, Sessions};
    ///
    /// #[derive(Session)]
    /// struct Shop {
    ///     #[session(merge = counter)]
    ///     visits: u64,
    /// }
    ///
    /// let keys = KeyRing::new(SecretKey::generate()?);
    /// let cookies = SealedCookie::new(keys).dangerous_last_cookie_wins();
    /// let sessions = Sessions::<Shop>::builder().store(cookies).build()?;
    /// # Ok::<(), session::BoxError>(())
    /// ```
    pub fn dangerous_last_cookie_wins(mut self) -> Self {
        self.last_wins = true;
        self
    }

    /// Notes in `store` which sessions have ended before their deadline, so that a copy of the cookie is refused after
    /// a logout.
    ///
    /// A destruction, login, logout or rotation files a note under the session's id. The note lasts until no copy of
    /// the cookie can be valid any more, at this server or at one with longer timeouts. The cost is the same as that of
    /// a session in the store: one call for a request that reads the session, two for one that writes it or moves its
    /// idle deadline.
    ///
    /// ```
    /// # use session::{KeyRing, MemoryStore, SealedCookie, SecretKey};
    /// # let keys = KeyRing::new(SecretKey::generate()?);
    /// let cookies = SealedCookie::new(keys).revoked_in(MemoryStore::new());
    /// # Ok::<(), session::BoxError>(())
    /// ```
    pub fn revoked_in(mut self, store: impl Store) -> Self {
        self.revoked = Some(Box::new(store));
        self
    }
}

impl IntoBackend for SealedCookie {
    fn into_backend(self) -> BackendBuilder {
        BackendBuilder::new(|context, complaints| {
            complaints.extend(self.complaints(context));
            Box::new(CookieBackend::new(self, context))
        })
    }
}

impl SealedCookie {
    /// What this backend cannot do for the session type.
    fn complaints(&self, context: &BackendContext<'_>) -> impl Iterator<Item = String> {
        let exact = context.fields.iter().filter(|(_, field)| field.merge != MergeRule::LastWriter);
        let exact: Vec<String> = exact.map(|(section, field)| format!("`{section}.{}`", field.name)).collect();
        let merging = (!exact.is_empty() && !self.last_wins).then(|| {
            format!(
                "a sealed cookie cannot merge the changes of two requests; use a store on the server, or \
                 `.dangerous_last_cookie_wins()`, or remove `merge` and `conflict = \"reject\"` from {}",
                exact.join(", ")
            )
        });
        let audience = (self.audience.len() > 255)
            .then(|| format!("`audience` of the sealed cookie has {} bytes; use at most 255", self.audience.len()));
        let padding = (self.padded_to == Some(0)).then(|| "`padded_to` of the sealed cookie must not be 0".to_owned());
        merging.into_iter().chain(audience).chain(padding)
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

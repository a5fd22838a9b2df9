//! [`Backend`]: where the engine keeps sessions, on a server or with the client.

use std::time::Duration;

use super::{BoxFuture, Destroyed, DynStore, Store, StoreError};
use crate::base::clock::{Rng, RngError, Timestamp};
use crate::base::error::Error;
use crate::cookie::CookiePolicy;
use crate::data::record::Record;
use crate::data::schema::info::FieldInfo;
use crate::data::token::{Audience, SessionId, Token, VerifierHash};

/// For this long after a rotation, a request with the old token counts as sent before the rotation.
pub(crate) const ROTATION_GRACE: Duration = Duration::from_secs(30);

/// The epoch of a note that a sealed session continues under another id without a user. Other notes have epoch 1.
pub(crate) const LOGGED_OUT: u64 = 2;

/// What [`SessionsBuilder::store`](crate::SessionsBuilder::store) takes: any [`Store`], or a `SealedCookie` (feature
/// `sealed`). It is implemented for both and not meant to be implemented elsewhere.
///
/// ```
/// use session::store::{IntoBackend, MemoryStore};
/// use session::{ConfigError, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// fn sessions(backend: impl IntoBackend) -> Result<Sessions<Shop>, ConfigError> {
///     Sessions::builder().store(backend).build()
/// }
/// # sessions(MemoryStore::new())?;
/// # Ok::<(), ConfigError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "sessions cannot be kept in `{Self}`",
    label = "not a session store",
    note = "pass a store of this crate, your own `impl session::Store`, or a `SealedCookie`",
    note = "to choose at run time, call `.store(…)` on the builder in each branch"
)]
pub trait IntoBackend {
    #[doc(hidden)]
    fn into_backend(self) -> BackendBuilder;
}

impl<S: Store> IntoBackend for S {
    fn into_backend(self) -> BackendBuilder {
        BackendBuilder::new(|context, _| {
            let audience = Audience::new(context.cookie.name(), context.section, context.audience);
            Box::new(ServerSide { store: self, audience })
        })
    }
}

/// A backend that does not know its session types yet.
#[doc(hidden)]
pub struct BackendBuilder(Box<Build>);

type Build = dyn FnOnce(&BackendContext<'_>, &mut Vec<String>) -> Box<dyn Backend> + Send + Sync;

impl BackendBuilder {
    pub(crate) fn new(
        build: impl FnOnce(&BackendContext<'_>, &mut Vec<String>) -> Box<dyn Backend> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(build))
    }

    /// The backend for these sessions. What it cannot honour becomes a complaint.
    pub(crate) fn build(self, context: &BackendContext<'_>, complaints: &mut Vec<String>) -> Box<dyn Backend> {
        (self.0)(context, complaints)
    }
}

impl std::fmt::Debug for BackendBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackendBuilder").finish_non_exhaustive()
    }
}

/// What a backend is told about the sessions that it keeps.
#[cfg_attr(not(feature = "sealed"), expect(dead_code, reason = "a server-side store needs none of it"))]
pub(crate) struct BackendContext<'a> {
    pub(crate) cookie: &'a CookiePolicy,
    pub(crate) absolute: Duration,
    /// The name of the session type that the record belongs to.
    pub(crate) section: &'static str,
    pub(crate) version: u32,
    /// The app, where several apps share a store. Empty by default.
    pub(crate) audience: &'a str,
    /// Every field of every session type in the record, with the name of its type.
    pub(crate) fields: &'a [(&'static str, FieldInfo)],
}

/// Where the engine keeps sessions. There are two implementations: [`ServerSide`] and the sealed cookie's.
pub(crate) trait Backend: Send + Sync {
    /// The store of the sessions' records. For sessions that live in their cookies: the list of sessions that have
    /// ended early.
    fn store(&self) -> &dyn DynStore;

    /// Whether two requests of one session work on the same record.
    fn sharing(&self) -> Sharing;

    /// What the value of a session cookie stands for. `None` if it is not one of ours, or a sealed session that is
    /// expired.
    fn credential(&self, value: &[u8], now: Timestamp) -> Option<Credential>;

    /// Whether `credential` opens a session, if `stored` is what the store has under its id.
    fn verify(&self, credential: &Credential, stored: Option<&Record>, now: Timestamp) -> Verdict;

    /// The hash of a token's verifier that the record holds.
    fn verifier_hash(&self, token: &Token) -> VerifierHash;

    /// The token after a change of privilege of session `id`.
    fn rotate(&self, id: SessionId, rng: &dyn Rng) -> Result<Token, RngError>;

    /// The cookie's value that is `record`. `None` if the session is not kept in its cookie.
    fn cookie_value(&self, id: SessionId, record: &Record, rng: &dyn Rng) -> Result<Option<String>, Error>;

    /// Ends session `id`. `until` is its absolute deadline, if it is known.
    fn destroy(
        &self,
        id: SessionId,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Destroyed, StoreError>>;
}

/// Whether two requests of one session work on the same record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Requests share the stored record: commits are compared with it.
    Shared,
    /// Each request has the copy from its own cookie: the cookie that the browser receives last wins.
    PerRequest {
        /// `dangerous_last_cookie_wins` is set: `update`, `merge` and `conflict = "reject"` are allowed all the same.
        last_wins: bool,
    },
}

/// What a session cookie's value stands for.
pub(crate) enum Credential {
    /// A session in a server-side store.
    Token(Token),
    /// The session itself.
    #[cfg(feature = "sealed")]
    Sealed(Box<OpenedCookie>),
}

impl Credential {
    pub(crate) fn id(&self) -> SessionId {
        match self {
            Self::Token(token) => token.id(),
            #[cfg(feature = "sealed")]
            Self::Sealed(opened) => opened.id,
        }
    }
}

/// A record that came in its cookie.
#[cfg(feature = "sealed")]
#[derive(Debug)]
pub(crate) struct OpenedCookie {
    pub(crate) id: SessionId,
    pub(crate) record: Record,
    /// It is sealed with an old key, so the response sets it again, sealed with the primary key.
    pub(crate) needs_reissue: bool,
}

/// Whether a credential opens a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Live,
    /// The session is live, and its record is one of the first releases, whose verifier is not bound to an audience.
    LiveUnbound,
    /// The session's credential was replaced less than [`ROTATION_GRACE`] ago.
    RotatedInFlight {
        /// This is the one that was replaced. Otherwise it may be any other one.
        is_proven: bool,
    },
    Refused,
}

/// Sessions in a store; the cookie holds a token.
struct ServerSide<S> {
    store: S,
    audience: Audience,
}

impl<S: Store> Backend for ServerSide<S> {
    fn store(&self) -> &dyn DynStore {
        &self.store
    }

    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn credential(&self, value: &[u8], _now: Timestamp) -> Option<Credential> {
        Token::parse(value).map(Credential::Token)
    }

    fn verify(&self, credential: &Credential, stored: Option<&Record>, now: Timestamp) -> Verdict {
        #[cfg_attr(
            not(feature = "sealed"),
            expect(irrefutable_let_patterns, reason = "a token is the only credential")
        )]
        let Credential::Token(token) = credential else { return Verdict::Refused };
        stored.map_or(Verdict::Refused, |record| verify_token(token, &self.audience, record, now))
    }

    fn verifier_hash(&self, token: &Token) -> VerifierHash {
        token.verifier_hash(&self.audience)
    }

    fn rotate(&self, id: SessionId, rng: &dyn Rng) -> Result<Token, RngError> {
        Token::rotate(id, rng)
    }

    fn cookie_value(&self, _: SessionId, _: &Record, _: &dyn Rng) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn destroy(
        &self,
        id: SessionId,
        _: Option<Timestamp>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Destroyed, StoreError>> {
        self.store().destroy(id, now)
    }
}

/// Whether `token` opens `record`, which is stored under its id.
fn verify_token(token: &Token, audience: &Audience, record: &Record, now: Timestamp) -> Verdict {
    if record.is_expired(now) {
        return Verdict::Refused;
    }
    let hash = token.verifier_hash(audience);
    if record.verifier.matches(&hash) {
        return Verdict::Live;
    }
    // Only what the first releases have stored can match it.
    let unbound = token.unbound_hash();
    let is_previous = |(previous, _): &(VerifierHash, _)| previous.matches(&hash) || previous.matches(&unbound);
    let previous = record.previous.filter(is_previous);
    if record.verifier.matches(&unbound) {
        return Verdict::LiveUnbound;
    }
    if previous.is_some_and(|(_, until)| now < until) {
        return Verdict::Live;
    }
    match now.duration_since(record.rotated) < ROTATION_GRACE {
        true => Verdict::RotatedInFlight { is_proven: previous.is_some() },
        false => Verdict::Refused,
    }
}

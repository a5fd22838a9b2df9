//! [`SealedCookie`]: sessions that live in their cookie, and nowhere else.
//!
//! The cookie's value is `base64url(seal(plain))`: what is plain, says `layout.rs`; how it is sealed, `seal.rs`; it is bound to cookie
//! name, session type and audience. A cookie is checked in this order: length, base64, version, key, seal, times, content. What fails
//! is nobody's, and no weaker way of reading is tried.

mod layout;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use crate::base::clock::{Rng, RngError, Timestamp};
use crate::crypto::keys::{KeyRing, Purpose};
use crate::crypto::seal::{Plain, Rejected, Sealer};
use crate::data::payload::Payload;
use crate::data::record::{OpId, Record};
use crate::data::schema::info::MergeRule;
use crate::data::token::SessionId;
use crate::port::backend::{BackendBuilder, BackendContext, CookieCodec, IntoBackend, OpenedCookie};
use crate::port::{BoxFuture, Commit, Committed, Created, Destroyed, DynStore, Store, StoreError, Touched};

const ENCRYPT_LABEL: &[u8] = b"typed-session/v1/encrypt";
const SIGN_LABEL: &[u8] = b"typed-session/v1/sign";

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

/// The store that a client is.
struct CookieBackend {
    sealer: Sealer,
    cookie: String,
    version: u16,
    absolute: std::time::Duration,
    /// Characters that the cookie's value may have.
    room: usize,
    last_wins: bool,
    /// Sessions that ended before their time, each as a record without content.
    revoked: Option<Box<dyn DynStore>>,
}

impl CookieBackend {
    fn new(made: SealedCookie, setting: &BackendContext<'_>) -> Self {
        let mut context = vec![setting.cookie.name().as_bytes(), setting.section.as_bytes()];
        if !made.audience.is_empty() {
            context.push(made.audience.as_bytes());
        }
        let sealer = match made.readable {
            true => Sealer::signing(&made.keys, SIGN_LABEL, &context),
            false => Sealer::encrypting(&made.keys, Purpose::Encrypt, ENCRYPT_LABEL, &context),
        };
        Self {
            sealer,
            cookie: setting.cookie.name().to_owned(),
            // The derive takes no larger one.
            version: u16::try_from(setting.version).unwrap_or(u16::MAX),
            absolute: setting.absolute,
            room: setting.cookie.room(),
            last_wins: made.last_wins,
            revoked: made.revoked,
        }
    }

    /// Fails if no browser would keep `record`.
    fn fits(&self, record: &Record) -> Result<(), StoreError> {
        let (size, around) = (layout::len(record), self.sealer.overhead());
        // Four characters are three bytes, and there is no padding.
        let limit = (self.room * 3 / 4).saturating_sub(around);
        if size <= limit { Ok(()) } else { Err(StoreError::TooLarge { size, limit }) }
    }

    fn try_open(&self, value: &[u8], now: Timestamp) -> Result<OpenedCookie, Rejected> {
        if value.len() > self.room {
            return Err(Rejected::Length);
        }
        let sealed = BASE64URL.decode(value).map_err(|_| Rejected::Encoding)?;
        let Plain { bytes, needs_reissue } = self.sealer.open(sealed, &[])?;
        let (id, record) = layout::read(bytes, self.absolute, now)?;
        Ok(OpenedCookie { id, record, needs_reissue })
    }

    /// Says that a session has ended, until no cookie of it can be alive any more; and when, if it goes on under another id.
    fn note(&self, op: OpId, rotated: Timestamp, now: Timestamp) -> Record {
        let end = now.saturating_add(self.absolute).saturating_add(layout::SKEW);
        let mut note = Record {
            epoch: 1,
            revision: 1,
            idle: end,
            absolute: end,
            created: now,
            rotated,
            verifier: layout::NOTHING,
            previous: None,
            writers: Default::default(),
            user: None,
            payload: Payload::default(),
        };
        note.note_writer(op);
        note
    }
}

impl CookieCodec for CookieBackend {
    fn open(&self, value: &[u8], now: Timestamp) -> Option<OpenedCookie> {
        match self.try_open(value, now) {
            Ok(unsealed) => Some(unsealed),
            Err(Rejected::Expired) => None,
            Err(reason) => {
                tracing::warn!(
                    cookie = self.cookie,
                    ?reason,
                    "a session cookie is refused: the visitor counts as anonymous"
                );
                None
            },
        }
    }

    fn seal(&self, id: SessionId, record: &Record, rng: &dyn Rng) -> Result<String, RngError> {
        let write = |out: &mut Vec<u8>| layout::write(out, self.version, id, record);
        let sealed = self.sealer.seal(rng, &[], layout::len(record), write)?;
        Ok(BASE64URL.encode(sealed))
    }

    fn last_wins(&self) -> bool {
        self.last_wins
    }
}

impl DynStore for CookieBackend {
    fn seal(&self) -> Option<&dyn CookieCodec> {
        Some(self)
    }

    fn create<'a>(
        &'a self,
        _: SessionId,
        record: &'a Record,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Created, StoreError>> {
        Box::pin(async { self.fits(record).map(|()| Created::Created) })
    }

    /// Something, if the session has ended before its time.
    fn load(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        match &self.revoked {
            Some(revoked) => revoked.load(id, now),
            None => Box::pin(async { Ok(None) }),
        }
    }

    fn commit<'a>(
        &'a self,
        id: SessionId,
        commit: Commit<'a>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Committed, StoreError>> {
        Box::pin(async move {
            self.fits(commit.record)?;
            let Some(revoked) = &self.revoked else { return Ok(Committed::Applied) };
            if commit.record.epoch() == commit.epoch {
                let ended = revoked.load(id, now).await?.is_some();
                return Ok(if ended { Committed::Gone } else { Committed::Applied });
            }
            // The session goes on under another id, and the one that notes the end of this one first goes on with it.
            match revoked.create(id, &self.note(commit.op, now, now), now).await? {
                Created::Created => Ok(Committed::Applied),
                Created::Exists => match revoked.load(id, now).await? {
                    Some(note) if note.has_applied(commit.op) => Ok(Committed::Applied),
                    _ => Ok(Committed::Superseded),
                },
            }
        })
    }

    fn touch(&self, _: SessionId, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Result<Touched, StoreError>> {
        Box::pin(async { Ok(Touched::Touched) })
    }

    fn destroy(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Destroyed, StoreError>> {
        Box::pin(async move {
            let Some(revoked) = &self.revoked else { return Ok(Destroyed::Existed) };
            Ok(match revoked.create(id, &self.note(OpId::default(), Timestamp::from_millis(0), now), now).await? {
                Created::Created => Destroyed::Existed,
                Created::Exists => Destroyed::Absent,
            })
        })
    }

    fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        match &self.revoked {
            Some(revoked) => revoked.sweep(limit, now),
            None => Box::pin(async { Ok(0) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::layout::tests::{HOUR, ID, NOW, record};
    use super::*;
    use crate::base::clock::SystemRng;
    use crate::cookie::CookiePolicy;
    use crate::crypto::keys::tests::counting;
    use crate::stores::MemoryStore;

    fn store(made: SealedCookie) -> CookieBackend {
        let cookie = CookiePolicy::host("sid");
        CookieBackend::new(
            made,
            &BackendContext { cookie: &cookie, absolute: 12 * HOUR, section: "shop", version: 3, fields: &[] },
        )
    }

    fn sealed() -> CookieBackend {
        store(SealedCookie::new(KeyRing::new(counting())))
    }

    #[test]
    fn what_was_sealed_opens() {
        let value = CookieCodec::seal(&sealed(), ID, &record(), &SystemRng).unwrap();
        let opened = sealed().try_open(value.as_bytes(), NOW).unwrap();
        assert_eq!((opened.id, opened.record.payload), (ID, record().payload));
        let around = value.len() * 3 / 4 - record().payload.as_bytes().len() - "42".len();
        assert_eq!(around, 90, "bytes that are not the session's own");
    }

    #[test]
    fn the_order_of_checks() {
        let value = CookieCodec::seal(&sealed(), ID, &record(), &SystemRng).unwrap();
        let try_open = |value: &str| sealed().try_open(value.as_bytes(), NOW.saturating_add(9 * HOUR)).unwrap_err();
        assert_eq!(try_open(&"!".repeat(5_000)), Rejected::Length);
        assert_eq!(try_open("!"), Rejected::Encoding);
        assert_eq!(try_open(""), Rejected::Length);
        assert_eq!(try_open(&format!("B{}", &value[1..])), Rejected::Version);
        assert_eq!(try_open(&format!("{}AAAA{}", &value[..2], &value[6..])), Rejected::Key);
        assert_eq!(try_open(&format!("{value}AAAA")), Rejected::Forged);
        assert_eq!(try_open(&value), Rejected::Expired);
    }

    /// A commit whose answer was lost is asked for again, and another one came too late.
    #[tokio::test]
    async fn a_rotation_is_noted_once() {
        let store = store(SealedCookie::new(KeyRing::new(counting())).revoked_in(MemoryStore::new()));
        let next = Record { epoch: 2, revision: 2, ..record() };
        let op = |sequence| OpId { process: 1, sequence };
        for (sequence, expected) in [(1, "Applied"), (1, "Applied"), (2, "Superseded")] {
            let committed = store.commit(ID, Commit::new(1, 1, op(sequence), &next), NOW).await.unwrap();
            assert_eq!(format!("{committed:?}"), expected);
        }
        let same = Record { revision: 2, ..record() };
        let committed = store.commit(ID, Commit::new(1, 1, op(3), &same), NOW).await.unwrap();
        assert!(matches!(committed, Committed::Gone));
    }
}

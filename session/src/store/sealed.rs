//! [`SealedCookie`]: sessions that live in their cookie, and nowhere else.
//!
//! ```text
//! cookie   base64url(seal(plain))                   see `seal.rs`; bound to cookie name, session type, audience
//! plain    u16  version of the session type
//!          u8   codec 01: the payload says of each section how its values are written
//!          u64  issued      the session's beginning: its first write, or its last login or logout
//!          u64  idle        idle deadline
//!          u64  absolute    absolute deadline
//!          [16] id
//!          u16  length of the user key, then the user key, then the payload to the end: as in a record
//! ```
//!
//! Times are milliseconds since the Unix epoch, numbers are big-endian. A cookie is checked in this order: length, base64, version,
//! key, seal, times, content. What fails is nobody's, and no weaker way of reading is tried. The layout is pinned by vectors in
//! `tests/it/vectors`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use bytes::{Buf as _, BufMut as _};

use super::place::{Place, Placed, Seal, Setting, Unsealed};
use super::{BoxFuture, Commit, Committed, Created, Destroyed, DynStore, Store, StoreError, Touched};
use crate::clock::{Rng, RngError, Timestamp};
use crate::keys::{KeyRing, Purpose};
use crate::payload::Payload;
use crate::record::{OpId, Record, UserKey};
use crate::schema::field::MergeRule;
use crate::seal::{Plain, Rejected, Sealer};
use crate::token::{SessionId, VerifierHash};

const ENCRYPT_LABEL: &[u8] = b"typed-session/v1/encrypt";
const SIGN_LABEL: &[u8] = b"typed-session/v1/sign";
const CODEC: u8 = 1;
/// All of `plain` before the user key.
const HEADER: usize = 2 + 1 + 3 * 8 + 16 + 2;
/// How far the clocks of two servers may be apart.
const SKEW: std::time::Duration = std::time::Duration::from_mins(1);

/// Keeps each session in its own cookie: no server state, no store to run.
///
/// The cookie is encrypted and authenticated, and opens only under the name, for the session type and with the keys it was sealed
/// with. In exchange for the store, this is given up, and refused where it can be seen:
///
/// - Two requests at the same time: the cookie that arrives last is the session. Fields with `merge` or `conflict = "reject"` do not
///   [`build`](crate::Builder::build), and `session.update(…)` answers [`Misconfigured`](crate::ErrorKind::Misconfigured); unless the app
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

impl Place for SealedCookie {
    fn placed(self) -> Placed {
        Placed::new(|setting, complaints| {
            complaints.extend(self.complaints(setting));
            Box::new(InCookie::new(self, setting))
        })
    }
}

impl SealedCookie {
    fn complaints(&self, setting: &Setting<'_>) -> impl Iterator<Item = String> {
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
struct InCookie {
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

impl InCookie {
    fn new(made: SealedCookie, setting: &Setting<'_>) -> Self {
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

    fn plain_len(record: &Record) -> usize {
        HEADER + record.user().map_or(0, |user| user.as_bytes().len()) + record.payload.as_bytes().len()
    }

    /// Fails if no browser would keep `record`.
    fn fits(&self, record: &Record) -> Result<(), StoreError> {
        let (size, around) = (Self::plain_len(record), self.sealer.overhead());
        // Four characters are three bytes, and there is no padding.
        let limit = (self.room * 3 / 4).saturating_sub(around);
        if size <= limit { Ok(()) } else { Err(StoreError::TooLarge { size, limit }) }
    }

    fn try_open(&self, value: &[u8], now: Timestamp) -> Result<Unsealed, Rejected> {
        if value.len() > self.room {
            return Err(Rejected::Length);
        }
        let sealed = BASE64URL.decode(value).map_err(|_| Rejected::Encoding)?;
        let Plain { bytes, stale } = self.sealer.open(sealed, &[])?;
        let mut rest = bytes;
        if rest.len() < HEADER {
            return Err(Rejected::Content);
        }
        let (version, codec) = (rest.get_u16(), rest.get_u8());
        let [created, idle, absolute] = std::array::from_fn(|_| Timestamp::from_millis(rest.get_u64()));
        let mut id = [0; 16];
        rest.copy_to_slice(&mut id);
        let user = usize::from(rest.get_u16());
        if created > now.after(SKEW) || idle > absolute || absolute > created.after(crate::cookie::LONGEST) {
            return Err(Rejected::Times);
        }
        // A shorter timeout holds for cookies from before it too. So a note of an ended session need not outlive it.
        let absolute = absolute.min(created.after(self.absolute));
        let idle = idle.min(absolute);
        if now >= idle {
            return Err(Rejected::Expired);
        }
        if version == 0 || codec != CODEC || user > rest.len() {
            return Err(Rejected::Content);
        }
        let user = rest.split_to(user);
        let record = Record {
            epoch: 1,
            revision: 1,
            idle,
            absolute,
            created,
            rotated: created,
            verifier: NOTHING,
            previous: None,
            writers: Default::default(),
            user: (!user.is_empty()).then_some(UserKey(user)),
            payload: Payload::parse(rest).map_err(|_| Rejected::Content)?,
        };
        Ok(Unsealed { id: SessionId::from_bytes(id), record, stale })
    }

    /// Says that a session has ended, until no cookie of it can be alive any more; and when, if it goes on under another id.
    fn note(&self, op: OpId, rotated: Timestamp, now: Timestamp) -> Record {
        let end = now.after(self.absolute).after(SKEW);
        let mut note = Record {
            epoch: 1,
            revision: 1,
            idle: end,
            absolute: end,
            created: now,
            rotated,
            verifier: NOTHING,
            previous: None,
            writers: Default::default(),
            user: None,
            payload: Payload::default(),
        };
        note.note_writer(op);
        note
    }
}

/// The hash of no verifier: a note opens no session where its store keeps sessions too.
const NOTHING: VerifierHash = VerifierHash::from_bytes([0; 32]);

impl Seal for InCookie {
    fn open(&self, value: &[u8], now: Timestamp) -> Option<Unsealed> {
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
        let sealed = self.sealer.seal(rng, &[], Self::plain_len(record), |out| {
            out.put_u16(self.version);
            out.put_u8(CODEC);
            out.put_u64(record.created.as_millis());
            out.put_u64(record.idle.as_millis());
            out.put_u64(record.absolute.as_millis());
            out.put_slice(id.as_bytes());
            let user = record.user().map_or(&[][..], UserKey::as_bytes);
            // The engine refuses longer ones.
            out.put_u16(u16::try_from(user.len()).unwrap_or_default());
            out.put_slice(user);
            out.put_slice(record.payload.as_bytes());
        })?;
        Ok(BASE64URL.encode(sealed))
    }

    fn last_wins(&self) -> bool {
        self.last_wins
    }
}

impl DynStore for InCookie {
    fn seal(&self) -> Option<&dyn Seal> {
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
    use super::*;
    use crate::clock::SystemRng;
    use crate::cookie::CookiePolicy;
    use crate::keys::tests::counting;
    use crate::payload::Edit;
    use crate::store::MemoryStore;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const HOUR: std::time::Duration = std::time::Duration::from_hours(1);
    const ID: SessionId = SessionId::from_bytes([7; 16]);

    fn store(made: SealedCookie) -> InCookie {
        let cookie = CookiePolicy::host("sid");
        InCookie::new(made, &Setting { cookie: &cookie, absolute: 12 * HOUR, section: "shop", version: 3, fields: &[] })
    }

    fn sealed() -> InCookie {
        store(SealedCookie::new(KeyRing::new(counting())))
    }

    fn record() -> Record {
        let edit = Edit { section: "shop", version: 3, codec: 1, key: "visits", value: Some(b"3") };
        Record {
            epoch: 1,
            revision: 1,
            idle: NOW.after(HOUR),
            absolute: NOW.after(2 * HOUR),
            created: NOW,
            rotated: NOW,
            verifier: NOTHING,
            previous: None,
            writers: Default::default(),
            user: Some(UserKey(b"42".as_slice().into())),
            payload: Payload::default().edited([edit]).unwrap(),
        }
    }

    /// What stands in the cookie of [`record`].
    fn plain() -> Vec<u8> {
        let value = Seal::seal(&sealed(), ID, &record(), &SystemRng).unwrap();
        sealed().sealer.open(BASE64URL.decode(value).unwrap(), &[]).unwrap().bytes.to_vec()
    }

    /// Opens `plain`, authentic as it is.
    fn open(plain: &[u8], now: Timestamp) -> Result<Unsealed, Rejected> {
        let bytes = sealed().sealer.seal(&SystemRng, &[], plain.len(), |out| out.extend_from_slice(plain)).unwrap();
        sealed().try_open(BASE64URL.encode(bytes).as_bytes(), now)
    }

    fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut plain = plain();
        plain[at..at + bytes.len()].copy_from_slice(bytes);
        plain
    }

    #[test]
    fn what_was_sealed_opens() {
        let opened = open(&plain(), NOW).unwrap();
        let (ours, theirs) = (record(), opened.record);
        assert_eq!(opened.id, ID);
        assert_eq!((ours.created, ours.idle, ours.absolute), (theirs.created, theirs.idle, theirs.absolute));
        assert_eq!((ours.user, ours.payload), (theirs.user, theirs.payload));
    }

    /// The layout is pinned, and 88 bytes of it are not the session's own.
    #[test]
    fn layout() {
        let plain = plain();
        assert_eq!(plain[..3], [0, 3, 1]);
        assert_eq!(plain[3..11], NOW.as_millis().to_be_bytes());
        assert_eq!(plain[27..43], [7; 16]);
        assert_eq!(plain[43..47], [0, 2, b'4', b'2']);
        assert_eq!(plain[47..], *record().payload.as_bytes());
        assert_eq!(HEADER - 2 + sealed().sealer.overhead(), 88);
    }

    /// A holder of the key that writes nonsense: another release, a bug.
    #[test]
    fn authentic_and_still_refused() {
        let millis = |time: Timestamp| time.as_millis().to_be_bytes();
        let (past, late) = (NOW.as_millis() - 1, NOW.after(HOUR * 24 * 401));
        for (what, bad, reason) in [
            ("version 0", with(0, &[0, 0]), Rejected::Content),
            ("codec 0", with(2, &[0]), Rejected::Content),
            ("codec 2", with(2, &[2]), Rejected::Content),
            (
                "issued in 61 s",
                with(3, &millis(NOW.after(SKEW).after(std::time::Duration::from_secs(1)))),
                Rejected::Times,
            ),
            ("issued at the end of time", with(3, &[0xff; 8]), Rejected::Times),
            ("idle after absolute", with(11, &millis(NOW.after(3 * HOUR))), Rejected::Times),
            ("absolute for ever", with(19, &[0xff; 8]), Rejected::Times),
            ("absolute in 401 days", with(19, &millis(late)), Rejected::Times),
            ("idle in the past", with(11, &past.to_be_bytes()), Rejected::Expired),
            ("idle now", with(11, &millis(NOW)), Rejected::Expired),
            ("idle at 0", with(11, &[0; 8]), Rejected::Expired),
            ("user too long", with(43, &[0xff, 0xff]), Rejected::Content),
            ("no payload format", with(47, &[9]), Rejected::Content),
            ("a byte more", [plain(), vec![0]].concat(), Rejected::Content),
            ("nothing", Vec::new(), Rejected::Content),
        ] {
            assert_eq!(open(&bad, NOW).unwrap_err(), reason, "{what}");
        }
        for length in 0..plain().len() {
            let whole = length == 47;
            assert_eq!(open(&plain()[..length], NOW).is_ok(), whole, "{length} bytes: only without any payload");
        }
        for (later, open_still) in [(HOUR, false), (HOUR.saturating_sub(std::time::Duration::from_millis(1)), true)] {
            assert_eq!(open(&plain(), NOW.after(later)).is_ok(), open_still);
        }
        assert!(open(&with(3, &millis(NOW.after(SKEW))), NOW).is_ok(), "clocks may differ by so much");
    }

    #[test]
    fn the_order_of_checks() {
        let value = Seal::seal(&sealed(), ID, &record(), &SystemRng).unwrap();
        let try_open = |value: &str| sealed().try_open(value.as_bytes(), NOW.after(9 * HOUR)).unwrap_err();
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

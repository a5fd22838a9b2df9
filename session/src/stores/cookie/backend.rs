//! [`CookieBackend`]: a backend that keeps the record in the client's cookie.

use std::num::NonZeroUsize;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use super::SealedCookie;
use super::layout::{self, Form};
use crate::base::clock::{Rng, RngError, Timestamp};
use crate::base::error::Error;
use crate::base::log_limit::LogLimit;
use crate::cookie::MAX_COOKIE_AGE;
use crate::crypto::keys::Purpose;
use crate::crypto::seal::{Plain, Rejected, Sealer};
use crate::data::payload::Payload;
use crate::data::record::{OpId, Record};
use crate::data::token::{SessionId, Token, VerifierHash};
use crate::port::{
    Backend, BackendContext, BoxFuture, Commit, Committed, Created, Credential, Destroyed, DynStore, LOGGED_OUT,
    OpenedCookie, ROTATION_GRACE, Sharing, StoreError, Touched, UserIndex, Verdict,
};

const ENCRYPT_LABEL: &[u8] = b"typed-session/v1/encrypt";
const SIGN_LABEL: &[u8] = b"typed-session/v1/sign";

/// The client keeps the record; the server keeps at most the list of sessions that have ended early.
pub(super) struct CookieBackend {
    sealer: Sealer,
    cookie: String,
    version: u16,
    absolute: Duration,
    /// The largest length of the cookie's value, in characters.
    max_chars: usize,
    /// The length of a session before it is sealed is a multiple of it.
    padded_to: Option<NonZeroUsize>,
    last_wins: bool,
    /// Sessions that ended before their deadline, each as a record without content.
    revoked: Option<Box<dyn DynStore>>,
    /// Warnings about cookies that do not open.
    refusals: LogLimit,
}

impl CookieBackend {
    pub(super) fn new(settings: SealedCookie, context: &BackendContext<'_>) -> Self {
        let mut bound_to = vec![context.cookie.name().as_bytes(), context.section.as_bytes()];
        if !settings.audience.is_empty() {
            bound_to.push(settings.audience.as_bytes());
        }
        if !context.audience.is_empty() {
            bound_to.push(context.audience.as_bytes());
        }
        let sealer = match settings.readable {
            true => Sealer::signing(&settings.keys, SIGN_LABEL, &bound_to),
            false => Sealer::encrypting(&settings.keys, Purpose::Encrypt, ENCRYPT_LABEL, &bound_to),
        };
        Self {
            sealer,
            cookie: context.cookie.name().to_owned(),
            // The derive refuses a larger version.
            version: u16::try_from(context.version).unwrap_or(u16::MAX),
            absolute: context.absolute,
            max_chars: context.cookie.room(),
            padded_to: settings.padded_to.and_then(NonZeroUsize::new),
            last_wins: settings.last_wins,
            revoked: settings.revoked,
            refusals: LogLimit::default(),
        }
    }

    /// The form in which `record` is sealed. Fails if browsers would not keep the cookie.
    fn form(&self, record: &Record) -> Result<Form, StoreError> {
        // base64url without padding: four characters for three bytes.
        let limit = (self.max_chars * 3 / 4).saturating_sub(self.sealer.overhead());
        let form = Form::of(record, self.padded_to, limit);
        if form.len <= limit { Ok(form) } else { Err(StoreError::TooLarge { size: form.len, limit }) }
    }

    fn try_open(&self, value: &[u8], now: Timestamp) -> Result<OpenedCookie, Rejected> {
        if value.len() > self.max_chars {
            return Err(Rejected::Length);
        }
        let sealed = BASE64URL.decode(value).map_err(|_| Rejected::Encoding)?;
        let Plain { bytes, needs_reissue } = self.sealer.open(sealed, &[])?;
        let (id, record) = layout::read(bytes, self.absolute, now)?;
        Ok(OpenedCookie { id, record, needs_reissue })
    }

    /// Whether the list has a note that session `id` has ended.
    async fn has_ended(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        match &self.revoked {
            Some(revoked) => Ok(revoked.load(id, now).await?.is_some()),
            None => Ok(false),
        }
    }

    /// Files a note that session `id` has ended.
    async fn end(&self, id: SessionId, until: Timestamp, now: Timestamp) -> Result<Destroyed, StoreError> {
        let Some(revoked) = &self.revoked else { return Ok(Destroyed::Existed) };
        let note = end_note(OpId::default(), Timestamp::from_millis(0), until, now);
        Ok(match revoked.create(id, &note, now).await? {
            Created::Created => Destroyed::Existed,
            Created::Exists => Destroyed::Absent,
        })
    }
}

/// A note that a session has ended. It expires when no cookie of the session can be valid any more: `until` is the
/// absolute deadline in the cookie, which no touch moves. `rotated` is the time of the rotation if the session
/// continues under another id, and zero if not.
fn end_note(op: OpId, rotated: Timestamp, until: Timestamp, now: Timestamp) -> Record {
    let end = until.max(now).saturating_add(layout::SKEW);
    let mut note = Record {
        epoch: 1,
        revision: 1,
        idle: end,
        absolute: end,
        created: now,
        rotated,
        verifier: layout::NO_VERIFIER,
        previous: None,
        writers: Default::default(),
        user: None,
        payload: Payload::default(),
    };
    note.note_writer(op);
    note
}

impl Backend for CookieBackend {
    fn store(&self) -> &dyn DynStore {
        self
    }

    fn sharing(&self) -> Sharing {
        Sharing::PerRequest { last_wins: self.last_wins }
    }

    fn credential(&self, value: &[u8], now: Timestamp) -> Option<Credential> {
        match self.try_open(value, now) {
            Ok(opened) => Some(Credential::Sealed(Box::new(opened))),
            Err(Rejected::Expired) => None,
            Err(reason) => {
                // Any client can cause this.
                if let Some(left_out) = self.refusals.admit() {
                    let cookie = &self.cookie;
                    let what = "a session cookie is refused: the visitor counts as anonymous";
                    tracing::warn!(cookie, ?reason, left_out, "{what}");
                }
                None
            },
        }
    }

    fn verify(&self, credential: &Credential, note: Option<&Record>, now: Timestamp) -> Verdict {
        match (credential, note) {
            (Credential::Sealed(_), None) => Verdict::Live,
            (_, Some(note)) if now.duration_since(note.rotated) < ROTATION_GRACE => {
                // The cookie is authentic. But only after a logout is another one confirmed: after a rotation or a
                // login, this request cannot end the session, which continues under an id that it does not know.
                Verdict::RotatedInFlight { is_proven: note.epoch == LOGGED_OUT }
            },
            _ => Verdict::Refused,
        }
    }

    /// The seal is bound to the audience, and no token is stored.
    fn verifier_hash(&self, token: &Token) -> VerifierHash {
        token.unbound_hash()
    }

    /// A new id: the list of ended sessions refuses the old cookie by its id.
    fn rotate(&self, _: SessionId, rng: &dyn Rng) -> Result<Token, RngError> {
        Token::generate(rng)
    }

    fn cookie_value(&self, id: SessionId, record: &Record, rng: &dyn Rng) -> Result<Option<String>, Error> {
        let form = self.form(record)?;
        let write = |out: &mut Vec<u8>| layout::write(out, form, self.version, id, record);
        let sealed = self.sealer.seal(rng, &[], form.len, write).map_err(Error::no_random_bytes)?;
        Ok(Some(BASE64URL.encode(sealed)))
    }

    /// Without a known deadline, the note lasts as long as any cookie.
    fn destroy(
        &self,
        id: SessionId,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Destroyed, StoreError>> {
        Box::pin(self.end(id, until.unwrap_or(now.saturating_add(MAX_COOKIE_AGE)), now))
    }
}

impl DynStore for CookieBackend {
    fn create<'a>(
        &'a self,
        _: SessionId,
        record: &'a Record,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Created, StoreError>> {
        Box::pin(async { self.form(record).map(|_| Created::Created) })
    }

    /// The note of a session that has ended early.
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
            self.form(commit.record)?;
            let Some(revoked) = &self.revoked else { return Ok(Committed::Applied) };
            if commit.record.epoch() == commit.epoch {
                return Ok(if self.has_ended(id, now).await? { Committed::Gone } else { Committed::Applied });
            }
            // The session continues under another id. Of several requests that rotate it, the first to file the note
            // continues.
            let mut note = end_note(commit.op, now, commit.until, now);
            if commit.record.user().is_none() {
                note.epoch = LOGGED_OUT;
            }
            match revoked.create(id, &note, now).await? {
                Created::Created => Ok(Committed::Applied),
                Created::Exists => match revoked.load(id, now).await? {
                    Some(note) if note.has_applied(commit.op) => Ok(Committed::Applied),
                    _ => Ok(Committed::Superseded),
                },
            }
        })
    }

    /// The session may have ended since it was loaded. Its cookie must not be set again: it would replace the removal,
    /// or the cookie of a login.
    fn touch(&self, id: SessionId, _: Timestamp, now: Timestamp) -> BoxFuture<'_, Result<Touched, StoreError>> {
        Box::pin(async move { Ok(if self.has_ended(id, now).await? { Touched::Gone } else { Touched::Touched }) })
    }

    fn destroy(&self, id: SessionId, now: Timestamp) -> BoxFuture<'_, Result<Destroyed, StoreError>> {
        Backend::destroy(self, id, None, now)
    }

    fn sweep(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        match &self.revoked {
            Some(revoked) => revoked.sweep(limit, now),
            None => Box::pin(async { Ok(0) }),
        }
    }

    fn users(&self) -> Option<&dyn UserIndex> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::SystemRng;
    use crate::cookie::CookiePolicy;
    use crate::crypto::keys::tests::counting;
    use crate::stores::MemoryStore;
    use crate::stores::cookie::layout::tests::{HOUR, ID, NOW, record};

    fn store(settings: SealedCookie) -> CookieBackend {
        let cookie = CookiePolicy::host("sid");
        CookieBackend::new(
            settings,
            &BackendContext {
                cookie: &cookie,
                absolute: 12 * HOUR,
                section: "shop",
                audience: "",
                version: 3,
                fields: &[],
            },
        )
    }

    fn sealed() -> CookieBackend {
        store(SealedCookie::new(crate::KeyRing::new(counting())))
    }

    #[test]
    fn a_sealed_cookie_opens() {
        let value = sealed().cookie_value(ID, &record(), &SystemRng).unwrap().unwrap();
        let opened = sealed().try_open(value.as_bytes(), NOW).unwrap();
        assert_eq!((opened.id, opened.record.payload), (ID, record().payload));
        let overhead = value.len() * 3 / 4 - record().payload.as_bytes().len() - "42".len();
        assert_eq!(overhead, 90, "bytes besides user and payload");
    }

    #[test]
    fn the_order_of_checks() {
        let value = sealed().cookie_value(ID, &record(), &SystemRng).unwrap().unwrap();
        let try_open = |value: &str| sealed().try_open(value.as_bytes(), NOW.saturating_add(9 * HOUR)).unwrap_err();
        assert_eq!(try_open(&"!".repeat(5_000)), Rejected::Length);
        assert_eq!(try_open("!"), Rejected::Encoding);
        assert_eq!(try_open(""), Rejected::Length);
        assert_eq!(try_open(&format!("B{}", &value[1..])), Rejected::Version);
        assert_eq!(try_open(&format!("{}AAAA{}", &value[..2], &value[6..])), Rejected::Key);
        assert_eq!(try_open(&format!("{value}AAAA")), Rejected::Forged);
        assert_eq!(try_open(&value), Rejected::Expired);
    }

    /// A commit whose answer was lost is repeated and applied; another rotation comes too late.
    #[tokio::test]
    async fn a_rotation_is_noted_once() {
        let store = store(SealedCookie::new(crate::KeyRing::new(counting())).revoked_in(MemoryStore::new()));
        let next = Record { epoch: 2, revision: 2, ..record() };
        let op = |sequence| OpId { process: 1, sequence };
        for (sequence, expected) in [(1, "Applied"), (1, "Applied"), (2, "Superseded")] {
            let committed = store.commit(ID, Commit::new(&record(), op(sequence), &next), NOW).await.unwrap();
            assert_eq!(format!("{committed:?}"), expected);
        }
        let same = Record { revision: 2, ..record() };
        let committed = store.commit(ID, Commit::new(&record(), op(3), &same), NOW).await.unwrap();
        assert!(matches!(committed, Committed::Gone));
    }
}

//! From the value of the session cookie to a loaded session.

use std::sync::Arc;

use super::Engine;
use crate::base::clock::Timestamp;
use crate::data::record::Record;
use crate::data::token::SessionId;
use crate::port::{Credential, Reloaded, StoreError, Verdict};

/// A session that is stored.
#[derive(Clone, Debug)]
pub(crate) struct LoadedSession {
    pub(crate) id: SessionId,
    /// Converted to the fields of this release; see
    /// [`SchemaRegistry::modernized`](crate::data::schema::sections::SchemaRegistry::modernized).
    pub(crate) record: Arc<Record>,
}

/// What a credential opens.
pub(crate) enum LoadOutcome {
    Loaded(LoadedSession),
    #[cfg_attr(not(feature = "sealed"), expect(dead_code, reason = "only a sealed cookie is set again"))]
    /// A live session whose cookie must be set again although nothing has changed: it was sealed with an old key.
    NeedsReissue(LoadedSession),
    /// The credential was replaced while this request was on its way. `is_proven` if it is the one before.
    RotatedInFlight {
        is_proven: bool,
    },
    /// No session.
    Nothing,
}

impl Engine {
    /// What the cookie's `value` stands for, as far as it shows without a store call. `None` if it is not one of ours.
    pub(crate) fn credential(&self, value: &[u8]) -> Option<Credential> {
        self.backend.credential(value, self.now())
    }

    /// Loads the session that `credential` opens: one store call, or two where the first answer came from a cache
    /// and refuses the credential.
    ///
    /// The future of every handler holds this one, so it is small: an `async fn` would hold its arguments twice, and a
    /// record in a local variable would take room although no `await` needs it.
    pub(crate) fn open(
        &self,
        mut credential: Credential,
        now: Timestamp,
    ) -> impl Future<Output = Result<LoadOutcome, StoreError>> + Send {
        let id = credential.id();
        async move {
            let outcome = match self.judge(credential, self.backend.store().load(id, now).await?, now) {
                (outcome, None) => return Ok(outcome),
                (outcome, Some(refused)) => {
                    credential = refused;
                    outcome
                },
            };
            // The cached record may be older than the token.
            match self.backend.store().reload(id, now).await? {
                Reloaded::NotCached => Ok(outcome),
                Reloaded::Record(stored) => Ok(self.judge(credential, stored, now).0),
            }
        }
    }

    /// What `credential` opens, if `stored` is what the store has under its id. A credential that a stored record
    /// refuses is returned.
    fn judge(
        &self,
        credential: Credential,
        stored: Option<Record>,
        now: Timestamp,
    ) -> (LoadOutcome, Option<Credential>) {
        let id = credential.id();
        let loaded = |record| LoadedSession { id, record: self.modernized(record) };
        let verdict = self.backend.verify(&credential, stored.as_ref(), now);
        let refused = match verdict {
            Verdict::Live | Verdict::LiveUnbound => match credential {
                Credential::Token(ref token) => match stored {
                    Some(mut record) => {
                        // The next commit binds the record to its audience.
                        if verdict == Verdict::LiveUnbound {
                            record.verifier = self.backend.verifier_hash(token);
                        }
                        return (LoadOutcome::Loaded(loaded(record)), None);
                    },
                    None => LoadOutcome::Nothing,
                },
                #[cfg(feature = "sealed")]
                Credential::Sealed(opened) => {
                    let outcome = match opened.needs_reissue {
                        true => LoadOutcome::NeedsReissue(loaded(opened.record)),
                        false => LoadOutcome::Loaded(loaded(opened.record)),
                    };
                    return (outcome, None);
                },
            },
            Verdict::RotatedInFlight { is_proven } => LoadOutcome::RotatedInFlight { is_proven },
            Verdict::Refused => LoadOutcome::Nothing,
        };
        (refused, stored.map(|_| credential))
    }

    /// The session as it is stored now, whatever a cache holds.
    pub(crate) async fn stored(&self, id: SessionId) -> Result<Option<Arc<Record>>, StoreError> {
        let now = self.now();
        let store = self.backend.store();
        let stored = match store.reload(id, now).await? {
            Reloaded::Record(stored) => stored,
            Reloaded::NotCached => store.load(id, now).await?,
        };
        Ok(stored.filter(|record| !record.is_expired(now)).map(|record| self.modernized(record)))
    }

    fn modernized(&self, mut record: Record) -> Arc<Record> {
        record.payload = self.config.sections.modernized(record.payload);
        Arc::new(record)
    }
}

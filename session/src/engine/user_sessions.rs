//! The sessions of a user: listed, and ended.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::error::{Error, ErrorKind};
use crate::data::codec::Codec;
use crate::data::record::{Record, UserKey};
use crate::data::token::SessionId;
use crate::engine::handle::schema::Identified;
use crate::engine::retry::retry_unknown;
use crate::engine::sessions::Sessions;
use crate::port::{UserIndex, no_user_index};

/// How many sessions are read that are filed under one older form. Sessions of other apps may be among them.
const MAX_LISTED: usize = 1 << 20;

/// A live session of a user, found by [`Sessions::list_user`].
///
/// ```
/// use session::UserSession;
///
/// /// A row of a page that lists a user's devices.
/// fn row(device: &UserSession) -> String {
///     let (login, idle) = (device.created().as_millis(), device.idle_deadline().as_millis());
///     format!("session {}: login at {login}, ends at {idle} if it is not used before", device.id())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct UserSession {
    id: SessionId,
    record: Record,
}

impl UserSession {
    /// The session's id. It is no secret: a page that lists devices may show it.
    ///
    /// ```
    /// # use session::{SessionId, UserSession};
    /// fn is_this_device(device: &UserSession, own: Option<SessionId>) -> bool {
    ///     own == Some(device.id())
    /// }
    /// ```
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// When the user logged in.
    ///
    /// ```
    /// # use session::{Timestamp, UserSession};
    /// fn logins_since(devices: &[UserSession], time: Timestamp) -> usize {
    ///     devices.iter().filter(|device| device.created() > time).count()
    /// }
    /// ```
    pub fn created(&self) -> Timestamp {
        self.record.created()
    }

    /// When the session expires if it is not used before.
    ///
    /// ```
    /// # use session::UserSession;
    /// fn first_to_expire(devices: &[UserSession]) -> Option<&UserSession> {
    ///     devices.iter().min_by_key(|device| device.idle_deadline())
    /// }
    /// ```
    pub fn idle_deadline(&self) -> Timestamp {
        self.record.idle_deadline()
    }

    /// When the session expires in any case.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{Timestamp, UserSession};
    /// fn remaining(device: &UserSession, now: Timestamp) -> Duration {
    ///     device.absolute_deadline().duration_since(now)
    /// }
    /// ```
    pub fn absolute_deadline(&self) -> Timestamp {
        self.record.absolute_deadline()
    }
}

/// ```
/// use session::store::MemoryStore;
/// use session::{Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     #[session(user)]
///     user: Option<u64>,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
/// for device in sessions.list_user(&7, 100).await? {
///     println!("{} since {:?}", device.id(), device.created());
/// }
/// assert_eq!(sessions.revoke_user(&7).await?, 0);
/// # Ok::<(), session::Error>(()) }).unwrap();
/// ```
impl<S: Identified<User: Serialize>> Sessions<S> {
    /// Lists up to `limit` live sessions in which `user` is logged in, the latest login first.
    ///
    /// # Errors
    ///
    /// The errors of the store. [`ErrorKind::Misconfigured`] if the store has no user index.
    ///
    /// ```
    /// # use session::{Error, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { #[session(user)] user: Option<u64> }
    /// async fn devices(sessions: &Sessions<Shop>) -> Result<usize, Error> {
    ///     Ok(sessions.list_user(&7, 100).await?.len())
    /// }
    /// ```
    pub async fn list_user(&self, user: &S::User, limit: usize) -> Result<Vec<UserSession>, Error> {
        let (index, forms) = (self.index()?, self.forms(user)?);
        let mut found = index.list_user(&forms.today, limit, self.engine.now()).await?;
        for older in &forms.older {
            found.extend(self.listed_under(older, &forms.today, limit).await?);
        }
        let mut found: Vec<_> = found.into_iter().map(|(id, record)| UserSession { id, record }).collect();
        found.sort_by_key(|session| std::cmp::Reverse(session.created()));
        found.truncate(limit);
        Ok(found)
    }

    /// Ends every session of `user`, in all processes, for good: after a stolen device, a change of rights, a deleted
    /// account. Answers how many sessions it ended. A request that is under way is refused when it commits.
    ///
    /// # Errors
    ///
    /// The errors of the store. [`ErrorKind::Misconfigured`] if the store has no user index. After
    /// [`ErrorKind::Unknown`] some sessions may have ended: call it again.
    ///
    /// ```
    /// # use session::{Error, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { #[session(user)] user: Option<u64> }
    /// async fn log_out_everywhere(sessions: &Sessions<Shop>) -> Result<String, Error> {
    ///     Ok(format!("{} sessions have ended", sessions.revoke_user(&7).await?))
    /// }
    /// ```
    pub async fn revoke_user(&self, user: &S::User) -> Result<usize, Error> {
        self.revoke(user, None).await
    }

    /// Ends every session of `user` except `keep`: after a change of password, from the session that changed it.
    ///
    /// # Errors
    ///
    /// As [`revoke_user`](Self::revoke_user).
    ///
    /// ```
    /// # use session::{Error, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { #[session(user)] user: Option<u64> }
    /// async fn after_change_of_password(sessions: &Sessions<Shop>, session: Session<Shop>) -> Result<(), Error> {
    ///     if let (Some(user), Some(own)) = (&session.user, session.id()) {
    ///         sessions.revoke_other_sessions(user, own).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn revoke_other_sessions(&self, user: &S::User, keep: SessionId) -> Result<usize, Error> {
        self.revoke(user, Some(keep)).await
    }

    async fn revoke(&self, user: &S::User, except: Option<SessionId>) -> Result<usize, Error> {
        let (index, forms) = (self.index()?, self.forms(user)?);
        let revoke = || retry_unknown(|| index.revoke_user(&forms.today, except, self.engine.now()));
        let mut revoked = revoke().await?;
        for older in &forms.older {
            revoked += self.revoke_under(older, &forms.today, except).await?;
        }
        // Another request may have filed a session anew before its older form was read.
        Ok(revoked + revoke().await?)
    }

    /// The sessions that are filed under the key `older` and whose user is `today`.
    async fn listed_under(
        &self,
        older: &UserKey,
        today: &UserKey,
        limit: usize,
    ) -> Result<Vec<(SessionId, Record)>, Error> {
        let mut found = self.index()?.list_user(older, limit, self.engine.now()).await?;
        found.retain(|(_, record)| self.engine.user_of(record).as_ref() == Some(today));
        Ok(found)
    }

    async fn revoke_under(&self, older: &UserKey, today: &UserKey, except: Option<SessionId>) -> Result<usize, Error> {
        let mut revoked = 0;
        loop {
            let mut found = self.listed_under(older, today, MAX_LISTED).await?;
            found.retain(|(id, _)| Some(*id) != except);
            if found.is_empty() {
                return Ok(revoked);
            }
            for (id, record) in found {
                self.engine.destroy(id, Some(&record)).await?;
                revoked += 1;
            }
        }
    }

    /// The keys that sessions of `user` may be filed under.
    fn forms(&self, user: &S::User) -> Result<Forms, Error> {
        let (json, app) = (json(user)?, &self.engine.config.app);
        let mut older = vec![UserKey(Bytes::from(json.clone()))];
        if self.engine.config.sections.user_has_older_forms()
            && let Some(other) = other_form(&json)
        {
            older.extend(UserKey::new(S::NAME, app, &other));
            older.push(UserKey(Bytes::from(other)));
        }
        Ok(Forms { today: UserKey::new(S::NAME, app, &json)?, older })
    }

    fn index(&self) -> Result<&dyn UserIndex, Error> {
        Ok(self.engine.users().ok_or_else(no_user_index)?)
    }
}

/// The keys that sessions of one user may be filed under.
struct Forms {
    today: UserKey,
    /// What the first releases have stored, and what the field may have been before an upgrade. Another user may have
    /// the same key, so the records decide.
    older: Vec<UserKey>,
}

/// The JSON of a user.
fn json<U: Serialize>(user: &U) -> Result<Vec<u8>, Error> {
    let mut json = Vec::new();
    match Codec::Json.encode(user, &mut json) {
        Ok(()) => Ok(json),
        Err(error) => Err(Error::new(ErrorKind::Unencodable, "the user cannot be encoded").caused_by(error)),
    }
}

/// The same user as a text instead of a number, or as a number instead of a text: what an upgrade of the field may have
/// changed.
fn other_form(json: &[u8]) -> Option<Vec<u8>> {
    let other = match serde_json::from_slice(json).ok()? {
        Value::Number(number) => Value::String(number.to_string()),
        Value::String(text) => Value::Number(text.parse().ok()?),
        _ => return None,
    };
    serde_json::to_vec(&other).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_other_forms_of_each_other() {
        let other = |json: &str| other_form(json.as_bytes()).map(|json| String::from_utf8(json).unwrap());
        assert_eq!(other("7").unwrap(), "\"7\"");
        assert_eq!(other("\"7\"").unwrap(), "7");
        assert_eq!(other("\"ann\""), None);
        assert_eq!(other("{\"id\":7}"), None);
    }
}

//! [`Users`]: which sessions are whose, as empty files.
//!
//! An entry is made before the record that it is of, and removed after it, both under the record's lock. So there is never one too few;
//! one too many is found out when the record is read.

use super::folder::Folder;
use super::names;
use crate::data::token::SessionId;
use crate::port::{StoreError, UserKey};

/// How often the folder of a user may be removed, as an empty one, while an entry is made in it.
const TRIES: u32 = 64;

pub(super) struct Users(pub(super) Folder);

impl Users {
    pub(super) fn enter(&self, user: &UserKey, id: SessionId) -> Result<(), StoreError> {
        let name = names::user(user);
        for _ in 0..TRIES {
            let Some(folder) = self.0.make_inner(&name)? else {
                continue;
            };
            if folder.mark(&names::record(id))?.is_some() {
                // Nothing of the record has been written yet.
                let durable = folder.sync().and_then(|()| self.0.sync());
                return durable.map_err(|error| StoreError::unavailable(error.to_string()));
            }
        }
        Err(StoreError::unavailable("the user's folder of sessions is removed again and again"))
    }

    /// Whatever fails here leaves an entry too many, for the sweep.
    pub(super) fn leave(&self, user: &str, id: SessionId) {
        if let Ok(Some(folder)) = self.0.inner(user) {
            let _ = folder.remove(&names::record(id));
            self.0.remove_empty(user);
        }
    }

    pub(super) fn of(&self, user: &UserKey) -> Result<Vec<SessionId>, StoreError> {
        let mut found = Vec::new();
        if let Some(folder) = self.0.inner(&names::user(user))? {
            folder.each(|name| {
                found.extend(names::parse(name));
                true
            })?;
        }
        Ok(found)
    }

    /// Up to `limit` entries of which there is no record in `records`.
    pub(super) fn strays(&self, records: &Folder, limit: usize) -> Result<Vec<(String, SessionId)>, StoreError> {
        let (mut users, mut strays) = (Vec::new(), Vec::new());
        self.0.each(|name| {
            users.push(name.to_owned());
            true
        })?;
        for user in users {
            // One that is gone has none.
            let Ok(Some(folder)) = self.0.inner(&user) else {
                continue;
            };
            folder.each(|name| {
                if let Some(id) = names::parse(name)
                    && !records.holds(name)
                {
                    strays.push((user.clone(), id));
                }
                strays.len() < limit
            })?;
        }
        strays.truncate(limit);
        Ok(strays)
    }
}

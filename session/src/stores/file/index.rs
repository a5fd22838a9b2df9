//! [`Users`]: the user index, as empty files.
//!
//! An entry is created before its record is written and removed after it, both under the record's lock. So no entry is
//! ever missing, and a superfluous one is noticed when the record is read.

use super::folder::Folder;
use super::names;
use crate::data::token::SessionId;
use crate::port::{StoreError, UserKey};

/// How often `add` starts again because the user's folder, being empty, was removed at the same time.
const TRIES: u32 = 64;

pub(super) struct Users(pub(super) Folder);

impl Users {
    /// Adds the entry of `id`, durably.
    pub(super) fn add(&self, user: &UserKey, id: SessionId) -> Result<(), StoreError> {
        let name = names::user(user);
        for _ in 0..TRIES {
            let Some(folder) = self.0.create_subfolder(&name)? else {
                continue;
            };
            if folder.create_empty(&names::record(id))?.is_some() {
                // The record has not been written yet, so an error here is a definite one.
                let durable = folder.sync().and_then(|()| self.0.sync());
                return durable.map_err(|error| match error {
                    StoreError::Unknown(cause) => StoreError::Unavailable(cause),
                    other => other,
                });
            }
        }
        Err(StoreError::unavailable(format!(
            "FileStore: the folder `users/{name}` was removed {TRIES} times while an entry was added to it"
        )))
    }

    /// Removes the entry of `id`. If that fails, the sweep removes it later.
    pub(super) fn remove(&self, user: &str, id: SessionId) {
        if let Ok(Some(folder)) = self.0.subfolder(user) {
            let _ = folder.remove(&names::record(id));
            self.0.remove_empty(user);
        }
    }

    /// The ids of the entries of `user`.
    pub(super) fn of(&self, user: &UserKey) -> Result<Vec<SessionId>, StoreError> {
        let mut found = Vec::new();
        if let Some(folder) = self.0.subfolder(&names::user(user))? {
            folder.for_each_name(|name| {
                found.extend(names::parse(name));
                true
            })?;
        }
        Ok(found)
    }

    /// Up to `limit` entries that have no record in `records`.
    pub(super) fn orphans(&self, records: &Folder, limit: usize) -> Result<Vec<(String, SessionId)>, StoreError> {
        let (mut users, mut orphans) = (Vec::new(), Vec::new());
        self.0.for_each_name(|name| {
            users.push(name.to_owned());
            true
        })?;
        for user in users {
            // A folder that was removed in the meantime has no entries.
            let Ok(Some(folder)) = self.0.subfolder(&user) else {
                continue;
            };
            folder.for_each_name(|name| {
                if let Some(id) = names::parse(name)
                    && !records.contains(name)
                {
                    orphans.push((user.clone(), id));
                }
                orphans.len() < limit
            })?;
        }
        orphans.truncate(limit);
        Ok(orphans)
    }
}

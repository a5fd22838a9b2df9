//! The user index.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Checked, LONG, Run, following, name_of, now, op, random_id, record};
use crate::data::record::{Record, UserKey};
use crate::data::token::SessionId;
use crate::port::{Commit, Created, Store, StoreError, Touched};

/// A user without sessions.
pub(super) fn new_user() -> UserKey {
    UserKey(Bytes::from(format!("\"{}\"", random_id())))
}

/// `record` after a login of `user`, or after a logout if that is `None`.
fn with_user(record: &Record, user: Option<&UserKey>, sequence: u32) -> Record {
    let mut next = following(record, op(sequence));
    next.epoch += 1;
    next.user = user.cloned();
    next
}

impl<S: Store> Run<S> {
    /// Checks the user index, if the store has one.
    pub(super) async fn user_index(&mut self) -> Checked {
        if self.store.users().is_none() {
            return Ok(());
        }
        self.finding_by_user().await?;
        self.finding_live_sessions().await?;
        self.revocation().await?;
        self.no_resurrection_of_the_revoked().await
    }

    /// The ids of the sessions listed for `user`, sorted.
    async fn found(&self, user: &UserKey) -> Result<Vec<SessionId>, StoreError> {
        let Some(users) = self.store.users() else {
            return Ok(Vec::new());
        };
        let found = users.list_user(user, 1_000, now()).await?;
        let mut ids: Vec<SessionId> = found.into_iter().map(|(id, _)| id).collect();
        ids.sort();
        Ok(ids)
    }

    async fn revoked(&self, user: &UserKey, except: Option<SessionId>) -> Result<usize, StoreError> {
        match self.store.users() {
            Some(users) => users.revoke_user(user, except, now()).await,
            None => Ok(0),
        }
    }

    async fn filed_for(&mut self, user: &UserKey, life: Duration) -> Result<(SessionId, Record), StoreError> {
        let (id, mut record) = (random_id(), record(life));
        record.user = Some(user.clone());
        let created = self.store.create(id, &record, now()).await?;
        self.check(created == Created::Created, "create under a new id is Created");
        Ok((id, record))
    }

    async fn finding_by_user(&mut self) -> Checked {
        let (one, other) = (new_user(), new_user());
        let found = self.found(&one).await?;
        self.check(found.is_empty(), "a user without sessions is not found");
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(self.filed_for(&one, LONG).await?.0);
        }
        ids.sort();
        let found = self.found(&one).await?;
        self.check(found == ids, "all sessions of a user are found, and no others");
        let listed = match self.store.users() {
            Some(users) => users.list_user(&one, 2, now()).await?.len(),
            None => 0,
        };
        self.check(listed == 2, "a list of sessions respects its limit");

        let (id, first) = self.filed(LONG).await?;
        let second = with_user(&first, Some(&one), 1);
        let committed = self.commit(id, &first, op(1), &second).await?;
        self.check(name_of(&committed) == "Applied", "a login is Applied");
        let found = self.found(&one).await?;
        self.check(found.contains(&id), "a session is found by the user who logs in to it");
        let third = with_user(&second, Some(&other), 2);
        let committed = self.commit(id, &second, op(2), &third).await?;
        self.check(name_of(&committed) == "Applied", "a login of another user is Applied");
        let found = (self.found(&one).await?, self.found(&other).await?);
        self.check(found == (ids, vec![id]), "a session that changes its user is found by the new user only");
        let late = with_user(&first, Some(&one), 3);
        let committed = self.commit(id, &first, op(3), &late).await?;
        self.check(name_of(&committed) == "Superseded", "commit at an older epoch is Superseded");
        let found = self.found(&one).await?;
        self.check(!found.contains(&id), "a refused login is not found");
        let committed = self.commit(id, &third, op(4), &with_user(&third, None, 4)).await?;
        self.check(name_of(&committed) == "Applied", "a logout is Applied");
        let found = self.found(&other).await?;
        self.check(found.is_empty(), "a session is not found by the user who has logged out of it");

        let long = UserKey(Bytes::from([new_user().as_bytes(), "x".repeat(65_000).as_bytes()].concat()));
        let (id, record) = self.filed_for(&long, LONG).await?;
        let users = self.store.users();
        let found = match users {
            Some(users) => users.list_user(&long, 2, now()).await?,
            None => Vec::new(),
        };
        let same = found.first().is_some_and(|(found, stored)| *found == id && stored.payload == record.payload);
        self.check(same && found.len() == 1, "a user's key may be 65,000 bytes long, and the list has the record");
        Ok(())
    }

    async fn finding_live_sessions(&mut self) -> Checked {
        let user = new_user();
        let (kept, _) = self.filed_for(&user, LONG).await?;
        let (destroyed, _) = self.filed_for(&user, LONG).await?;
        let short = Duration::from_millis(150);
        let (touched, first) = self.filed_for(&user, short).await?;
        let later = self.touch(touched, first.absolute).await?;
        self.check(later == Touched::Touched, "touch of a live record is Touched");
        let (expired, _) = self.filed_for(&user, short).await?;
        let _ = self.store.destroy(destroyed, now()).await?;
        let mut asked = 0;
        while self.store.load(expired, now()).await?.is_some() && asked < 400 {
            asked += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let found = self.found(&user).await?;
        self.check(!found.contains(&expired), "an expired session is not found");
        self.check(!found.contains(&destroyed), "a destroyed session is not found");
        self.check(found.contains(&kept), "live sessions are found");
        let alive = self.store.load(touched, now()).await?.is_some();
        let found = self.found(&user).await?;
        let still = self.store.load(touched, now()).await?.is_some();
        self.check(found.contains(&touched) || !(alive && still), "a touched session is found until it expires");
        Ok(())
    }

    async fn revocation(&mut self) -> Checked {
        let (one, other) = (new_user(), new_user());
        let (id, first) = self.filed_for(&one, LONG).await?;
        let (excepted, _) = self.filed_for(&one, LONG).await?;
        let (elsewhere, _) = self.filed_for(&other, LONG).await?;
        let moved = self.filed_for(&one, LONG).await?;
        let committed = self.commit(moved.0, &moved.1, op(1), &with_user(&moved.1, Some(&other), 1)).await?;
        self.check(name_of(&committed) == "Applied", "a login of another user is Applied");
        let removed = self.revoked(&one, Some(excepted)).await?;
        self.check(removed == 1, "revoking a user counts the sessions that it removed");
        let committed = self.commit(id, &first, op(1), &following(&first, op(1))).await?;
        self.check(name_of(&committed) == "Gone", "commit to a revoked session is Gone");
        let found = (self.found(&one).await?, self.found(&other).await?.len());
        self.check(found == (vec![excepted], 2), "revoking leaves the excepted session and those of other users");
        let alive = (self.store.load(elsewhere, now()).await?, self.store.load(moved.0, now()).await?);
        self.check(alive.0.is_some() && alive.1.is_some(), "a session that has changed its user is not revoked");
        let removed = (self.revoked(&one, None).await?, self.revoked(&one, None).await?);
        self.check(removed == (1, 0), "revoking again removes the remaining sessions, and then none");
        Ok(())
    }

    async fn no_resurrection_of_the_revoked(&mut self) -> Checked {
        for _ in 0..self.rounds / 10 {
            let user = new_user();
            let (id, first) = self.filed_for(&user, LONG).await?;
            let store = Arc::clone(&self.store);
            let commit = tokio::spawn(async move {
                let next = following(&first, op(1));
                store.commit(id, Commit::new(&first, op(1), &next), now()).await.map(|_| ())
            });
            let removed = self.revoked(&user, None).await?;
            let complaint = match commit.await {
                Ok(Ok(()) | Err(StoreError::Unknown(_))) => String::new(),
                Ok(Err(error)) => format!(": commit: {}", super::in_full(&error)),
                Err(panic) => format!(": commit: {panic}"),
            };
            let statement = format!("a race of commit and revocation has outcomes, not errors{complaint}");
            self.check(complaint.is_empty(), &statement);
            let found = self.store.load(id, now()).await?;
            self.check(removed == 1 && found.is_none(), "a revoked session stays revoked, whatever call races with it");
            self.report.races += 1;
        }
        Ok(())
    }
}

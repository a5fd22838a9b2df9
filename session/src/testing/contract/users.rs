use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Checked, LONG, Run, following, is, now, op, random_id, record};
use crate::data::record::{Record, UserKey};
use crate::data::token::SessionId;
use crate::port::{Commit, Created, Store, StoreError, Touched};

/// Somebody whom the store has never heard of.
pub(super) fn new_user() -> UserKey {
    UserKey(Bytes::from(format!("\"{}\"", random_id())))
}

/// What a login of `user` makes of `record`; a logout, for nobody.
fn handed_to(record: &Record, user: Option<&UserKey>, sequence: u32) -> Record {
    let mut next = following(record, op(sequence));
    next.epoch += 1;
    next.user = user.cloned();
    next
}

impl<S: Store> Run<S> {
    /// The user index, where there is one.
    pub(super) async fn user_index(&mut self) -> Checked {
        if self.store.users().is_none() {
            return Ok(());
        }
        self.finding_by_user().await?;
        self.finding_the_living().await?;
        self.revocation().await?;
        self.no_resurrection_of_the_revoked().await
    }

    /// The ids under which `user` is found, sorted.
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
        self.check(found == ids, "a user's sessions are found, all of them and no others");
        let listed = match self.store.users() {
            Some(users) => users.list_user(&one, 2, now()).await?.len(),
            None => 0,
        };
        self.check(listed == 2, "a list of sessions keeps its limit");

        let (id, first) = self.filed(LONG).await?;
        let second = handed_to(&first, Some(&one), 1);
        let committed = self.commit(id, &first, op(1), &second).await?;
        self.check(is(&committed) == "Applied", "a login is Applied");
        let found = self.found(&one).await?;
        self.check(found.contains(&id), "a session is found by whoever logs in to it");
        let third = handed_to(&second, Some(&other), 2);
        let committed = self.commit(id, &second, op(2), &third).await?;
        self.check(is(&committed) == "Applied", "a login of another user is Applied");
        let found = (self.found(&one).await?, self.found(&other).await?);
        self.check(found == (ids, vec![id]), "a session that changes hands is found by its new user only");
        let late = handed_to(&first, Some(&one), 3);
        let committed = self.commit(id, &first, op(3), &late).await?;
        self.check(is(&committed) == "Superseded", "commit at an older epoch is Superseded");
        let found = self.found(&one).await?;
        self.check(!found.contains(&id), "a refused login is not found");
        let committed = self.commit(id, &third, op(4), &handed_to(&third, None, 4)).await?;
        self.check(is(&committed) == "Applied", "a logout is Applied");
        let found = self.found(&other).await?;
        self.check(found.is_empty(), "a session is not found by whoever has logged out of it");

        let long = UserKey(Bytes::from([new_user().as_bytes(), "x".repeat(65_000).as_bytes()].concat()));
        let (id, record) = self.filed_for(&long, LONG).await?;
        let users = self.store.users();
        let found = match users {
            Some(users) => users.list_user(&long, 2, now()).await?,
            None => Vec::new(),
        };
        let same = found.first().is_some_and(|(found, stored)| *found == id && stored.payload == record.payload);
        self.check(same && found.len() == 1, "a user's key may be 65,000 bytes long, and the record comes along");
        Ok(())
    }

    async fn finding_the_living(&mut self) -> Checked {
        let user = new_user();
        let (kept, _) = self.filed_for(&user, LONG).await?;
        let (destroyed, _) = self.filed_for(&user, LONG).await?;
        let short = Duration::from_millis(150);
        let (touched, first) = self.filed_for(&user, short).await?;
        let later = self.store.touch(touched, first.absolute, now()).await?;
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
        self.check(found.contains(&kept), "sessions are found as long as they live");
        let alive = self.store.load(touched, now()).await?.is_some();
        let found = self.found(&user).await?;
        let still = self.store.load(touched, now()).await?.is_some();
        self.check(found.contains(&touched) || !(alive && still), "a touched session is found as long as it lives");
        Ok(())
    }

    async fn revocation(&mut self) -> Checked {
        let (one, other) = (new_user(), new_user());
        let (id, first) = self.filed_for(&one, LONG).await?;
        let (kept, _) = self.filed_for(&one, LONG).await?;
        let (elsewhere, _) = self.filed_for(&other, LONG).await?;
        let moved = self.filed_for(&one, LONG).await?;
        let committed = self.commit(moved.0, &moved.1, op(1), &handed_to(&moved.1, Some(&other), 1)).await?;
        self.check(is(&committed) == "Applied", "a login of another user is Applied");
        let removed = self.revoked(&one, Some(kept)).await?;
        self.check(removed == 1, "revoking a user counts the sessions that it removed");
        let committed = self.commit(id, &first, op(1), &following(&first, op(1))).await?;
        self.check(is(&committed) == "Gone", "commit to a revoked session is Gone");
        let found = (self.found(&one).await?, self.found(&other).await?.len());
        self.check(found == (vec![kept], 2), "revoking leaves the session that is excepted, and other users'");
        let alive = (self.store.load(elsewhere, now()).await?, self.store.load(moved.0, now()).await?);
        self.check(alive.0.is_some() && alive.1.is_some(), "a session that has changed hands is not revoked");
        let removed = (self.revoked(&one, None).await?, self.revoked(&one, None).await?);
        self.check(removed == (1, 0), "revoking again removes what is left, and then nothing");
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
            self.check(matches!(commit.await, Ok(Ok(()))), "a race of commit and revocation has outcomes, not errors");
            let found = self.store.load(id, now()).await?;
            self.check(removed == 1 && found.is_none(), "a revoked session stays revoked, whatever races it");
            self.report.races += 1;
        }
        Ok(())
    }
}

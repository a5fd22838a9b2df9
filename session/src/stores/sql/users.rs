//! [`UserIndex`] for [`SqlStore`]: the column `user_hash` and its index.

use super::SqlStore;
use super::dialect::Dialect;
use super::error::QueryError;
use super::statement::Value;
use crate::base::clock::Timestamp;
use crate::data::token::SessionId;
use crate::port::{BoxFuture, Record, StoreError, UserIndex, UserKey};

impl<D: Dialect> UserIndex for SqlStore<D> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            self.measure_clock(now).await?;
            let hash = user.digest();
            let values = [Value::Bytes(&hash), self.server_time(now), Value::int(limit as u64)];
            let result = self.execute(&self.0.statements.list, &values).await.map_err(QueryError::into_store_error)?;
            let found = result.rows.into_iter().filter_map(|row| {
                let id = SessionId::from_bytes(row.handle.as_deref()?.try_into().ok()?);
                // An undecodable record must not hide the other sessions.
                let record = self.decode(row, now).ok()?;
                (!record.is_expired(now) && record.user() == Some(user)).then_some((id, record))
            });
            Ok(found.collect())
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            let hash = user.digest();
            let except = except.as_ref().map_or(&[][..], |id| id.as_bytes());
            let values = [Value::Bytes(&hash), Value::Bytes(except)];
            let result =
                self.execute(&self.0.statements.revoke, &values).await.map_err(QueryError::into_store_error)?;
            Ok(usize::try_from(result.count).unwrap_or(usize::MAX))
        })
    }
}

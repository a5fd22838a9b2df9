//! Exact updates: a read-modify-write on the session as it is stored, run again when another writer commits first.

use std::convert::Infallible;
use std::sync::Arc;

use crate::base::error::{Error, ErrorKind};
use crate::engine::delta::Delta;
use crate::engine::handle::changes::too_late;
use crate::engine::handle::schema::Schema;
use crate::engine::handle::tracked::Tracked;
use crate::engine::load::LoadedSession;
use crate::engine::request::{Replaced, RequestSession};
use crate::engine::retry::RetryPolicy;
use crate::engine::run_to_completion::RunToCompletion;
use crate::engine::{conflict, gone, superseded};
use crate::port::Sharing;

impl<S: Schema> Tracked<S> {
    /// Runs `change` on the session as it is stored now, and commits what it did only if no other writer has committed
    /// meanwhile. Otherwise `change` runs once more, on the new state. Use it for a read-modify-write that must be
    /// exact: stock, quotas, one order for each cart.
    ///
    /// What `change` returns has no influence on what is stored, also if it is an `Err`: see
    /// [`try_update`](Self::try_update). Unsaved changes from before the call are committed first. Other commits of the
    /// session wait until the future is done or dropped. `change` can run several times, so it must not have other
    /// effects. After the call the session has the stored values.
    ///
    /// # Errors
    ///
    /// If it could not be stored. Then nothing that `change` did is stored, nor is it in this session any more; only
    /// after [`ErrorKind::Unknown`] it may be stored. [`ErrorKind::Misconfigured`] for a session that lives in its
    /// cookie, unless `dangerous_last_cookie_wins` is set.
    ///
    /// ```
    /// # use session::{Error, Session};
    /// # #[derive(Session)]
    /// # struct Shop { vouchers: u64 }
    /// async fn redeem(mut session: Session<Shop>) -> Result<&'static str, Error> {
    ///     let redeemed = session
    ///         .update(|session| {
    ///             let left = session.vouchers.checked_sub(1);
    ///             session.vouchers = left.unwrap_or(0);
    ///             left.is_some()
    ///         })
    ///         .await?;
    ///     Ok(if redeemed { "redeemed" } else { "no voucher left" })
    /// }
    /// ```
    pub async fn update<R>(&mut self, mut change: impl FnMut(&mut S::Handle) -> R) -> Result<R, Error> {
        let changed = self.try_update(|session| Ok::<R, Infallible>(change(session))).await?;
        Ok(changed.unwrap_or_else(|never| match never {}))
    }

    /// As [`update`](Self::update), for a change that can refuse: if `change` returns an error, nothing that it did is
    /// stored, and the error is returned inside the `Ok` of the update itself.
    ///
    /// # Errors
    ///
    /// Those of [`update`](Self::update).
    ///
    /// ```
    /// # use session::{Error, Session};
    /// # #[derive(Session)]
    /// # struct Shop { cart: Vec<String> }
    /// async fn add(mut session: Session<Shop>, item: String) -> Result<&'static str, Error> {
    ///     let added = session
    ///         .try_update(|session| {
    ///             session.cart.push(item.clone());
    ///             if session.cart.len() > 10 { Err("the cart is full") } else { Ok(()) }
    ///         })
    ///         .await?;
    ///     Ok(added.err().unwrap_or("added"))
    /// }
    /// ```
    pub async fn try_update<R, E>(
        &mut self,
        mut change: impl FnMut(&mut S::Handle) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        let request = Arc::clone(&self.request);
        if request.engine.backend().sharing() == (Sharing::PerRequest { last_wins: false }) {
            return Err(in_cookie::<S>());
        }
        // What was changed before is not part of the update.
        self.commit_changes().await?;
        // Also if the future is dropped: the handle then has what is stored.
        let _refresh = RefreshOnDrop(self);
        if request.loaded().is_none()
            && let Some(result) = create::<S, _, _>(&request, &mut change).await?
        {
            return Ok(result);
        }
        replace::<S, _, _>(&request, &mut change).await
    }
}

struct RefreshOnDrop<'a, S: Schema>(&'a mut Tracked<S>);

impl<S: Schema> Drop for RefreshOnDrop<'_, S> {
    fn drop(&mut self) {
        self.0.refresh();
    }
}

/// The first write of a session. No other request can know its id yet. `None` if another handle of this request has
/// stored it meanwhile.
async fn create<S, R, E>(
    request: &Arc<RequestSession>,
    change: &mut impl FnMut(&mut S::Handle) -> Result<R, E>,
) -> Result<Option<Result<R, E>>, Error>
where
    S: Schema,
{
    let (result, delta) = run::<S, R, E>(request, None, change)?;
    let created = RunToCompletion::new(Box::pin(Arc::clone(request).create_exact(delta))).await?;
    Ok(created.then_some(result))
}

async fn replace<S, R, E>(
    request: &Arc<RequestSession>,
    change: &mut impl FnMut(&mut S::Handle) -> Result<R, E>,
) -> Result<Result<R, E>, Error>
where
    S: Schema,
{
    let engine = &request.engine;
    let since = request.place();
    let loaded = || request.loaded().ok_or_else(gone);
    let mut leader = engine.exclusive(loaded()?.id).await?;
    // Read after the wait: another handle may have changed it.
    let LoadedSession { mut id, record: mut known } = loaded()?;
    let latest = leader.as_mut().and_then(|leader| leader.latest.take());
    let latest = latest.filter(|latest| latest.revision() > known.revision());
    // Whether `current` was read from or written to the store during this call, so that a decision not to change it
    // holds.
    let mut is_fresh = latest.is_some() || leader.is_none();
    let mut current = latest.unwrap_or_else(|| Arc::clone(&known));
    let mut retry = RetryPolicy::new(leader.as_ref().and_then(|leader| leader.since));
    loop {
        if current.epoch() != known.epoch() {
            return Err(superseded());
        }
        // Not the record that this request has loaded: a session in its cookie would be sent back without a change.
        if !Arc::ptr_eq(&current, &known) {
            request.refreshed(id, Arc::clone(&current), since)?;
        }
        let session = LoadedSession { id, record: Arc::clone(&current) };
        let (result, delta) = run::<S, R, E>(request, Some(session), change)?;
        if delta.is_empty() {
            let stored = match is_fresh {
                true => Arc::clone(&current),
                // The decision to change nothing may rest on a stale record.
                false => engine.stored(id).await?.ok_or_else(gone)?,
            };
            is_fresh = true;
            if stored.revision() == current.revision() {
                if let Some(leader) = &mut leader {
                    leader.latest = Some(current);
                }
                return Ok(result);
            }
            current = stored;
            continue;
        }
        let write = Box::pin(Arc::clone(request).compare_and_set(id, Arc::clone(&current), delta, since));
        match RunToCompletion::new(write).await? {
            Replaced::Applied(next) => {
                if let Some(leader) = &mut leader {
                    leader.latest = Some(next);
                }
                return Ok(result);
            },
            Replaced::Ended => return Ok(result),
            Replaced::Conflict(fresh) => (current, is_fresh) = (fresh, true),
            Replaced::StaleBase => {
                LoadedSession { id, record: known } = loaded()?;
                current = Arc::clone(&known);
                continue;
            },
            Replaced::TooLate => return Err(too_late::<S>("an update")),
        }
        if !retry.should_retry(engine.rng()).await {
            return Err(conflict());
        }
    }
}

/// Runs `change` on a session of its own, which has what is stored, and returns what it has changed. The changes of
/// other handles stay with the request. A result that is an error changes nothing.
fn run<S, R, E>(
    request: &Arc<RequestSession>,
    stored: Option<LoadedSession>,
    change: &mut impl FnMut(&mut S::Handle) -> Result<R, E>,
) -> Result<(Result<R, E>, Delta), Error>
where
    S: Schema,
{
    if request.is_finished() {
        return Err(too_late::<S>("an update"));
    }
    let unit = Arc::new(RequestSession::detached(Arc::clone(&request.engine), stored));
    let mut session = S::handle(Tracked::new(Arc::clone(&unit))?);
    let result = change(&mut session);
    if result.is_ok() {
        session.flush_changes()?;
    }
    let changes = unit.finish_alone();
    if result.is_err() {
        session.unmark();
        return Ok((result, Delta::default()));
    }
    Ok((result, changes?))
}

#[cold]
fn in_cookie<S: Schema>() -> Error {
    let message = format!(
        "session `{}` lives in its cookie, where a compare-and-set is not possible: `update` needs a server-side \
         store, or `.dangerous_last_cookie_wins()`",
        S::NAME
    );
    Error::new(ErrorKind::Misconfigured, message)
}

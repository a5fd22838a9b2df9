//! The log events of a request's session, and the errors that its request gets.

use std::error::Error as _;

use crate::base::error::{Error, ErrorKind};
use crate::base::log_limit::LogLimit;
use crate::data::record::Record;
use crate::data::token::SessionId;
use crate::engine::delta::Delta;
use crate::engine::load::LoadOutcome;

pub(super) fn trace_loaded(session: SessionId, outcome: &LoadOutcome) {
    match outcome {
        LoadOutcome::Loaded(loaded) => tracing::trace!(%session, revision = loaded.record.revision(), "session loaded"),
        LoadOutcome::NeedsReissue(_) => {
            tracing::trace!(%session, "session loaded; its cookie is sealed with an old key and is set again");
        },
        LoadOutcome::RotatedInFlight { .. } => {
            tracing::debug!(%session, "the session cookie did not open: a login, logout or rotation replaced it");
        },
        LoadOutcome::Nothing => {
            tracing::debug!(%session, "the session cookie did not open: no live session has this id and token");
        },
    }
}

pub(super) fn trace_commit(session: SessionId, record: &Record, delta: &Delta, rotated: bool) {
    tracing::debug!(%session, revision = record.revision(), fields = ?delta.field_names(), "session committed");
    if rotated {
        tracing::debug!(%session, epoch = record.epoch(), "session token rotated: the old token is refused from now \
            on");
    }
}

#[cold]
pub(super) fn missed() -> Error {
    let message = "the session was asked for after the response had left: take it before the response, and `detach()` \
                   it for work that outlives the request";
    Error::new(ErrorKind::Misconfigured, message)
}

/// A touch that failed has one effect: the session expires earlier.
#[cold]
pub(super) fn touch_failed(session: SessionId, error: &Error, limit: &LogLimit) {
    if let Some(left_out) = limit.admit() {
        let cause = error.source();
        tracing::warn!(%session, %error, ?cause, left_out, "the idle deadline of a session could not be moved");
    }
}

#[cold]
pub(super) fn logout_without_room(session: SessionId, error: &Error, left_out: u64) {
    let cause = error.source();
    tracing::warn!(%session, %error, ?cause, left_out, "a session was removed by its logout: the store has no room for \
        the fields that survive");
}

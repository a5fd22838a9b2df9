//! [`History`]: what the judge of a [`World`](super::World) sees of a run.

use std::any::Any;

use bytes::Bytes;
use http::Response;
use http::header::SET_COOKIE;

use super::events::Recorded;
use crate::base::clock::Timestamp;
use crate::data::token::{SessionId, Token};

/// What happened in a run: the requests with their outcomes, and what handlers have [recorded](super::record).
///
/// Events have numbers, which show what came before what: every request begins and ends at an event.
#[derive(Debug)]
pub struct History<Step> {
    pub(super) exchanges: Vec<Exchange<Step>>,
    pub(super) records: Vec<Recorded>,
    pub(super) failovers: Vec<u64>,
}

/// One request of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exchange<Step> {
    /// Its number in the run, which traces show.
    pub number: usize,
    /// The browser that sent it. `None` for a closing request with an old cookie.
    pub browser: Option<usize>,
    /// The process that received it.
    pub process: u32,
    /// What its handler was asked to do.
    pub steps: Vec<Step>,
    /// The `Cookie` header that was sent.
    pub cookie: Option<String>,
    /// The event at which it was sent.
    pub began: u64,
    /// The event at which its outcome was certain. `None` if that never happened.
    pub ended: Option<u64>,
    /// The time of the simulation when it was sent.
    pub at: Timestamp,
    /// The time of the simulation when its outcome was certain.
    pub ended_at: Option<Timestamp>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether the client has received the response.
    pub is_delivered: bool,
    /// Whether it was sent after everything else was done, without faults.
    pub is_closing: bool,
}

/// What became of a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It has no outcome yet.
    UnderWay,
    /// The server has answered.
    Answered(Response<Bytes>),
    /// The client disconnected first.
    Cancelled,
    /// The process crashed.
    Crashed,
    /// The service panicked.
    Panicked,
    /// The service failed with this error.
    Failed(String),
}

impl<Step> History<Step> {
    /// All requests, in the order in which they were sent.
    pub fn exchanges(&self) -> &[Exchange<Step>] {
        &self.exchanges
    }

    /// All records of type `T`, each with the number of its event and of the request that recorded it. A task that a
    /// handler has spawned belongs to no request.
    pub fn records<T: Any>(&self) -> impl Iterator<Item = (u64, Option<usize>, &T)> {
        self.records
            .iter()
            .filter_map(|recorded| Some((recorded.event, recorded.exchange, recorded.value.downcast_ref()?)))
    }

    /// The events at which the store lost its newest writes.
    pub fn failovers(&self) -> &[u64] {
        &self.failovers
    }
}

impl<Step> Exchange<Step> {
    /// The response, if the server has sent one.
    pub fn response(&self) -> Option<&Response<Bytes>> {
        match &self.outcome {
            Outcome::Answered(response) => Some(response),
            _ => None,
        }
    }

    /// The cookies that the response sets, as `name=value`; an empty value removes the cookie.
    pub fn set_cookies(&self) -> Vec<String> {
        self.response().map(set_cookies).unwrap_or_default()
    }
}

/// The session that a cookie `name=value` of a session in a server-side store names, or `None` for another cookie.
pub fn session_of_cookie(cookie: &str) -> Option<SessionId> {
    let (_, value) = cookie.split_once('=')?;
    Token::parse(value.as_bytes()).map(|token| token.id())
}

pub(super) fn set_cookies(response: &Response<Bytes>) -> Vec<String> {
    let lines = response.headers().get_all(SET_COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .map(|line| {
            let pair = line.split(';').next().unwrap_or_default();
            let name = pair.split('=').next().unwrap_or_default();
            let is_removal = line.split(';').any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
            if is_removal { format!("{name}=") } else { pair.to_owned() }
        })
        .collect()
}

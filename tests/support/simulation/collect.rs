//! What became of each mark and of each login, as far as the answers say.

use std::collections::HashMap;

use session::testing::{Exchange, History, Outcome, session_of_cookie};
use session::{ErrorKind, SessionId};

use super::facts::{Fact, Privilege};
use super::steps::{Field, How, Step};

/// A mark that a handler was asked to make.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) field: Field,
    pub(super) exchange: usize,
    pub(super) session: Option<SessionId>,
    /// The user that the handle showed. The outer `None`: unclear.
    pub(super) owner: Option<Option<u64>>,
    /// The event at which it was made, for the last time if an update ran again.
    pub(super) made: u64,
    /// The event at which the store's confirmation was known.
    pub(super) confirmed: Option<u64>,
    /// Nothing may have stored it.
    pub(super) never: bool,
}

/// A login of a user that no other step logs in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) exchange: usize,
    pub(super) never: bool,
    /// It is made by an update, which stores it at once.
    in_update: bool,
}

/// What is known of a request beside its outcome.
#[derive(Clone, Debug, Default)]
pub(super) struct Knowledge {
    /// The status with which the handler answered.
    pub(super) answers: Option<u16>,
    /// Whether a commit or update was begun by the handler.
    pub(super) commits: bool,
    /// Changes of privilege, each with the session that the handle had.
    pub(super) privileges: Vec<(Option<SessionId>, Privilege)>,
}

#[derive(Default)]
pub(super) struct Collected {
    pub(super) marks: HashMap<u64, Mark>,
    pub(super) logins: HashMap<u64, Login>,
    pub(super) known: Vec<Knowledge>,
}

/// The changes of a request whose commit is not certain yet.
#[derive(Default)]
struct Pending {
    /// Each with its handle, whether that was dropped, and whether a commit may have taken it.
    marks: Vec<(u64, usize, bool, bool)>,
    logins: Vec<(u64, bool)>,
    /// What the commit of each handle takes at least.
    commits: HashMap<usize, Vec<u64>>,
    /// Commits and updates that have begun and not ended.
    open: usize,
}

pub(super) fn collect(history: &History<Step>) -> Collected {
    let mut collected =
        Collected { known: vec![Knowledge::default(); history.exchanges().len()], ..Collected::default() };
    for exchange in history.exchanges() {
        for step in &exchange.steps {
            if let Some((field, mark)) = step.mark() {
                let exchange = exchange.number;
                let unknown =
                    Mark { field, exchange, session: None, owner: None, made: 0, confirmed: None, never: false };
                collected.marks.insert(mark, unknown);
            }
            if let Some(user) = step.login() {
                let in_update = matches!(step, Step::Update(..) | Step::Assign(_, _, How::InUpdate));
                collected.logins.insert(user, Login { exchange: exchange.number, never: false, in_update });
            }
        }
    }
    let mut pending: Vec<Pending> = history.exchanges().iter().map(|_| Pending::default()).collect();
    for (event, exchange, fact) in history.records::<Fact>() {
        match exchange.and_then(|number| pending.get_mut(number)) {
            Some(pending) => {
                let number = exchange.unwrap_or_default();
                collected.note(event, number, fact, pending);
            },
            None => collected.note_update(event, fact),
        }
    }
    for (exchange, pending) in history.exchanges().iter().zip(&pending) {
        collected.end(exchange, pending);
    }
    collected
}

impl Collected {
    fn note(&mut self, event: u64, number: usize, fact: &Fact, pending: &mut Pending) {
        let known = &mut self.known[number];
        match fact {
            Fact::Marked { handle, mark, session, owner, .. } => {
                pending.marks.push((*mark, *handle, false, pending.open > 0));
                if let Some(known) = self.marks.get_mut(mark) {
                    (known.session, known.owner, known.made) = (*session, *owner, event);
                }
            },
            Fact::Privilege { session, what } => {
                known.privileges.push((*session, *what));
                if let Privilege::Login(user) = what {
                    pending.logins.push((*user, pending.open > 0));
                }
            },
            Fact::Assigned(Some(user)) => pending.logins.push((*user, pending.open > 0)),
            Fact::Dropped(handle) => {
                pending.marks.iter_mut().filter(|mark| mark.1 == *handle).for_each(|mark| mark.2 = true);
            },
            Fact::CommitBegins(handle) => {
                known.commits = true;
                pending.begin();
                let taken = pending.marks.iter().filter(|mark| mark.1 == *handle || mark.2);
                let taken = taken.map(|mark| mark.0).collect();
                pending.commits.insert(*handle, taken);
            },
            Fact::CommitEnds { handle, result, session } => {
                pending.open = pending.open.saturating_sub(1);
                for mark in pending.commits.remove(handle).into_iter().flatten().filter(|_| result.is_ok()) {
                    if let Some(known) = self.marks.get_mut(&mark) {
                        known.confirmed.get_or_insert(event);
                        known.session = session.or(known.session);
                    }
                }
            },
            Fact::UpdateBegins(_) => {
                known.commits = true;
                pending.begin();
            },
            Fact::UpdateEnds { .. } => {
                pending.open = pending.open.saturating_sub(1);
                self.note_update(event, fact);
            },
            Fact::Updating { .. } => self.note_update(event, fact),
            Fact::Responds(status) => known.answers = Some(*status),
            Fact::Panics | Fact::Abandons | Fact::Sees(..) | Fact::Assigned(None) => {},
        }
    }

    fn note_update(&mut self, event: u64, fact: &Fact) {
        match fact {
            Fact::Updating { mark, owner } => {
                if let Some(known) = self.marks.get_mut(mark) {
                    (known.owner, known.made) = (*owner, event);
                }
            },
            Fact::UpdateEnds { mark, result, session } => {
                if let Some(known) = self.marks.get_mut(mark) {
                    known.session = *session;
                    match result {
                        Ok(()) => known.confirmed = Some(event),
                        Err(ErrorKind::Unknown | ErrorKind::Gone) => {},
                        Err(_) => known.never = true,
                    }
                }
            },
            _ => {},
        }
    }

    /// Judges by the outcome of the request what became of its last commit.
    fn end(&mut self, exchange: &Exchange<Step>, pending: &Pending) {
        let answers = self.known[exchange.number].answers;
        let engine = exchange.response().and_then(|response| response.extensions().get::<ErrorKind>()).copied();
        let is_success = exchange.response().is_some_and(|response| response.status() == 200) && answers == Some(200);
        let is_never = match &exchange.outcome {
            // The handler has failed itself, or a panic was caught.
            Outcome::Answered(_) if answers != Some(200) => true,
            // A session that ended after an unknown outcome is `Gone`, whether the change was stored before or not.
            Outcome::Answered(response) if response.status() != 200 => {
                !matches!(engine, Some(ErrorKind::Unknown | ErrorKind::Gone))
            },
            Outcome::Answered(_) => false,
            // The handler did not get to its end.
            _ => answers.is_none(),
        };
        let issued = exchange.set_cookies().iter().find_map(|cookie| session_of_cookie(cookie));
        for (mark, _, _, may_be_taken) in &pending.marks {
            let Some(known) = self.marks.get_mut(mark) else { continue };
            if is_success && known.confirmed.is_none() {
                // A login that loses against another request gets a session of its own.
                known.session = issued.or(known.session);
                known.confirmed = known.confirmed.or(exchange.ended);
            }
            known.never |= is_never && !may_be_taken && known.confirmed.is_none();
        }
        for (user, _) in &pending.logins {
            let may_be_taken = pending.logins.iter().any(|(other, may_be_taken)| other == user && *may_be_taken);
            let own = self.logins.get_mut(user).filter(|login| login.exchange == exchange.number);
            if let Some(login) = own {
                login.never |= is_never && !may_be_taken && !login.in_update;
            }
        }
    }
}

impl Pending {
    /// A commit begins: it may take everything so far.
    fn begin(&mut self) {
        self.open += 1;
        self.marks.iter_mut().for_each(|mark| mark.3 = true);
        self.logins.iter_mut().for_each(|login| login.1 = true);
    }
}

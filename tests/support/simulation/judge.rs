//! The rules that every run keeps.

use std::collections::HashMap;

use session::testing::{Exchange, History, Outcome, session_of_cookie};
use session::{ErrorKind, SessionId};

use super::View;
use super::collect::{Collected, Mark, collect};
use super::facts::{Fact, Privilege};
use super::steps::{Field, Inside, Step};

/// The names of the rules.
pub const RULES: [&str; 15] = [
    "twice",
    "torn",
    "isolation",
    "lost",
    "refused but stored",
    "failed login",
    "leak",
    "old token",
    "no new token",
    "two rotations",
    "cookie of a failure",
    "stale",
    "overwritten cookie",
    "panic",
    "refused login or logout",
];

/// More than this may expire a session, in milliseconds.
const LIVES_AT_LEAST: u64 = 25 * 60 * 1_000;

struct Case<'a> {
    history: &'a History<Step>,
    collected: Collected,
    /// What handles showed, each with the number of the request.
    views: Vec<(usize, &'a View)>,
    /// Which request has issued each cookie, and when.
    issued: HashMap<String, (usize, u64)>,
}

pub(super) fn judge(history: &History<Step>, applies: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let views = history.records::<Fact>().filter_map(|(_, exchange, fact)| match fact {
        Fact::Sees(_, view) => Some((exchange?, view)),
        _ => None,
    });
    let mut issued = HashMap::new();
    for exchange in history.exchanges() {
        for cookie in exchange.set_cookies() {
            issued.insert(cookie, (exchange.number, exchange.ended.unwrap_or_default()));
        }
    }
    let case = Case { history, collected: collect(history), views: views.collect(), issued };
    let mut applying = RULES.into_iter().filter(|rule| applies(rule));
    match applying.find_map(|rule| Some((rule, case.check(rule)?))) {
        Some((rule, broken)) => Err(format!("{rule}: {broken}")),
        None => Ok(()),
    }
}

impl Case<'_> {
    /// What breaks `rule`.
    fn check(&self, rule: &str) -> Option<String> {
        match rule {
            "twice" => self.twice(),
            "torn" => self.torn(),
            "isolation" => self.isolation(),
            "lost" => self.lost(),
            "refused but stored" => self.refused_but_stored(),
            "failed login" => self.failed_login(),
            "leak" => self.leak(),
            "old token" => self.old_token(),
            "no new token" => self.no_new_token(),
            "two rotations" => self.two_rotations(),
            "cookie of a failure" => self.cookie_of_a_failure(),
            "stale" => self.stale(),
            "overwritten cookie" => self.overwritten_cookie(),
            "panic" => self.panic(),
            "refused login or logout" => self.refused_login_or_logout(),
            _ => None,
        }
    }

    fn exchange(&self, number: usize) -> &Exchange<Step> {
        &self.history.exchanges()[number]
    }

    fn mark(&self, mark: u64) -> Option<&Mark> {
        self.collected.marks.get(&mark)
    }

    /// The browser that a session belongs to.
    fn browser_of(&self, session: SessionId) -> Option<usize> {
        let (_, (number, _)) = self.issued.iter().find(|(cookie, _)| session_of_cookie(cookie) == Some(session))?;
        self.root(*number)
    }

    fn root(&self, number: usize) -> Option<usize> {
        self.exchange(number).browser
    }

    fn twice(&self) -> Option<String> {
        self.views.iter().find_map(|(number, view)| {
            let twice = [&view.marks, &view.cart, &view.kept].into_iter().find_map(|list| {
                list.iter().enumerate().find(|(index, mark)| list[..*index].contains(mark)).map(|(_, mark)| *mark)
            })?;
            Some(format!("request {number} sees the mark {twice} twice"))
        })
    }

    fn torn(&self) -> Option<String> {
        let torn = |view: &View| view.count != view.marks.len() as u64 || view.total != view.kept.len() as u64;
        let (number, _) = self.views.iter().find(|(_, view)| torn(view))?;
        Some(format!("request {number} sees a counter that differs from the number of marks beside it"))
    }

    fn isolation(&self) -> Option<String> {
        self.views.iter().find_map(|(number, view)| {
            let owner = match view.session {
                Some(session) => self.browser_of(session),
                None => self.exchange(*number).browser,
            };
            let foreign = all_marks(view).find(|(_, mark)| {
                let made_by = self.mark(*mark).and_then(|mark| self.exchange(mark.exchange).browser);
                made_by.is_none() || owner.is_some_and(|owner| made_by != Some(owner))
            });
            foreign.map(|(_, mark)| format!("request {number} sees the mark {mark} of another browser"))
        })
    }

    fn lost(&self) -> Option<String> {
        self.views.iter().find_map(|(number, view)| {
            let reader = self.exchange(*number);
            let session = view.session?;
            let lost = self.collected.marks.iter().filter(|(_, mark)| {
                mark.session == Some(session)
                    && mark.confirmed.is_some_and(|event| event < reader.began)
                    && !self.may_be_gone(mark, reader)
            });
            let mut lost = lost.filter(|(mark, known)| match known.field {
                Field::Marks => !view.marks.contains(mark),
                Field::Cart => !view.cart.contains(mark),
                Field::Surviving => !view.kept.contains(mark),
                Field::Plain | Field::Notice => false,
            });
            let (mark, known) = lost.next()?;
            Some(format!("request {number} does not see the mark {mark}, which request {} has stored", known.exchange))
        })
    }

    /// Whether a reset, an expiry or a failover can have removed the mark before `reader` loaded the session.
    fn may_be_gone(&self, mark: &Mark, reader: &Exchange<Step>) -> bool {
        let writer = self.exchange(mark.exchange);
        let resets = |step: &Step| match mark.field {
            // A logout that nothing survives removes the session, with what other requests have stored meanwhile.
            Field::Surviving => matches!(
                step,
                Step::Destroy(_) | Step::Logout(_) | Step::Assign(..) | Step::Update(_, _, _, Inside::Logout)
            ),
            _ => step.resets(),
        };
        let harmless = |exchange: &Exchange<Step>| {
            exchange.response().is_some_and(|response| response.status() == 200)
                && exchange.ended.is_some_and(|ended| ended < writer.began)
        };
        let is_reset = self.history.exchanges().iter().any(|exchange| {
            exchange.browser == writer.browser && exchange.steps.iter().any(resets) && !harmless(exchange)
        });
        is_reset
            || reader.at.as_millis().saturating_sub(writer.at.as_millis()) > LIVES_AT_LEAST
            || self.history.failovers().iter().any(|event| *event > writer.began)
    }

    fn refused_but_stored(&self) -> Option<String> {
        self.views.iter().find_map(|(number, view)| {
            let stored = all_marks(view)
                .find(|(_, mark)| self.mark(*mark).is_some_and(|mark| mark.never && mark.exchange != *number));
            stored.map(|(_, mark)| format!("request {number} sees the mark {mark}, whose request failed"))
        })
    }

    fn failed_login(&self) -> Option<String> {
        self.views.iter().find_map(|(number, view)| {
            let user = view.user?;
            let login = self.collected.logins.get(&user)?;
            let failed = login.never && login.exchange != *number;
            failed
                .then(|| format!("request {number} sees user {user}, whose login failed in request {}", login.exchange))
        })
    }

    fn leak(&self) -> Option<String> {
        self.views.iter().find_map(|(number, view)| {
            let leaked = all_marks(view).find(|(field, mark)| {
                let Some(owner) = self.mark(*mark).and_then(|mark| mark.owner) else { return false };
                match field {
                    Field::Surviving => false,
                    Field::Cart => owner.is_some() && owner != view.user,
                    Field::Marks | Field::Plain | Field::Notice => owner != view.user,
                }
            });
            let (field, mark) = leaked?;
            let owner = self.mark(mark).and_then(|mark| mark.owner).flatten();
            let of = |user: Option<u64>| user.map_or_else(|| "a visitor".to_owned(), |user| format!("user {user}"));
            Some(format!("request {number}: {} sees the mark {mark} of {} in {field:?}", of(view.user), of(owner)))
        })
    }

    /// Whether a request logs out. A logout that loses against another request is carried out after that one.
    fn logs_out(&self, exchange: &Exchange<Step>) -> bool {
        let mut privileges = self.collected.known[exchange.number].privileges.iter();
        privileges.any(|(_, what)| *what == Privilege::Logout) || exchange.steps.iter().any(ends_user_without_logout)
    }

    /// Every response that replaced or removed a token: the request, the session, and the new cookie.
    fn replacements(&self) -> impl Iterator<Item = (&Exchange<Step>, SessionId, Option<String>)> {
        self.history.exchanges().iter().filter_map(|exchange| {
            let sent = session_of_cookie(exchange.cookie.as_deref()?)?;
            let cookie = exchange.set_cookies().pop()?;
            match session_of_cookie(&cookie) {
                Some(session) => Some((exchange, session, Some(cookie))).filter(|_| session == sent),
                // The removed session may be one that the request has made itself.
                None => {
                    let opens = self
                        .views
                        .iter()
                        .any(|(number, view)| *number == exchange.number && view.session == Some(sent));
                    Some((exchange, sent, None)).filter(|_| opens)
                },
            }
        })
    }

    fn old_token(&self) -> Option<String> {
        if !self.history.failovers().is_empty() {
            return None;
        }
        self.views.iter().find_map(|(number, view)| {
            let reader = self.exchange(*number);
            let (session, cookie) = (view.session?, reader.cookie.as_deref()?);
            if session_of_cookie(cookie) != Some(session) {
                return None;
            }
            let issued = self.issued.get(cookie).map_or(0, |(_, event)| *event);
            let (replacing, ..) = self.replacements().find(|(replacing, replaced, new)| {
                *replaced == session
                    && replacing.ended.is_some_and(|ended| ended < reader.began)
                    && new.as_deref() != Some(cookie)
                    && (issued < replacing.began || replacing.cookie.as_deref() == Some(cookie))
            })?;
            Some(format!("request {number} opens the session with a token that request {} replaced", replacing.number))
        })
    }

    fn no_new_token(&self) -> Option<String> {
        self.history.exchanges().iter().find_map(|exchange| {
            let known = &self.collected.known[exchange.number];
            let is_success = exchange.response().is_some_and(|response| response.status() == 200);
            let changes = known.privileges.iter().any(|(session, _)| session.is_some());
            // The response of the request that was first has the new cookie.
            let is_first = !self.logs_out(exchange)
                || self
                    .replacements()
                    .all(|(other, ..)| other.cookie != exchange.cookie || other.number == exchange.number);
            let broken = is_success && known.answers == Some(200) && changes && exchange.set_cookies().is_empty();
            let broken = broken && is_first;
            broken.then(|| format!("request {} changed the privilege, and kept its token", exchange.number))
        })
    }

    fn two_rotations(&self) -> Option<String> {
        if !self.history.failovers().is_empty() {
            return None;
        }
        let new: Vec<_> =
            self.replacements().filter(|(exchange, _, new)| new.is_some() && !self.logs_out(exchange)).collect();
        new.iter().enumerate().find_map(|(index, (one, ..))| {
            let (other, ..) = new[..index].iter().find(|(other, ..)| other.cookie == one.cookie)?;
            Some(format!("requests {} and {} have both replaced one token", other.number, one.number))
        })
    }

    fn cookie_of_a_failure(&self) -> Option<String> {
        self.history.exchanges().iter().find_map(|exchange| {
            let known = &self.collected.known[exchange.number];
            let failed = exchange.response().is_some_and(|response| response.extensions().get::<ErrorKind>().is_some());
            let broken = failed
                && known.answers == Some(200)
                && !known.commits
                && exchange.set_cookies().iter().any(|cookie| !cookie.ends_with('='));
            broken.then(|| format!("request {} failed, and sets a cookie", exchange.number))
        })
    }

    /// A request whose token is replaced stores nothing that it does after that.
    fn stale(&self) -> Option<String> {
        if !self.history.failovers().is_empty() {
            return None;
        }
        self.collected.marks.iter().find_map(|(mark, known)| {
            let writer = self.exchange(known.exchange);
            // A destruction is unconditional, so a request that logs out at last succeeds, and its mark is gone.
            let cookie = writer.cookie.as_deref().filter(|_| !writer.steps.iter().any(Step::resets));
            let (Some(_), Some(session), Some(cookie)) = (known.confirmed, known.session, cookie) else {
                return None;
            };
            let (replacing, ..) = self.replacements().find(|(replacing, replaced, _)| {
                *replaced == session
                    && replacing.number != known.exchange
                    && replacing.cookie.as_deref() == Some(cookie)
                    && replacing.ended.is_some_and(|ended| ended < known.made)
            })?;
            Some(format!(
                "request {} stores the mark {mark} although request {} had replaced its token",
                known.exchange, replacing.number
            ))
        })
    }

    /// A request whose token is replaced while it is under way creates no session: its cookie would replace the new
    /// one.
    fn overwritten_cookie(&self) -> Option<String> {
        if !self.history.failovers().is_empty() {
            return None;
        }
        self.history.exchanges().iter().find_map(|exchange| {
            let sent = session_of_cookie(exchange.cookie.as_deref()?)?;
            let issued = session_of_cookie(exchange.set_cookies().first()?)?;
            let excused = exchange.steps.iter().any(|step| step.resets() || matches!(step, Step::Rotate(_)));
            if issued == sent || excused {
                return None;
            }
            let (replacing, ..) = self.replacements().find(|(replacing, replaced, new)| {
                *replaced == sent
                    && new.is_some()
                    && replacing.cookie == exchange.cookie
                    && replacing.ended.is_some_and(|ended| ended > exchange.began)
                    && exchange.ended.is_some_and(|ended| replacing.began < ended)
            })?;
            let from = exchange.at.min(replacing.at);
            let until = exchange.ended_at.max(replacing.ended_at)?;
            // After half a minute, the old token is one that opens nothing.
            let soon = until.as_millis().saturating_sub(from.as_millis()) < 25_000;
            // The other request may have been the last to see the session before it expired or was destroyed.
            let is_alive = !self.history.exchanges().iter().any(|other| {
                other.browser == exchange.browser
                    && other.steps.iter().any(|step| {
                        matches!(step, Step::Destroy(_) | Step::Logout(_) | Step::Assign(_, None, _))
                            || matches!(step, Step::Update(_, _, _, Inside::Logout))
                    })
            });
            (soon && is_alive).then(|| {
                format!(
                    "request {} sets the cookie of a new session over that of request {}",
                    exchange.number, replacing.number
                )
            })
        })
    }

    fn panic(&self) -> Option<String> {
        self.history.exchanges().iter().find_map(|exchange| {
            let meant = exchange.steps.contains(&Step::PanicThrough);
            let panicked = matches!(exchange.outcome, Outcome::Panicked | Outcome::Failed(_)) && !meant;
            panicked.then(|| format!("request {} panicked", exchange.number))
        })
    }

    fn refused_login_or_logout(&self) -> Option<String> {
        self.history.exchanges().iter().find_map(|exchange| {
            let known = &self.collected.known[exchange.number];
            let kind = exchange.response()?.extensions().get::<ErrorKind>()?;
            let lost = matches!(kind, ErrorKind::Superseded | ErrorKind::Gone | ErrorKind::Conflict);
            let privileges = |(_, what): &(Option<SessionId>, Privilege)| {
                matches!(what, Privilege::Login(_) | Privilege::Logout | Privilege::Destroy)
            };
            let broken =
                lost && known.answers == Some(200) && !known.commits && known.privileges.last().is_some_and(privileges);
            // A record proves the token before its own. After two changes of privilege, a request with the first token
            // cannot be told from one with a forged token, which must not end the session.
            let changes = |other: &&Exchange<Step>| other.number != exchange.number;
            let others = self.history.exchanges().iter().filter(changes).flat_map(|other| &other.steps);
            let rotations = others.filter(|step| step.resets() || matches!(step, Step::Rotate(_))).count();
            let is_unproven = known.privileges.iter().all(|(session, _)| session.is_none()) && rotations >= 2;
            let broken = broken && !is_unproven;
            broken.then(|| format!("request {} lost against another one: {kind:?}", exchange.number))
        })
    }
}

/// Whether a step logs the user out without the method for it.
fn ends_user_without_logout(step: &Step) -> bool {
    matches!(step, Step::Assign(_, None, _) | Step::Update(_, _, _, Inside::Logout))
}

fn all_marks(view: &View) -> impl Iterator<Item = (Field, u64)> {
    let of = |field: Field, list: &[u64]| list.iter().map(|mark| (field, *mark)).collect::<Vec<_>>();
    let plain = (view.plain != 0).then_some((Field::Plain, view.plain));
    let notice = view.notice.map(|mark| (Field::Notice, mark));
    of(Field::Marks, &view.marks)
        .into_iter()
        .chain(of(Field::Cart, &view.cart))
        .chain(of(Field::Surviving, &view.kept))
        .chain(plain)
        .chain(notice)
}

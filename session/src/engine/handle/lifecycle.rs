//! The methods that every session has.

use std::fmt;
use std::sync::Arc;

use crate::base::error::Error;
use crate::data::record::Record;
use crate::data::schema::reader::FieldError;
use crate::data::schema::sections::Reset;
use crate::data::schema::{Key, SchemaData};
use crate::data::token::SessionId;
use crate::data::validation::Violations;
use crate::engine::handle::changes::identity;
use crate::engine::handle::schema::Identified;
use crate::engine::handle::tracked::Tracked;

/// The state of the session.
impl<S: SchemaData> Tracked<S> {
    /// The id that the session is stored under, or `None` until it is first stored. It is not a secret: the cookie's
    /// token has another part, which is never printed. A login, a logout and a rotation keep the id; only a session
    /// that lives in its cookie gets a new one.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// async fn home(session: Session<Shop>) -> String {
    ///     match session.id() {
    ///         Some(id) => format!("session {id}"),
    ///         None => "no session yet".into(),
    ///     }
    /// }
    /// ```
    pub fn id(&self) -> Option<SessionId> {
        self.request.loaded().map(|loaded| loaded.id)
    }

    /// Whether the session is not stored yet: the client sent no cookie, or one of a session that has ended.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// async fn home(session: Session<Shop>) -> &'static str {
    ///     if session.is_new() { "welcome" } else { "welcome back" }
    /// }
    /// ```
    pub fn is_new(&self) -> bool {
        self.request.loaded().is_none()
    }

    /// The stored fields that could not be read, each with the reason. They have their defaults in this session, and
    /// their stored values stay unchanged until the field is written. The load has logged a warning for each.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// async fn health(session: Session<Shop>) -> String {
    ///     session.problems().iter().map(|problem| format!("{}: {problem}\n", problem.field())).collect()
    /// }
    /// ```
    pub fn problems(&self) -> &[FieldError] {
        &self.problems
    }

    /// Checks the rules of `#[session(validate = garde)]` on the session as it is now. A commit checks them too, but
    /// its error becomes the response.
    ///
    /// # Errors
    ///
    /// All broken rules. Without `validate` there are none.
    ///
    /// ```
    /// # use session::{Session, Violations};
    /// # #[derive(Session)]
    /// # struct Shop { name: String }
    /// async fn rename(mut session: Session<Shop>, name: String) -> Result<(), Violations> {
    ///     session.set_name(name);
    ///     session.validate() // 422 with one line for each broken rule
    /// }
    /// ```
    pub fn validate(&self) -> Result<(), Violations> {
        S::validate(self)
    }
}

/// Fields by typed keys, for code that works with any session type.
impl<S: SchemaData> Tracked<S> {
    /// Borrows the field of `key`.
    ///
    /// ```
    /// use session::{Key, Schema, Session};
    ///
    /// fn is_enabled<S: Schema>(session: &Session<S>, flag: Key<S, bool>) -> bool {
    ///     *session.get(flag)
    /// }
    /// ```
    pub fn get<V>(&self, key: Key<S, V>) -> &V {
        (key.get)(self)
    }

    /// Sets the field of `key`.
    ///
    /// ```
    /// use session::{Key, Schema, Session};
    ///
    /// fn enable<S: Schema>(session: &mut Session<S>, flag: Key<S, bool>) {
    ///     session.set(flag, true);
    /// }
    /// ```
    pub fn set<V>(&mut self, key: Key<S, V>, value: V) {
        *(key.get_mut)(Self::field_mut(self, key.index)) = value;
    }

    /// Resets the field of `key` to its default.
    ///
    /// ```
    /// use session::{Key, Schema, Session};
    ///
    /// fn forget<S: Schema, T>(session: &mut Session<S>, list: Key<S, Vec<T>>) {
    ///     session.reset(list);
    /// }
    /// ```
    pub fn reset<V>(&mut self, key: Key<S, V>) {
        self.reset_field(key);
    }
}

/// What happens to the session.
impl<S: SchemaData> Tracked<S> {
    /// Logs `user` in: at the end of the request the session gets a new token, and the old one opens nothing any more.
    /// Fields without `survive` are reset to their defaults now; what is set after this call stays. The response is a
    /// 503, whatever the handler returns, if the store does not confirm the login.
    ///
    /// If another user is logged in, that user is logged out first: only fields with `survive` (not those with
    /// `survive = login`) are kept. If `user` is logged in already, the session gets a new token and keeps its fields.
    /// An assignment to the `user` field counts as this call, but its place among the changes of the handle is unknown,
    /// so those to fields without `survive` are lost. A 5xx response drops the login.
    ///
    /// If another request of this session has logged in or out meanwhile, the login gets a session of its own.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { #[session(user)] user: Option<u64>, #[session(flash, survive)] notice: Option<String> }
    /// async fn login(mut session: Session<Shop>) {
    ///     session.login(7);
    ///     session.set_notice(Some("Welcome!".to_owned()));
    /// }
    /// ```
    pub fn login(&mut self, user: S::User)
    where
        S: Identified,
    {
        let _ = self.flush_changes();
        // Another handle may have logged a user in or out since this one was made.
        self.refresh();
        let before = identity(&self.value);
        *S::user_mut(self.user_mut()) = Some(user);
        let now = identity(&self.value);
        let (before, now) = match (before, now) {
            (Ok(before), Ok(now)) => (before, now),
            (Err(error), _) | (_, Err(error)) => return self.request.fail(error),
        };
        if before == now {
            self.unmark();
            return self.request.login_again(now);
        }
        let user = S::user_mut(&mut self.value).take();
        self.unmark();
        self.reset_all(if before.0.is_some() { Reset::Logout } else { Reset::Login });
        *S::user_mut(self.user_mut()) = user;
        self.flush_login();
    }

    /// Logs the user out: at the end of the request the session gets a new token, and the old one opens nothing any
    /// more. Fields without `survive` are reset to their defaults now. If no field survives, the session is removed
    /// from the store, and its cookie from the client. The response is a 503, whatever the handler returns, if the
    /// store does not confirm the logout. A 5xx response does not undo it.
    ///
    /// If another request of this session has logged out meanwhile, there is nothing left to do, and that is a success.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { #[session(user)] user: Option<u64> }
    /// async fn logout(mut session: Session<Shop>) {
    ///     session.logout();
    /// }
    /// ```
    pub fn logout(&mut self)
    where
        S: Identified,
    {
        self.reset_all(Reset::Logout);
        *S::user_mut(self.user_mut()) = None;
        self.flush_login();
    }

    fn user_mut(&mut self) -> &mut S {
        match S::USER {
            Some(index) => Self::field_mut(self, index),
            None => self,
        }
    }

    /// Gives the session a new token at the end of the request; the old one opens nothing any more. A login and a
    /// logout rotate by themselves, and so does a change of a `#[session(rotate)]` field. The response is a 503,
    /// whatever the handler returns, if the store does not confirm the rotation.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// async fn change_password(mut session: Session<Shop>) {
    ///     session.rotate();
    /// }
    /// ```
    pub fn rotate(&mut self) {
        self.request.rotate();
    }

    /// Removes the session from the store and its cookie from the client, at the end of the request. Unsaved changes
    /// are discarded. The response is a 503, whatever the handler returns, if the store does not confirm the end of the
    /// session; then the cookie stays.
    ///
    /// The derive emits this method on the session itself: it consumes the session, so that nothing can be read or
    /// written after it.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// async fn forget_me(session: Session<Shop>) {
    ///     session.destroy();
    /// }
    /// ```
    pub fn destroy(mut self) {
        self.unmark();
        self.request.destroy();
    }

    /// Stores the changes now, instead of at the end of the request. After it the session has the stored values, with
    /// the changes that other requests have stored.
    ///
    /// # Errors
    ///
    /// If the changes could not be stored. After [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) nothing was
    /// written, and the end of the request tries once more. After any other error the changes are dropped, later
    /// changes of this request are not stored, except a logout or rotation, and the error becomes the response: a
    /// response must not claim what did not happen.
    ///
    /// Await the future, or drop it: other commits of the session wait for one that was begun and is not polled.
    ///
    /// ```
    /// # use session::{Error, Session};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// async fn home(mut session: Session<Shop>) -> Result<String, Error> {
    ///     session.visits += 1;
    ///     session.commit().await?;
    ///     Ok(format!("visit {} is stored", session.visits))
    /// }
    /// ```
    pub async fn commit(&mut self) -> Result<(), Error> {
        self.commit_changes().await?;
        self.reread()
    }

    /// Applies the changes of this handle to the request without a store call: handles that are made later see
    /// them, and the end of the request stores them. A handle does this by itself when it is dropped, and by
    /// [`commit`](Self::commit) and [`update`](Self::update).
    ///
    /// Call it in a middleware that keeps its handle while it calls the next service. A debug build logs a warning if a
    /// second handle is made while a first one has changes that are not applied.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) if the response has left already; and the errors
    /// of a load, for the changes of other handles that this handle sees after the call.
    ///
    /// ```
    /// # use axum::{extract::Request, middleware::Next, response::Response};
    /// # use session::{Error, Session};
    /// # #[derive(Session)]
    /// # struct Shop { name: String }
    /// async fn name_from_header(mut session: Session<Shop>, request: Request, next: Next) -> Result<Response, Error> {
    ///     session.name = "tea lover".into();
    ///     session.apply()?; // the handler sees the name
    ///     Ok(next.run(request).await)
    /// }
    /// ```
    pub fn apply(&mut self) -> Result<(), Error> {
        self.flush_changes()?;
        self.reread()
    }

    /// Discards the changes of this handle that are not applied. The fields get the values that a new handle would
    /// see.
    ///
    /// A login, logout or rotation is applied by its call, and stays.
    ///
    /// ```
    /// # use session::{Session, Violations};
    /// # #[derive(Session)]
    /// # struct Shop { name: String, #[session(flash)] error: Option<String> }
    /// async fn rename(mut session: Session<Shop>, name: String) {
    ///     session.set_name(name);
    ///     if let Err(violations) = session.validate() {
    ///         session.discard();
    ///         session.set_error(Some(violations.to_string())); // for the form, after a redirect
    ///     }
    /// }
    /// ```
    pub fn discard(&mut self) {
        self.refresh();
    }

    /// Takes back the changes of this handle that break a rule of `#[session(validate = garde)]`: each field with a
    /// broken rule gets the value from before its change, and the other changes stay. If a rule of the whole struct is
    /// broken, all changes are taken back.
    ///
    /// # Errors
    ///
    /// The rules that were broken, for a message to the client. The session can be stored after it.
    ///
    /// ```
    /// # use session::Session;
    /// # #[derive(Session)]
    /// # struct Shop { name: String, #[session(flash)] error: Option<String> }
    /// async fn rename(mut session: Session<Shop>, name: String) {
    ///     session.set_name(name);
    ///     if let Err(violations) = session.discard_invalid() {
    ///         session.set_error(Some(violations.to_string())); // for the form, after a redirect
    ///     }
    /// }
    /// ```
    pub fn discard_invalid(&mut self) -> Result<(), Violations> {
        let Err(violations) = self.validate() else { return Ok(()) };
        let all = violations.iter().any(|violation| violation.field().is_none());
        let is_broken = |name: &str| all || violations.iter().any(|violation| violation.field() == Some(name));
        if let Err(error) = self.take_back(is_broken) {
            self.request.fail(error);
        }
        Err(violations)
    }
}

impl<S: SchemaData> Tracked<S> {
    #[doc(hidden)]
    pub fn debug(this: &Self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct(name);
        match this.id() {
            Some(id) => out.field("id", &format!("{id:?}")),
            None => out.field("id", &None::<SessionId>),
        };
        out.field("changed", &this.is_changed());
        S::debug(this, &mut out);
        out.finish()
    }
}

/// The fields, with the first characters of the id, and whether this handle has unsaved changes.
///
/// **Every field is printed as its `Debug` prints it.** So personal data of a session that is logged with `{:?}` is in
/// the log. A type can hide its value, as [`Secret`](crate::Secret) does; a field without `Debug` is printed as two
/// dots.
impl<S: SchemaData> fmt::Debug for Tracked<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::debug(self, "Tracked", f)
    }
}

impl Record {
    /// The stored record behind a session, as its request last saw it: deadlines, revision, epoch. `None` until the
    /// session is first stored.
    pub fn of<S: SchemaData>(session: &Tracked<S>) -> Option<Arc<Self>> {
        session.request.loaded().map(|loaded| loaded.record)
    }
}

//! [`Sessions`]: the one object that a server makes of its settings.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::{Clock, Rng, SystemClock, SystemRng};
use crate::base::error::Error;
use crate::cookie::CookiePolicy;
use crate::data::schema::info::FieldInfo;
use crate::data::schema::sections::{SchemaRegistry, SectionSchema};
use crate::engine::commit::Engine;
use crate::engine::config::{Config, ConfigError};
use crate::engine::handle::schema::Schema;
use crate::port::{BackendBuilder, BackendContext, IntoBackend};

/// Sessions of one type, in one store, under one cookie. Cheap to clone.
///
/// ```
/// use session::store::MemoryStore;
/// use session::{Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
/// # Ok::<(), session::ConfigError>(())
/// ```
pub struct Sessions<S: Schema> {
    pub(crate) engine: Arc<Engine>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> Sessions<S> {
    /// Begins with the defaults: see each context.
    pub fn builder() -> SessionsBuilder<S> {
        SessionsBuilder {
            store: None,
            cookie: CookiePolicy::host(S::NAME),
            idle: S::IDLE,
            absolute: S::ABSOLUTE,
            touch_after: None,
            commit_on_server_error: false,
            retry_after: Duration::from_secs(2),
            login_path: None,
            sections: vec![SectionSchema::of::<S>()],
            types: vec![TypeId::of::<S>()],
            fields: fields::<S>().collect(),
            users: usize::from(S::USER.is_some()),
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng),
            schema: PhantomData,
        }
    }

    /// Removes up to `limit` expired sessions from the store, and answers how many. Expired sessions are absent with or without
    /// it; it gives their room back.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn sweep(&self, limit: usize) -> Result<usize, Error> {
        Ok(self.engine.sweep(limit).await?)
    }
}

impl<S: Schema> Clone for Sessions<S> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), schema: PhantomData }
    }
}

impl<S: Schema> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("schema", &S::NAME).field("config", &self.engine.config).finish()
    }
}

/// Settings on their way to [`Sessions`].
#[must_use = "call `.build()`"]
pub struct SessionsBuilder<S: Schema> {
    store: Option<BackendBuilder>,
    cookie: CookiePolicy,
    idle: Duration,
    absolute: Duration,
    touch_after: Option<Duration>,
    commit_on_server_error: bool,
    retry_after: Duration,
    login_path: Option<String>,
    sections: Vec<SectionSchema>,
    types: Vec<TypeId>,
    fields: Vec<(&'static str, FieldInfo)>,
    users: usize,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> SessionsBuilder<S> {
    /// Where sessions are kept: in any [`Store`](crate::Store), or in their cookie. Required.
    pub fn store(mut self, store: impl IntoBackend) -> Self {
        self.store = Some(store.into_backend());
        self
    }

    /// The cookie. Default: [`CookiePolicy::host`] with the session type's name.
    pub fn cookie(mut self, cookie: CookiePolicy) -> Self {
        self.cookie = cookie;
        self
    }

    /// Lets sessions of type `T` live in the same record: one cookie, one load, one commit for both. So a library can bring its
    /// own typed piece of session. A login or logout in one of them resets what does not survive it in all of them.
    pub fn section<T: Schema>(mut self) -> Self {
        self.sections.push(SectionSchema::of::<T>());
        self.types.push(TypeId::of::<T>());
        self.fields.extend(fields::<T>());
        self.users += usize::from(T::USER.is_some());
        self
    }

    /// How long an unused session lives. Default: the struct's `idle`, else 30 minutes.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// How long a session lives in any case, counted from its first write or its last login or logout. Default: the struct's
    /// `absolute`, else 12 hours (NIST SP 800-63B-4 allows 24 at its second level).
    pub fn absolute(mut self, absolute: Duration) -> Self {
        self.absolute = absolute;
        self
    }

    /// How stale the idle deadline may become before a request that only reads moves it: the price of a reader's store call,
    /// at most once in this time. Default: a tenth of the idle timeout, at most a minute.
    pub fn touch_after(mut self, touch_after: Duration) -> Self {
        self.touch_after = Some(touch_after);
        self
    }

    /// Saves what a handler changed although it answers with a 5xx status. Default: such changes are dropped. A `login`, `logout`, `rotate` or
    /// `destroy` is carried out in any case.
    pub fn commit_on_server_error(mut self) -> Self {
        self.commit_on_server_error = true;
        self
    }

    /// What `Retry-After` says when the store is down. Default: 2 seconds.
    pub fn retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// Where `LoggedIn` sends a visitor who asks for a page (`GET`, `Accept: text/html`) and is not logged in. Default: nowhere, the answer is 401.
    pub fn login_path(mut self, path: impl Into<String>) -> Self {
        self.login_path = Some(path.into());
        self
    }

    /// Where the time comes from. Default: the machine.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where random bytes come from. Default: the operating system.
    pub fn rng(mut self, rng: impl Rng) -> Self {
        self.rng = Arc::new(rng);
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], with every contradiction at once.
    pub fn build(self) -> Result<Sessions<S>, ConfigError> {
        let config = Config {
            touch_after: self.touch_after.unwrap_or_else(|| (self.idle / 10).min(Duration::from_mins(1))),
            cookie: self.cookie,
            idle: self.idle,
            absolute: self.absolute,
            commit_on_server_error: self.commit_on_server_error,
            retry_after: self.retry_after,
            login_path: self.login_path,
            sections: SchemaRegistry::new(self.sections),
        };
        let mut complaints = config.complaints();
        if self.users > 1 {
            complaints.push(
                "two session types of one record have a `user` field: a record says once who is logged in".into(),
            );
        }
        if self.store.is_none() {
            complaints.push("no store: add `.store(MemoryStore::new())`, or one that other processes share".into());
        }
        let context = BackendContext {
            cookie: &config.cookie,
            absolute: config.absolute,
            section: S::NAME,
            version: S::VERSION,
            fields: &self.fields,
        };
        let store = self.store.map(|store| store.build(&context, &mut complaints));
        let Some(store) = store.filter(|_| complaints.is_empty()) else {
            return Err(ConfigError::new(complaints));
        };
        match Engine::new(store, config, self.types, self.clock, self.rng) {
            Ok(engine) => Ok(Sessions { engine: Arc::new(engine), schema: PhantomData }),
            Err(error) => {
                complaints.push(error.to_string());
                Err(ConfigError::new(complaints))
            },
        }
    }
}

/// Each field, with the name of its session type.
fn fields<S: Schema>() -> impl Iterator<Item = (&'static str, FieldInfo)> {
    S::FIELDS.iter().map(|column| (S::NAME, column.field.info))
}

impl<S: Schema> fmt::Debug for SessionsBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBuilder").field("schema", &S::NAME).finish_non_exhaustive()
    }
}

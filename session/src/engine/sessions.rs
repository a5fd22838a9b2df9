//! [`Sessions`]: the sessions of one type, as a server has set them up.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use super::config::{Config, ConfigError, DEFAULT_RETRY_AFTER};
use crate::base::clock::{Clock, Rng, SystemClock, SystemRng};
use crate::base::error::Error;
use crate::cookie::CookiePolicy;
use crate::data::schema::info::FieldInfo;
use crate::data::schema::sections::{SchemaRegistry, SectionSchema};
use crate::engine::handle::schema::Schema;
use crate::engine::request::Pool;
use crate::port::{BackendBuilder, BackendContext, IntoBackend};

/// Sessions of type `S`, in one store, under one cookie. Cloning it is cheap.
///
/// It is a tower layer: `.layer(sessions)` gives every request below it its session.
///
/// ```
/// use axum::{Router, routing::get};
/// use session::{MemoryStore, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// async fn home(mut session: Session<Shop>) -> String {
///     session.visits += 1;
///     format!("visit {}", session.visits)
/// }
///
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
/// let app: Router = Router::new().route("/", get(home)).layer(sessions);
/// # Ok::<(), session::ConfigError>(())
/// ```
pub struct Sessions<S: Schema> {
    pub(crate) engine: Arc<Engine>,
    /// Shared by all layers that are made of these sessions: axum makes one for each route.
    pub(crate) pool: Arc<Pool>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> Sessions<S> {
    /// Starts with the default settings; only the [store](SessionsBuilder::store) has none.
    ///
    /// ```
    /// use std::time::Duration;
    /// use session::{CookiePolicy, MemoryStore, Session, Sessions};
    ///
    /// #[derive(Session)]
    /// struct Shop {
    ///     visits: u64,
    /// }
    ///
    /// let sessions = Sessions::<Shop>::builder()
    ///     .store(MemoryStore::new())
    ///     .cookie(CookiePolicy::host("shop").persistent())
    ///     .idle(Duration::from_hours(1))
    ///     .absolute(Duration::from_hours(24))
    ///     .build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn builder() -> SessionsBuilder<S> {
        SessionsBuilder {
            store: None,
            cookie: CookiePolicy::host(S::NAME),
            idle: S::IDLE,
            absolute: S::ABSOLUTE,
            touch_after: None,
            commit_on_server_error: false,
            retry_after: DEFAULT_RETRY_AFTER,
            login_path: None,
            app: String::new(),
            sections: vec![SectionSchema::of::<S>()],
            types: vec![TypeId::of::<S>()],
            fields: fields::<S>().collect(),
            users: usize::from(S::USER.is_some()),
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng),
            schema: PhantomData,
        }
    }

    /// Removes up to `limit` expired sessions from the store and returns how many it removed. An expired session counts
    /// as absent in any case; this frees its space. [`sweeper`](Self::sweeper) does it regularly.
    ///
    /// ```
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
    /// assert_eq!(sessions.sweep(1_000).await?, 0);
    /// # Ok::<(), session::BoxError>(()) })?;
    /// # Ok::<(), session::BoxError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the store. Sessions that were removed before stay removed.
    pub async fn sweep(&self, limit: usize) -> Result<usize, Error> {
        Ok(self.engine.sweep(limit, self.engine.now()).await?)
    }
}

impl<S: Schema> Clone for Sessions<S> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), pool: Arc::clone(&self.pool), schema: PhantomData }
    }
}

impl<S: Schema> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("schema", &S::NAME)
            .field("config", &self.engine.config)
            .finish_non_exhaustive()
    }
}

/// The settings of [`Sessions`]. See [`Sessions::builder`] for an example.
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
    app: String,
    sections: Vec<SectionSchema>,
    types: Vec<TypeId>,
    fields: Vec<(&'static str, FieldInfo)>,
    users: usize,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    schema: PhantomData<fn() -> S>,
}

impl<S: Schema> SessionsBuilder<S> {
    /// Where sessions are kept: any [`Store`](crate::Store), or a `SealedCookie` (feature `sealed`). Required.
    ///
    /// ```
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn store(mut self, store: impl IntoBackend) -> Self {
        self.store = Some(store.into_backend());
        self
    }

    /// Name and attributes of the cookie. Default: [`CookiePolicy::host`] with the session type's name.
    ///
    /// ```
    /// # use session::{CookiePolicy, MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.cookie(CookiePolicy::host("sid")).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn cookie(mut self, cookie: CookiePolicy) -> Self {
        self.cookie = cookie;
        self
    }

    /// Keeps sessions of type `T` in the same record: one cookie, one load and one commit for both types. A library can
    /// bring its own typed section of the session in this way. A login or logout through one type resets, in all types,
    /// the fields that do not survive it.
    ///
    /// ```
    /// use session::{MemoryStore, Session, Sessions};
    ///
    /// #[derive(Session)]
    /// struct Shop {
    ///     visits: u64,
    /// }
    ///
    /// #[derive(Session)]
    /// struct Survey {
    ///     answers: Vec<String>,
    /// }
    ///
    /// // Handlers take `Session<Shop>`, `Session<Survey>`, or both.
    /// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).section::<Survey>().build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn section<T: Schema>(mut self) -> Self {
        self.sections.push(SectionSchema::of::<T>());
        self.types.push(TypeId::of::<T>());
        self.fields.extend(fields::<T>());
        self.users += usize::from(T::USER.is_some());
        self
    }

    /// How long an unused session lives. Default: the struct's `idle`, or else 30 minutes. At least a second, at most
    /// [`absolute`](Self::absolute).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.idle(Duration::from_hours(2)).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// How long a session lives at most, from its first commit or from its last login or logout. Default: the struct's
    /// `absolute`, or else 12 hours; NIST SP 800-63B-4 allows 24 hours at its second assurance level. At most 400 days,
    /// the longest life of a cookie (RFC 6265bis).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.absolute(Duration::from_hours(24)).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn absolute(mut self, absolute: Duration) -> Self {
        self.absolute = absolute;
        self
    }

    /// The least time between two moves of the idle deadline by requests that only read. Each move costs a store call.
    /// Default: a tenth of the idle timeout, at most a minute. A session may therefore expire that much too early.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.touch_after(Duration::from_secs(30)).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn touch_after(mut self, touch_after: Duration) -> Self {
        self.touch_after = Some(touch_after);
        self
    }

    /// The name of this app, if several apps share a store. Default: none.
    ///
    /// A token opens a session only under the same cookie name, session type and audience, and
    /// [`revoke_user`](Sessions::revoke_user) ends only sessions of the same session type and audience. So apps with
    /// different cookies and struct names are apart without it. At most 64 letters, digits, `-`, `_` and `.`.
    ///
    /// All processes of one app must have the same audience. A change of it logs all users out.
    ///
    /// ```
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.audience("shop-eu").build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn audience(mut self, app: impl Into<String>) -> Self {
        self.app = app.into();
        self
    }

    /// Commits the changes and the login of a handler that answers with a 5xx status. Default: they are dropped.
    /// `logout`, `rotate`, `destroy` and changes of `rotate` fields are carried out in either case.
    ///
    /// ```
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.commit_on_server_error().build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn commit_on_server_error(mut self) -> Self {
        self.commit_on_server_error = true;
        self
    }

    /// The `Retry-After` of a response that failed because the store is unavailable. Default: 2 seconds. A second to an
    /// hour.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.retry_after(Duration::from_secs(10)).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// Where [`LoggedIn`](crate::LoggedIn) redirects a visitor who is not logged in and asks for a page (`GET` or
    /// `HEAD` with `Accept: text/html`). Default: no redirect; the response is 401.
    ///
    /// ```
    /// # use session::{MemoryStore, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.login_path("/login").build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn login_path(mut self, path: impl Into<String>) -> Self {
        self.login_path = Some(path.into());
        self
    }

    /// The source of the time. Default: the system's clock.
    ///
    /// ```
    /// # use session::{Clock, MemoryStore, Session, Sessions, Timestamp};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// struct Frozen;
    ///
    /// impl Clock for Frozen {
    ///     fn now(&self) -> Timestamp {
    ///         Timestamp::from_millis(1_767_225_600_000)
    ///     }
    /// }
    ///
    /// let builder = Sessions::<Shop>::builder().store(MemoryStore::new());
    /// let sessions = builder.clock(Frozen).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The source of random bytes. Default: the operating system's generator.
    ///
    /// ```
    /// # use session::{MemoryStore, Rng, RngError, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// struct Zeros; // for a test whose tokens must be the same each time
    ///
    /// impl Rng for Zeros {
    ///     fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
    ///         bytes.fill(0);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).rng(Zeros).build()?;
    /// # Ok::<(), session::ConfigError>(())
    /// ```
    pub fn rng(mut self, rng: impl Rng) -> Self {
        self.rng = Arc::new(rng);
        self
    }

    /// Checks the settings. It sends nothing to the store.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] lists every contradiction among the settings, and everything that the store cannot honour.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::{CookiePolicy, Session, Sessions};
    /// # #[derive(Session)]
    /// # struct Shop { visits: u64 }
    /// let builder = Sessions::<Shop>::builder().cookie(CookiePolicy::host("shop").domain("example.com"));
    /// let error = builder.idle(Duration::from_hours(24)).build().unwrap_err().to_string();
    /// assert!(error.contains("no store") && error.contains("has no domain") && error.contains("is longer than"));
    /// ```
    pub fn build(self) -> Result<Sessions<S>, ConfigError> {
        let config = Config {
            touch_after: self.touch_after.unwrap_or_else(|| (self.idle / 10).min(Duration::from_mins(1))),
            cookie: self.cookie,
            idle: self.idle,
            absolute: self.absolute,
            commit_on_server_error: self.commit_on_server_error,
            retry_after: self.retry_after,
            login_path: self.login_path,
            app: self.app,
            sections: SchemaRegistry::new(self.sections),
        };
        let mut complaints = config.complaints();
        if self.users > 1 {
            complaints.push(
                "two session types of one record have a `user` field, and a record has one user: remove \
                 `#[session(user)]` from all but one"
                    .into(),
            );
        }
        if self.store.is_none() {
            complaints
                .push("no store: add `.store(MemoryStore::new())`, or a store that several processes share".into());
        }
        let context = BackendContext {
            cookie: &config.cookie,
            absolute: config.absolute,
            section: S::NAME,
            audience: &config.app,
            version: S::VERSION,
            fields: &self.fields,
        };
        let backend = self.store.map(|store| store.build(&context, &mut complaints));
        let Some(backend) = backend.filter(|_| complaints.is_empty()) else {
            return Err(ConfigError::new(complaints));
        };
        match Engine::new(backend, config, self.types, self.clock, self.rng) {
            Ok(engine) => {
                let engine = Arc::new(engine);
                let pool = Arc::new(Pool::new(Arc::clone(&engine)));
                Ok(Sessions { engine, pool, schema: PhantomData })
            },
            Err(error) => {
                complaints.push(error.to_string());
                Err(ConfigError::new(complaints))
            },
        }
    }
}

/// Each field, with the name of its session type.
fn fields<S: Schema>() -> impl Iterator<Item = (&'static str, FieldInfo)> {
    S::FIELDS.iter().map(|descriptor| (S::NAME, descriptor.field.info))
}

impl<S: Schema> fmt::Debug for SessionsBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBuilder").field("schema", &S::NAME).finish_non_exhaustive()
    }
}

//! The settings of [`Sessions`](crate::Sessions), checked once when the server starts.

use std::fmt;
use std::time::Duration;

use crate::cookie::CookiePolicy;
use crate::data::schema::sections::SchemaRegistry;

/// The `Retry-After` of a failure, if the builder sets no other.
pub(crate) const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(2);

/// Settings that `build()` has found to be consistent.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) cookie: CookiePolicy,
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
    pub(crate) touch_after: Duration,
    pub(crate) commit_on_server_error: bool,
    pub(crate) retry_after: Duration,
    pub(crate) login_path: Option<String>,
    /// The app, where several apps share a store.
    pub(crate) app: String,
    pub(crate) sections: SchemaRegistry,
}

impl Config {
    /// Every fault of the settings, as a sentence each.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut out = self.cookie.complaints();
        let mut rule = |broken: bool, complaint: String| {
            if broken {
                out.push(complaint);
            }
        };
        let Self { idle, absolute, touch_after, .. } = self;
        rule(*idle < Duration::from_secs(1), format!("idle timeout {idle:?}: use at least a second"));
        rule(
            idle > absolute,
            format!("idle timeout {idle:?} is longer than the absolute timeout {absolute:?}: use at most that"),
        );
        rule(
            *absolute > crate::cookie::MAX_COOKIE_AGE,
            format!("absolute timeout {absolute:?}: use at most 400 days, the longest life of a cookie"),
        );
        rule(
            touch_after >= idle,
            format!(
                "touch_after {touch_after:?} is not shorter than the idle timeout {idle:?}: sessions in use would \
                 expire"
            ),
        );
        let retry = self.retry_after;
        rule(
            retry < Duration::from_secs(1) || retry > Duration::from_hours(1),
            format!("retry_after {retry:?}: use a second to an hour"),
        );
        let app = &self.app;
        rule(
            app.len() > 64 || !app.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)),
            format!("audience {app:?}: use at most 64 letters, digits, `-`, `_` and `.`"),
        );
        if let Some(path) = &self.login_path {
            let ok = path.starts_with('/')
                && !path.starts_with("//")
                && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
            rule(!ok, format!("login path {path:?}: use a path of this site, like \"/login\""));
        }
        for (index, name) in self.sections.names().enumerate() {
            let twice = self.sections.names().take(index).any(|earlier| earlier == name);
            rule(
                twice,
                format!(
                    "two session types are named {name:?}: add `.section::<T>()` once, or give one type \
                     `#[session(name = \"…\")]`"
                ),
            );
        }
        out
    }
}

/// The error of [`SessionsBuilder::build`](crate::SessionsBuilder::build): settings that are invalid or contradict each
/// other.
///
/// It lists every complaint, so one start of the server shows them all.
///
/// ```
/// use std::time::Duration;
/// use session::{Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// let error = Sessions::<Shop>::builder().idle(Duration::ZERO).build().unwrap_err();
/// // No store, an idle timeout of zero, and a touch interval that is not shorter than it.
/// assert_eq!(error.complaints().len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    pub(crate) fn new(complaints: Vec<String>) -> Self {
        Self(complaints)
    }

    /// Each fault, as a sentence that names the setting.
    pub fn complaints(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the session settings are invalid:")?;
        self.0.iter().try_for_each(|complaint| write!(f, "\n  - {complaint}"))
    }
}

impl std::error::Error for ConfigError {}

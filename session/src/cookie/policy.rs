//! What our `Set-Cookie` looks like.

use std::time::Duration;

use cookie::Cookie;
use cookie::time::Duration as CookieDuration;
use http::HeaderValue;

use crate::data::token::TOKEN_CHARS;

/// Browsers keep no cookie longer than this (RFC 6265bis, section 5.5).
pub(crate) const LONGEST: Duration = Duration::from_hours(400 * 24);
/// Nor a larger one (RFC 6265bis, section 5.6).
#[cfg(feature = "sealed")]
const MOST_BYTES: usize = 4096;

/// Name and attributes of the session cookie.
///
/// The default is as narrow as browsers allow: `__Host-` and the session type's name, so that no other host can set it and no
/// script can read it. It lasts as long as the browser runs.
///
/// ```
/// use session::CookiePolicy;
///
/// let policy = CookiePolicy::host("sid").persistent();
/// assert_eq!(policy.name(), "__Host-sid");
/// ```
#[derive(Clone, Debug)]
pub struct CookiePolicy {
    name: String,
    domain: Option<String>,
    path: String,
    same_site: SameSite,
    secure: bool,
    persistent: bool,
}

/// When a browser sends the cookie along with requests that other sites cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// Never, not even when a link is followed.
    Strict,
    /// When a link is followed. The default.
    Lax,
    /// Always. Whoever chooses this needs protection against forged requests.
    None,
}

impl CookiePolicy {
    /// The cookie `__Host-` + `name`: HTTPS only, this host only, all paths. The safe choice.
    pub fn host(name: &str) -> Self {
        Self::named(format!("__Host-{name}"))
    }

    /// A cookie whose name is exactly `name`; `Secure`, `HttpOnly`, `SameSite=Lax`, `Path=/`.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            domain: None,
            path: "/".into(),
            same_site: SameSite::Lax,
            secure: true,
            persistent: false,
        }
    }

    /// Sends the cookie to `domain` and every host below it. Not with a `__Host-` name.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sends the cookie for paths below `path` only. Not with a `__Host-` name. Default: `/`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Default: [`SameSite::Lax`]. `Strict` leaves people who follow a link to your site logged out on the first page.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Keeps the cookie when the browser closes, until the session's absolute deadline. Default: until the browser closes.
    #[must_use]
    pub fn persistent(mut self) -> Self {
        self.persistent = true;
        self
    }

    /// Sends the cookie over plain HTTP too, where anybody on the way can read it. Browsers treat `localhost` as secure,
    /// so development does not need this. Not with a `__Host-` or `__Secure-` name.
    #[must_use]
    pub fn dangerous_plain_http(mut self) -> Self {
        self.secure = false;
        self
    }

    /// The cookie's full name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long a value may be: browsers drop longer cookies, and some count the attributes.
    #[cfg(feature = "sealed")]
    pub(crate) fn room(&self) -> usize {
        MOST_BYTES.saturating_sub(self.issue("", LONGEST).map_or(MOST_BYTES, |header| header.len()))
    }

    /// The header that gives the browser `value`. Marked sensitive, so that it is neither logged nor compressed.
    pub(crate) fn issue(&self, value: &str, absolute: Duration) -> Option<HeaderValue> {
        let mut cookie = self.build(value);
        if self.persistent {
            let seconds = i64::try_from(absolute.min(LONGEST).as_secs()).unwrap_or_default();
            cookie.set_max_age(CookieDuration::seconds(seconds));
        }
        sensitive(&cookie)
    }

    /// The header that makes the browser forget. Same name and attributes, or browsers ignore it.
    pub(crate) fn remove(&self) -> Option<HeaderValue> {
        let mut cookie = self.build("");
        cookie.make_removal();
        sensitive(&cookie)
    }

    fn build<'a>(&'a self, value: &'a str) -> Cookie<'a> {
        let mut builder = Cookie::build((&*self.name, value)).path(&*self.path).http_only(true).secure(self.secure);
        if let Some(domain) = &self.domain {
            builder = builder.domain(&**domain);
        }
        let same_site = match self.same_site {
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        };
        builder.same_site(same_site).build()
    }

    /// Every rule of RFC 6265bis that the settings break, as a sentence each.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut out = Vec::new();
        let name = &self.name;
        let mut rule = |broken: bool, complaint: String| {
            if broken {
                out.push(complaint);
            }
        };
        let bare = name.strip_prefix("__Host-").or_else(|| name.strip_prefix("__Secure-")).unwrap_or(name);
        rule(
            bare.is_empty() || !name.bytes().all(is_token) || name.len() + TOKEN_CHARS > 4000,
            format!("cookie name {name:?}: use 1 to 3,900 letters, digits or !#$%&'*+-.^_`|~ (RFC 9110, `token`)"),
        );
        let lower = name.to_ascii_lowercase();
        let host = lower.starts_with("__host-");
        rule(
            (host && !name.starts_with("__Host-"))
                || (lower.starts_with("__secure-") && !name.starts_with("__Secure-")),
            format!("cookie name {name:?}: write the prefix as `__Host-` or `__Secure-`, in that case"),
        );
        rule(
            host && self.domain.is_some(),
            format!("cookie {name:?}: a `__Host-` cookie has no domain; remove `.domain(…)` or rename it"),
        );
        rule(
            host && self.path != "/",
            format!("cookie {name:?}: a `__Host-` cookie has path `/`; remove `.path(…)` or rename it"),
        );
        rule(
            (host || lower.starts_with("__secure-")) && !self.secure,
            format!(
                "cookie {name:?}: its prefix promises HTTPS; use `CookiePolicy::named` with another name for plain HTTP"
            ),
        );
        rule(
            self.same_site == SameSite::None && !self.secure,
            "`SameSite=None` needs a secure cookie: browsers drop it otherwise".into(),
        );
        if let Some(domain) = &self.domain {
            let labels = |domain: &str| domain.split('.').all(|label| !label.is_empty() && label.bytes().all(is_host));
            rule(!labels(domain) || domain.len() > 253, format!("cookie domain {domain:?} is not a host name"));
        }
        let path_ok =
            self.path.starts_with('/') && self.path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
        rule(
            !path_ok || self.path.len() > 1024,
            format!("cookie path {:?}: it starts with `/` and has no space, `;` or control character", self.path),
        );
        out
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn sensitive(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(cookie.to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

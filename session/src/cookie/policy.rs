//! [`CookiePolicy`]: the name and the attributes of the session cookie.
//!
//! RFC 6265bis is draft-ietf-httpbis-rfc6265bis-22, the revision of RFC 6265 that browsers implement.

use std::time::Duration;

use cookie::Cookie;
use cookie::time::Duration as CookieDuration;
use http::HeaderValue;

use crate::data::token::TOKEN_CHARS;

/// The longest time that browsers keep a cookie (RFC 6265bis, section 5.5).
pub(crate) const MAX_COOKIE_AGE: Duration = Duration::from_hours(400 * 24);
/// The largest cookie that browsers accept: the bytes of its name and its value (RFC 6265bis, section 5.6).
#[cfg(feature = "sealed")]
const MAX_COOKIE_BYTES: usize = 4096;

/// The name and the attributes of the session cookie.
///
/// The default is the strictest cookie that browsers support: [`CookiePolicy::host`] with the name of the session type.
///
/// | attribute | default | rule |
/// |---|---|---|
/// | name | `__Host-` + the session type's name | RFC 6265bis, section 4.1.3.2: only this host can set it, over HTTPS |
/// | `Secure` | yes | section 4.1.2.5: sent over HTTPS only, and to `localhost` |
/// | `HttpOnly` | yes, always | section 4.1.2.6: scripts cannot read it |
/// | `SameSite` | `Lax` | section 4.1.2.7: other sites can make a browser send it with a followed link only |
/// | `Path` | `/` | section 4.1.2.4 |
/// | `Domain` | none | section 4.1.2.3: sent to this host, not to its subdomains |
/// | `Max-Age` | none | section 4.1.2.2: the cookie lasts until the browser closes |
///
/// The methods do not validate their arguments. [`SessionsBuilder::build`](crate::SessionsBuilder::build) reports every
/// setting that browsers would reject, and all of them at once.
///
/// ```
/// use session::{CookiePolicy, MemoryStore, Session, Sessions};
///
/// #[derive(Session)]
/// struct Shop {
///     visits: u64,
/// }
///
/// let cookie = CookiePolicy::host("sid").persistent();
/// let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).cookie(cookie).build()?;
///
/// let wrong = CookiePolicy::host("sid").path("/app").domain("example.com");
/// let error = Sessions::<Shop>::builder().store(MemoryStore::new()).cookie(wrong).build().unwrap_err();
/// assert!(error.to_string().contains("has no domain") && error.to_string().contains("has path `/`"));
/// # Ok::<(), session::ConfigError>(())
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

/// With which requests that other sites cause a browser sends the cookie (RFC 6265bis, section 4.1.2.7).
///
/// ```
/// use session::{CookiePolicy, SameSite};
///
/// let policy = CookiePolicy::host("admin").same_site(SameSite::Strict);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// With none, not even when a link is followed: a user who follows a link to the site is logged out on the first
    /// page.
    Strict,
    /// With a `GET` request for a page, when a link is followed. The default.
    Lax,
    /// With all. The app needs its own protection against cross-site request forgery, and the cookie must be `Secure`.
    None,
}

impl CookiePolicy {
    /// The cookie `__Host-` + `name`: HTTPS only, this host only, all paths (RFC 6265bis, section 4.1.3.2).
    /// Recommended.
    ///
    /// [`build`](crate::SessionsBuilder::build) fails if `name` is not 1 to 3,900 characters of an RFC 9110 `token`.
    ///
    /// ```
    /// # use session::CookiePolicy;
    /// assert_eq!(CookiePolicy::host("sid").name(), "__Host-sid");
    /// ```
    pub fn host(name: &str) -> Self {
        Self::named(format!("__Host-{name}"))
    }

    /// The cookie `name`, without an added prefix; `Secure`, `HttpOnly`, `SameSite=Lax`, `Path=/`.
    ///
    /// For a cookie that [`host`](Self::host) does not allow: one for several hosts, for a path, or over plain HTTP.
    /// With the prefix `__Secure-` (RFC 6265bis, section 4.1.3.1) it can be set over HTTPS only.
    /// [`build`](crate::SessionsBuilder::build) fails if `name` is not an RFC 9110 `token`, or a prefix is not written
    /// exactly so.
    ///
    /// ```
    /// # use session::CookiePolicy;
    /// let policy = CookiePolicy::named("__Secure-sid").domain("example.com");
    /// assert_eq!(policy.name(), "__Secure-sid");
    /// ```
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

    /// Sends the cookie to `domain` and all its subdomains (RFC 6265bis, section 4.1.2.3). Default: to this host only.
    ///
    /// Every host of the domain can then read and replace the cookie. [`build`](crate::SessionsBuilder::build) fails if
    /// `domain` is not a host name, or the cookie's name begins with `__Host-`.
    ///
    /// ```
    /// # use session::CookiePolicy;
    /// let policy = CookiePolicy::named("__Secure-sid").domain("example.com");
    /// ```
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sends the cookie with requests for `path` and the paths below it only (RFC 6265bis, section 4.1.2.4). Default:
    /// `/`.
    ///
    /// This does not protect the session of one app from another app on the same host.
    /// [`build`](crate::SessionsBuilder::build) fails if `path` does not start with `/`, contains `;`, spaces or
    /// characters beyond ASCII, is longer than 1,024 bytes, or the cookie's name begins with `__Host-`.
    ///
    /// ```
    /// # use session::CookiePolicy;
    /// let policy = CookiePolicy::named("__Secure-admin").path("/admin");
    /// ```
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// With which requests of other sites the cookie is sent. Default: [`SameSite::Lax`].
    ///
    /// [`build`](crate::SessionsBuilder::build) fails for [`SameSite::None`] with
    /// [`dangerous_plain_http`](Self::dangerous_plain_http).
    ///
    /// ```
    /// # use session::{CookiePolicy, SameSite};
    /// let policy = CookiePolicy::host("admin").same_site(SameSite::Strict);
    /// ```
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Keeps the cookie after the browser closes, for the session's absolute lifetime (`Max-Age`, RFC 6265bis, section
    /// 4.1.2.2). At most 400 days, because browsers keep no cookie longer (section 5.5). Default: the cookie lasts
    /// until the browser closes.
    ///
    /// ```
    /// # use session::CookiePolicy;
    /// let policy = CookiePolicy::host("sid").persistent();
    /// ```
    #[must_use]
    pub fn persistent(mut self) -> Self {
        self.persistent = true;
        self
    }

    /// Sends the cookie over plain HTTP too, where everyone on the network path can read it and take over the session.
    ///
    /// Development on `localhost` does not need this: browsers treat it as secure.
    /// [`build`](crate::SessionsBuilder::build) fails if the cookie's name begins with `__Host-` or `__Secure-`.
    ///
    /// ```
    /// # use session::CookiePolicy;
    /// let policy = CookiePolicy::named("sid").dangerous_plain_http();
    /// ```
    #[must_use]
    pub fn dangerous_plain_http(mut self) -> Self {
        self.secure = false;
        self
    }

    /// The full name of the cookie, with its prefix.
    ///
    /// ```
    /// # use session::CookiePolicy;
    /// assert_eq!(CookiePolicy::named("sid").name(), "sid");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of bytes that a value may have. Browsers reject longer cookies; some of them count the attributes
    /// too.
    #[cfg(feature = "sealed")]
    pub(crate) fn room(&self) -> usize {
        MAX_COOKIE_BYTES.saturating_sub(self.issue("", MAX_COOKIE_AGE).map_or(MAX_COOKIE_BYTES, |header| header.len()))
    }

    /// The `Set-Cookie` header that sets `value`. It is marked as sensitive, so that it is neither logged nor put into
    /// the table of HPACK compression.
    pub(crate) fn issue(&self, value: &str, absolute: Duration) -> Option<HeaderValue> {
        let mut cookie = self.build(value);
        if self.persistent {
            let seconds = i64::try_from(absolute.min(MAX_COOKIE_AGE).as_secs()).unwrap_or_default();
            cookie.set_max_age(CookieDuration::seconds(seconds));
        }
        sensitive(&cookie)
    }

    /// The `Set-Cookie` header that removes the cookie. Browsers ignore it unless name, domain and path are those of
    /// the cookie.
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

    /// One sentence for each rule of RFC 6265bis and RFC 9110 that the settings break.
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
            format!("cookie name {name:?}: write the prefix in exactly this case: `__Host-` or `__Secure-`"),
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
                "cookie {name:?}: its prefix requires HTTPS; for plain HTTP use `CookiePolicy::named` with a name \
                 without it"
            ),
        );
        rule(
            self.same_site == SameSite::None && !self.secure,
            "`SameSite=None` needs a `Secure` cookie, or browsers reject it: remove `.dangerous_plain_http()`".into(),
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

//! [`OpendalOptions`].

use std::time::Duration;

use crate::port::StoreError;
use crate::port::options::{check_deadline, check_max_bytes};

/// Settings of an [`OpendalStore`](super::OpendalStore).
///
/// ```
/// use std::time::Duration;
/// use session::store::OpendalOptions;
///
/// let options = OpendalOptions::new().prefix("shop/sessions/").deadline(Duration::from_secs(5)).max_bytes(64 * 1024);
/// ```
#[derive(Clone, Debug)]
pub struct OpendalOptions {
    pub(super) prefix: String,
    pub(super) deadline: Duration,
    pub(super) max_bytes: usize,
}

impl Default for OpendalOptions {
    fn default() -> Self {
        Self { prefix: "sessions/".into(), deadline: Duration::from_secs(2), max_bytes: 1 << 20 }
    }
}

impl OpendalOptions {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The folder of the objects, below the operator's root. Default: `sessions/`. An object's name is the prefix and
    /// the session's id. Put nothing else into the folder.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a call may take, whatever number of requests it sends. Default: 2 s. From 1 ms to 60 s. For a sweep, it
    /// applies to each object.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The largest record to send, in bytes. Default: 1 MiB. From 1 KiB to 4 MiB, which every service accepts in one
    /// request.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let prefix = &self.prefix;
        if !is_folder(prefix) {
            return Err(StoreError::Misconfigured(format!(
                "prefix {prefix:?}: use a relative folder like `sessions/`, of letters, digits and any of . _ - /"
            )));
        }
        check_deadline("deadline", self.deadline)?;
        check_max_bytes(self.max_bytes, 4)
    }
}

/// Whether it is a relative folder that every service understands: no empty, `.` or `..` component.
fn is_folder(prefix: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(fits);
    prefix.len() <= 256 && prefix.strip_suffix('/').is_some_and(|folder| folder.split('/').all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_plain_relative_folder() {
        let long = format!("{}/", "x".repeat(256));
        for bad in ["", "/", "a", "/a/", "a//", "../", "a/../", "./", "a b/", "a\\b/", "ä/", "a/?/", "a\0/", &long] {
            assert!(OpendalOptions::new().prefix(bad).check().is_err(), "{bad}");
        }
        for good in ["sessions/", "a/b/c/", "Shop.v2/", "_/", &long[1..]] {
            assert!(OpendalOptions::new().prefix(good).check().is_ok(), "{good}");
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let new = OpendalOptions::new;
        let bad = [
            new().deadline(Duration::ZERO),
            new().deadline(Duration::from_secs(61)),
            new().max_bytes(0),
            new().max_bytes(usize::MAX),
        ];
        for options in bad {
            assert!(matches!(options.check(), Err(StoreError::Misconfigured(_))), "{options:?}");
        }
    }
}

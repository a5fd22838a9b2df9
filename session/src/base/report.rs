//! [`report`]: logs the errors that no caller receives.

use std::error::Error as _;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::base::error::Error;

/// Logs an error that becomes a response, or that has no caller at all. A debug build without a `tracing` subscriber
/// prints the first error of each kind to standard error: otherwise a developer sees a status, or nothing, and no
/// reason.
pub(crate) fn report(context: &'static str, error: &Error) {
    static PRINTED: AtomicU32 = AtomicU32::new(0);
    tracing::error!(%error, cause = ?error.source(), "{context}");
    if cfg!(debug_assertions)
        && tracing::level_filters::LevelFilter::current() == tracing::level_filters::LevelFilter::OFF
    {
        let bit = 1 << (error.kind() as u32);
        if PRINTED.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            eprintln!(
                "session: {context}: {}\n\
                 session: printed once, because this is a debug build without a `tracing` subscriber: install one, \
                 `tracing_subscriber::fmt::init()` for example, to see every event",
                with_causes(error)
            );
        }
    }
}

/// The error and its causes, for a developer. A cause that the text before it quotes is left out.
pub(crate) fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;

    #[test]
    fn each_cause_is_named_once() {
        let io = std::io::Error::other("connection refused");
        let inner = Error::new(ErrorKind::Unavailable, "the store failed").caused_by(io);
        let quoting = Error::new(ErrorKind::Unavailable, "GET: the store failed").caused_by(inner);
        assert_eq!(with_causes(&quoting), "GET: the store failed: connection refused");
    }
}

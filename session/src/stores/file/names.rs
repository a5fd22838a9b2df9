//! File names. They are made of ids and hashes alone, so that no input of a client is ever part of a path.

use std::fmt::Write as _;

use crate::data::token::SessionId;
use crate::port::UserKey;

/// The number of lock files; each session uses one of them.
pub(super) const LOCKS: usize = 64;

/// The name of the record of `id`, in lower-case hexadecimal digits. `Display` of an id is no file name: it has letters
/// of both cases, which some file systems do not distinguish.
pub(super) fn record(id: SessionId) -> String {
    hex(id.as_bytes())
}

/// The id whose record has the file name `name`.
pub(super) fn parse(name: &str) -> Option<SessionId> {
    let number = u128::from_str_radix(name, 16).ok()?;
    let id = SessionId::from_bytes(number.to_be_bytes());
    (record(id) == name).then_some(id)
}

/// The name of the folder with the entries of `user`'s sessions.
pub(super) fn user(user: &UserKey) -> String {
    hex(&user.digest())
}

/// The number of the lock that `id` uses.
pub(super) fn lock_number(id: SessionId) -> usize {
    let [first, ..] = *id.as_bytes();
    usize::from(first) % LOCKS
}

pub(super) fn lock(number: usize) -> String {
    format!("lock-{number:02x}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_exactly_one_name() {
        let id = SessionId::from_bytes(*b"\0\x01 sixteen bytes".first_chunk().unwrap());
        assert_eq!(parse(&record(id)), Some(id));
        for other in ["", "0", "..", "+0000000000000000000000000000001", &record(id).to_uppercase(), &record(id)[1..]] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}

//! What files are called: made of ids and hashes alone, so that nothing a visitor sends is ever part of a path.

use std::fmt::Write as _;

use crate::data::token::SessionId;
use crate::port::UserKey;

/// How many locks share the sessions.
pub(super) const LOCKS: usize = 64;

/// Of the record of `id`. Not its `Display`, which differs in case alone.
pub(super) fn record(id: SessionId) -> String {
    hex(id.as_bytes())
}

/// The id whose record is called `name`.
pub(super) fn parse(name: &str) -> Option<SessionId> {
    let number = u128::from_str_radix(name, 16).ok()?;
    let id = SessionId::from_bytes(number.to_be_bytes());
    (record(id) == name).then_some(id)
}

/// Of the folder of `user`'s sessions.
pub(super) fn user(user: &UserKey) -> String {
    hex(&user.digest())
}

/// Which lock `id` shares with others.
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
    fn a_record_has_one_name() {
        let id = SessionId::from_bytes(*b"\0\x01 sixteen bytes".first_chunk().unwrap());
        assert_eq!(parse(&record(id)), Some(id));
        for other in ["", "0", "..", "+0000000000000000000000000000001", &record(id).to_uppercase(), &record(id)[1..]] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}

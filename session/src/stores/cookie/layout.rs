//! The bytes of a cookie before they are sealed.
//!
//! ```text
//! u16  version of the session type
//! u8   form 01: the payload takes the rest. 02: the payload has a length, and zeros follow
//! u64  issued      the start of the session: its first write, or its last login or logout
//! u64  idle        idle deadline
//! u64  absolute    absolute deadline
//! [16] id
//! u16  length of the user key, then the user key
//! u16  in form 02: length of the payload
//!      the payload, as in a record; in form 02 zeros to the end
//! ```
//!
//! Times are milliseconds since the Unix epoch, numbers are big-endian. The layout is pinned by vectors in
//! `tests/it/vectors`.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};

use crate::base::clock::Timestamp;
use crate::crypto::seal::Rejected;
use crate::data::payload::Payload;
use crate::data::record::{Record, UserKey};
use crate::data::token::{SessionId, VerifierHash};

const TO_THE_END: u8 = 1;
const PADDED: u8 = 2;
/// Length of everything before the user key.
const HEADER: usize = 2 + 1 + 3 * 8 + 16 + 2;
/// How far the clocks of two servers may differ.
pub(super) const SKEW: Duration = Duration::from_mins(1);
/// No token has this hash, so none opens a note in a store that also keeps other sessions.
pub(super) const NO_VERIFIER: VerifierHash = VerifierHash::from_bytes([0; 32]);

/// What [`write`] appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// The number of bytes.
    pub(super) len: usize,
    is_padded: bool,
}

impl Form {
    /// The form of `record`, padded to a multiple of `multiple` if there is one, but to no more than `limit`.
    pub(super) fn of(record: &Record, multiple: Option<NonZeroUsize>, limit: usize) -> Self {
        let plain = HEADER + user(record).len() + record.payload.as_bytes().len();
        match multiple {
            None => Self { len: plain, is_padded: false },
            Some(multiple) => {
                let least = plain + 2;
                let len = least.checked_next_multiple_of(multiple.get()).unwrap_or(limit).min(limit.max(least));
                Self { len, is_padded: true }
            },
        }
    }
}

/// Appends `form.len` bytes.
pub(super) fn write(out: &mut Vec<u8>, form: Form, version: u16, id: SessionId, record: &Record) {
    let end = out.len() + form.len;
    let payload = record.payload.as_bytes();
    out.put_u16(version);
    out.put_u8(if form.is_padded { PADDED } else { TO_THE_END });
    out.put_u64(record.created.as_millis());
    out.put_u64(record.idle.as_millis());
    out.put_u64(record.absolute.as_millis());
    out.put_slice(id.as_bytes());
    // The engine refuses longer keys.
    out.put_u16(u16::try_from(user(record).len()).unwrap_or_default());
    out.put_slice(user(record));
    if form.is_padded {
        // A cookie is shorter.
        out.put_u16(u16::try_from(payload.len()).unwrap_or_default());
    }
    out.put_slice(payload);
    out.resize(end, 0);
}

/// Reads authentic bytes that [`write`] wrote, and checks the times first, then the content. `absolute` is the longest
/// life of a session in the current settings: a timeout that was shortened applies to older cookies too.
///
/// The record has the deadlines of the cookie and not the shortened ones. Another server, whose timeout is longer,
/// accepts this cookie and every copy of it until then, so a note of its end must last as long.
pub(super) fn read(mut rest: Bytes, absolute: Duration, now: Timestamp) -> Result<(SessionId, Record), Rejected> {
    if rest.len() < HEADER {
        return Err(Rejected::Content);
    }
    let (version, form) = (rest.get_u16(), rest.get_u8());
    let [created, idle, latest] = std::array::from_fn(|_| Timestamp::from_millis(rest.get_u64()));
    let mut id = [0; 16];
    rest.copy_to_slice(&mut id);
    let user = usize::from(rest.get_u16());
    if created > now.saturating_add(SKEW)
        || idle > latest
        || latest > created.saturating_add(crate::cookie::MAX_COOKIE_AGE)
    {
        return Err(Rejected::Times);
    }
    if now >= idle.min(created.saturating_add(absolute)) {
        return Err(Rejected::Expired);
    }
    if version == 0 || user > rest.len() {
        return Err(Rejected::Content);
    }
    let user = rest.split_to(user);
    let payload = match form {
        TO_THE_END => rest,
        PADDED => without_padding(rest).ok_or(Rejected::Content)?,
        _ => return Err(Rejected::Content),
    };
    let record = Record {
        epoch: 1,
        revision: 1,
        idle,
        absolute: latest,
        created,
        rotated: created,
        verifier: NO_VERIFIER,
        previous: None,
        writers: Default::default(),
        user: (!user.is_empty()).then_some(UserKey(user)),
        payload: Payload::parse(payload).map_err(|_| Rejected::Content)?,
    };
    Ok((SessionId::from_bytes(id), record))
}

fn without_padding(mut rest: Bytes) -> Option<Bytes> {
    let length = usize::from(rest.try_get_u16().ok()?);
    let padding = rest.get(length..)?;
    if padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    rest.truncate(length);
    Some(rest)
}

fn user(record: &Record) -> &[u8] {
    record.user().map_or(&[], UserKey::as_bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::payload::Edit;

    pub(in super::super) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    pub(in super::super) const HOUR: Duration = Duration::from_hours(1);
    pub(in super::super) const ID: SessionId = SessionId::from_bytes([7; 16]);

    pub(in super::super) fn record() -> Record {
        let edit = Edit { section: "shop", version: 3, codec: 1, key: "visits", value: Some(b"3") };
        Record {
            epoch: 1,
            revision: 1,
            idle: NOW.saturating_add(HOUR),
            absolute: NOW.saturating_add(2 * HOUR),
            created: NOW,
            rotated: NOW,
            verifier: NO_VERIFIER,
            previous: None,
            writers: Default::default(),
            user: Some(UserKey(b"42".as_slice().into())),
            payload: Payload::default().edited([edit]).unwrap(),
        }
    }

    fn plain() -> Vec<u8> {
        in_form(Form::of(&record(), None, LIMIT))
    }

    fn in_form(form: Form) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, form, 3, ID, &record());
        assert_eq!(out.len(), form.len);
        out
    }

    const LIMIT: usize = 3_000;

    fn padded(multiple: usize) -> Form {
        Form::of(&record(), NonZeroUsize::new(multiple), LIMIT)
    }

    fn open(plain: &[u8], now: Timestamp) -> Result<(SessionId, Record), Rejected> {
        read(Bytes::copy_from_slice(plain), 12 * HOUR, now)
    }

    fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut plain = plain();
        plain[at..at + bytes.len()].copy_from_slice(bytes);
        plain
    }

    #[test]
    fn written_bytes_are_read_back() {
        let (id, read) = open(&plain(), NOW).unwrap();
        let written = record();
        assert_eq!(id, ID);
        assert_eq!((written.created, written.idle, written.absolute), (read.created, read.idle, read.absolute));
        assert_eq!((written.user, written.payload), (read.user, read.payload));
    }

    #[test]
    fn layout() {
        let plain = plain();
        assert_eq!(plain[..3], [0, 3, 1]);
        assert_eq!(plain[3..11], NOW.as_millis().to_be_bytes());
        assert_eq!(plain[27..43], [7; 16]);
        assert_eq!(plain[43..47], [0, 2, b'4', b'2']);
        assert_eq!(plain[47..], *record().payload.as_bytes());
    }

    #[test]
    fn padded_layout() {
        let (plain, padded) = (plain(), in_form(padded(256)));
        assert_eq!(padded.len(), 256);
        assert_eq!((padded[..2].to_vec(), padded[2]), (plain[..2].to_vec(), 2));
        assert_eq!(padded[3..47], plain[3..47]);
        let payload = record().payload.as_bytes().to_vec();
        assert_eq!(padded[47..49], u16::try_from(payload.len()).unwrap().to_be_bytes());
        assert_eq!(padded[49..49 + payload.len()], payload);
        assert!(padded[49 + payload.len()..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn padding_stays_within_the_limit_and_is_read_back() {
        let least = plain().len() + 2;
        for multiple in (1..300).chain([1_000, LIMIT, LIMIT + 1, usize::MAX]) {
            let form = padded(multiple);
            assert!(form.len == LIMIT || form.len.is_multiple_of(multiple), "{multiple}");
            assert!((least..=LIMIT).contains(&form.len), "{multiple}");
            let (_, read) = open(&in_form(form), NOW).unwrap();
            assert_eq!((read.payload, read.user), (record().payload, record().user), "{multiple}");
        }
        let none = Form::of(&record(), NonZeroUsize::new(64), 10);
        assert_eq!(none.len, least, "a record over the limit is refused with its own size");
    }

    /// A shorter `absolute` in the settings ends older cookies too, and leaves their own deadlines as they are.
    #[test]
    fn the_current_absolute_timeout_applies() {
        let at = |millis| read(plain().into(), HOUR / 2, NOW.saturating_add(Duration::from_millis(millis)));
        let half = 30 * 60 * 1_000;
        let (_, open) = at(half - 1).unwrap();
        assert_eq!((open.idle, open.absolute), (record().idle, record().absolute));
        assert_eq!(at(half).unwrap_err(), Rejected::Expired);
    }

    /// Another release, or a bug, can seal invalid bytes with the right key.
    #[test]
    fn authentic_but_invalid_bytes_are_refused() {
        let millis = |time: Timestamp| time.as_millis().to_be_bytes();
        let (past, late) = (NOW.as_millis() - 1, NOW.saturating_add(HOUR * 24 * 401));
        for (what, bad, reason) in [
            ("version 0", with(0, &[0, 0]), Rejected::Content),
            ("form 0", with(2, &[0]), Rejected::Content),
            ("form 2 without a length", with(2, &[2]), Rejected::Content),
            ("form 3", with(2, &[3]), Rejected::Content),
            ("padding that is not zero", [in_form(padded(1)), vec![0, 1]].concat(), Rejected::Content),
            ("form 2 that ends in its length", in_form(padded(1))[..48].to_vec(), Rejected::Content),
            ("form 2 that ends in its payload", in_form(padded(1))[..50].to_vec(), Rejected::Content),
            (
                "issued in 61 s",
                with(3, &millis(NOW.saturating_add(SKEW).saturating_add(Duration::from_secs(1)))),
                Rejected::Times,
            ),
            ("issued at the end of time", with(3, &[0xff; 8]), Rejected::Times),
            ("idle after absolute", with(11, &millis(NOW.saturating_add(3 * HOUR))), Rejected::Times),
            ("absolute for ever", with(19, &[0xff; 8]), Rejected::Times),
            ("absolute in 401 days", with(19, &millis(late)), Rejected::Times),
            ("idle in the past", with(11, &past.to_be_bytes()), Rejected::Expired),
            ("idle now", with(11, &millis(NOW)), Rejected::Expired),
            ("idle at 0", with(11, &[0; 8]), Rejected::Expired),
            ("user too long", with(43, &[0xff, 0xff]), Rejected::Content),
            ("no payload format", with(47, &[9]), Rejected::Content),
            ("a byte more", [plain(), vec![0]].concat(), Rejected::Content),
            ("nothing", Vec::new(), Rejected::Content),
        ] {
            assert_eq!(open(&bad, NOW).unwrap_err(), reason, "{what}");
        }
        for length in 0..plain().len() {
            let whole = length == 47;
            assert_eq!(open(&plain()[..length], NOW).is_ok(), whole, "{length} bytes: only an absent payload is valid");
        }
        for (later, open_still) in [(HOUR, false), (HOUR.saturating_sub(Duration::from_millis(1)), true)] {
            assert_eq!(open(&plain(), NOW.saturating_add(later)).is_ok(), open_still);
        }
        assert!(open(&with(3, &millis(NOW.saturating_add(SKEW))), NOW).is_ok(), "clocks may differ by this much");
    }
}

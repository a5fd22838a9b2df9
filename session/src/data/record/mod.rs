//! [`Record`]: a stored session, and its encoding.
//!
//! ```text
//!   0  magic      a5 53 01, then flags 00
//!   4  epoch      u64   +1 at every change of privilege
//!  12  revision   u64   +1 at every commit
//!  20  idle       u64   idle deadline, then u32 CRC-32 of those eight bytes: a touch writes only these twelve bytes
//!  32  checksum   u32   CRC-32 of all bytes except 20..36
//!  36  absolute   u64   absolute deadline
//!  44  created    u64
//!  52  rotated    u64   when the verifier was last replaced
//!  60  verifier   [32]  hash of the verifier that opens the session
//!  92  previous   [32]  hash of the verifier before it; zeros if there is none
//! 124  until      u64   when the previous verifier stops opening the session; 2^64-1 until the new one has been used;
//!                       1 if it opens nothing, and only proves that a request was sent before a change of privilege
//! 132  writers    8 × (u32 process, u32 sequence): the last commit of each of the last eight processes
//! 196  user       u16 length, then that many bytes
//!   …  payload    to the end
//! ```
//!
//! Numbers are big-endian, so that a script in a store can compare them as bytes. Times are milliseconds since the Unix
//! epoch. Test vectors in `tests/it/vectors` pin the layout.

use std::fmt;

use bytes::{BufMut as _, Bytes};

use crate::base::clock::Timestamp;
use crate::base::error::Corrupt;
use crate::data::payload::Payload;
use crate::data::token::VerifierHash;

mod ids;

pub(crate) use self::ids::Identity;
pub use self::ids::{OpId, UserKey};

pub(crate) const MAGIC: [u8; 4] = [0xa5, b'S', 0x01, 0x00];
pub(crate) const IDLE_AT: usize = 20;
const CHECKSUM_AT: usize = 32;
const ABSOLUTE_AT: usize = 36;
const PREVIOUS_AT: usize = 92;
/// Where the last commit is: the first of the writers.
pub(crate) const WRITERS_AT: usize = 132;
const USER_AT: usize = 196;
pub(crate) const WRITERS: usize = 8;
/// The length of a record without user and payload.
pub(crate) const HEADER: usize = USER_AT + 2;
const _: () = assert!(PREVIOUS_AT + 32 + 8 == WRITERS_AT && WRITERS_AT + WRITERS * 8 == USER_AT);

/// The deadline of a previous verifier that opens nothing. It proves that a request was sent before the rotation.
pub(crate) const CLOSED: Timestamp = Timestamp::from_millis(1);
/// The deadline of a previous verifier that opens the session until the new one has been used.
pub(crate) const UNSEEN: Timestamp = Timestamp::from_millis(u64::MAX);

/// A stored session: a header, whose numbers a store compares, and the fields of the session, which a store does not
/// read.
///
/// A store keeps the bytes of [`encode`](Self::encode), and may keep a copy of header fields beside them, for example
/// in columns.
///
/// ```
/// use session::store::Record;
/// use session::{Corrupt, Timestamp};
///
/// /// What a store does with the bytes that it finds under an id.
/// fn read(bytes: Vec<u8>, now: Timestamp) -> Result<Option<Record>, Corrupt> {
///     let record = Record::decode(bytes)?;
///     Ok((!record.is_expired(now)).then_some(record))
/// }
/// assert!(read(vec![0; 200], Timestamp::from_millis(0)).is_err());
/// ```
#[derive(Clone)]
pub struct Record {
    pub(crate) epoch: u64,
    pub(crate) revision: u64,
    pub(crate) idle: Timestamp,
    pub(crate) absolute: Timestamp,
    pub(crate) created: Timestamp,
    pub(crate) rotated: Timestamp,
    pub(crate) verifier: VerifierHash,
    pub(crate) previous: Option<(VerifierHash, Timestamp)>,
    pub(crate) writers: [OpId; WRITERS],
    pub(crate) user: Option<UserKey>,
    pub(crate) payload: Payload,
}

impl Record {
    /// The number of changes of privilege: login, logout, rotation. A store refuses a commit that was made in an older
    /// epoch.
    ///
    /// ```
    /// # use session::store::Record;
    /// fn is_after(one: &Record, other: &Record) -> bool {
    ///     (one.epoch(), one.revision()) > (other.epoch(), other.revision())
    /// }
    /// ```
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number of commits.
    ///
    /// ```
    /// # use session::store::Record;
    /// fn has_changed(cached: &Record, stored: &Record) -> bool {
    ///     cached.revision() != stored.revision()
    /// }
    /// ```
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// When the session expires if it is not used before.
    ///
    /// ```
    /// # use session::Timestamp;
    /// # use session::store::Record;
    /// fn expires(record: &Record) -> Timestamp {
    ///     record.idle_deadline().min(record.absolute_deadline())
    /// }
    /// ```
    pub fn idle_deadline(&self) -> Timestamp {
        self.idle
    }

    /// When the session expires in any case.
    ///
    /// ```
    /// # use session::Timestamp;
    /// # use session::store::Record;
    /// fn can_be_touched_until(record: &Record) -> Timestamp {
    ///     record.absolute_deadline()
    /// }
    /// ```
    pub fn absolute_deadline(&self) -> Timestamp {
        self.absolute
    }

    /// When the session was created: its first commit, or its last login or logout.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session::Timestamp;
    /// # use session::store::Record;
    /// fn age(record: &Record, now: Timestamp) -> Duration {
    ///     now.duration_since(record.created())
    /// }
    /// ```
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// The user who is logged in, for the user index.
    ///
    /// ```
    /// # use session::store::{Record, UserKey};
    /// fn is_of(record: &Record, user: &UserKey) -> bool {
    ///     record.user() == Some(user)
    /// }
    /// ```
    pub fn user(&self) -> Option<&UserKey> {
        self.user.as_ref()
    }

    /// Whether the session has expired at `now`. A session expires *at* its deadline: `now == deadline` is expired.
    ///
    /// ```
    /// # use session::Timestamp;
    /// # use session::store::Record;
    /// fn loaded(record: Record, now: Timestamp) -> Option<Record> {
    ///     (!record.is_expired(now)).then_some(record)
    /// }
    /// ```
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.idle || now >= self.absolute
    }

    /// Whether this record contains the commit `op`: it is the last commit of its process.
    ///
    /// ```
    /// # use session::store::{OpId, Record};
    /// fn is_repetition(stored: &Record, op: OpId) -> bool {
    ///     stored.has_applied(op)
    /// }
    /// ```
    pub fn has_applied(&self, op: OpId) -> bool {
        self.writers.contains(&op)
    }

    /// The commit that wrote this record.
    ///
    /// ```
    /// # use session::store::Record;
    /// fn are_the_same(one: &Record, other: &Record) -> bool {
    ///     (one.epoch(), one.revision(), one.last_op()) == (other.epoch(), other.revision(), other.last_op())
    /// }
    /// ```
    pub fn last_op(&self) -> OpId {
        let [last, ..] = self.writers;
        last
    }

    /// The record with another idle deadline. For stores that keep the deadline beside the bytes.
    ///
    /// ```
    /// # use session::store::Record;
    /// # use session::{Corrupt, Timestamp};
    /// fn from_row(bytes: Vec<u8>, idle: Timestamp) -> Result<Record, Corrupt> {
    ///     Ok(Record::decode(bytes)?.with_idle_deadline(idle))
    /// }
    /// ```
    #[must_use]
    pub fn with_idle_deadline(mut self, idle: Timestamp) -> Self {
        self.idle = idle;
        self
    }

    /// The record with all times shifted by `offset` milliseconds. For stores whose server has a clock of its own,
    /// `offset` milliseconds ahead of this process.
    ///
    /// ```
    /// # use session::store::Record;
    /// /// `ahead`: by how many milliseconds the clock of the server is ahead of this process.
    /// fn for_the_server(record: Record, ahead: i64) -> Record {
    ///     record.offset(ahead)
    /// }
    /// ```
    #[must_use]
    pub fn offset(mut self, offset: i64) -> Self {
        for time in [&mut self.idle, &mut self.absolute, &mut self.created, &mut self.rotated] {
            *time = time.offset(offset);
        }
        if let Some((_, until)) = &mut self.previous
            && ![UNSEEN, CLOSED].contains(until)
        {
            *until = until.offset(offset);
        }
        self
    }

    /// The number of bytes that [`encode`](Self::encode) returns.
    ///
    /// ```
    /// # use session::store::Record;
    /// fn fits(record: &Record) -> bool {
    ///     record.encoded_len() <= 64 * 1024
    /// }
    /// ```
    pub fn encoded_len(&self) -> usize {
        HEADER + self.user.as_ref().map_or(0, |user| user.0.len()) + self.payload.as_bytes().len()
    }

    /// Encodes the record. [`decode`](Self::decode) reads it back.
    ///
    /// ```
    /// # use session::Corrupt;
    /// # use session::store::Record;
    /// fn copied(record: &Record) -> Result<Record, Corrupt> {
    ///     Record::decode(record.encode())
    /// }
    /// ```
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        out.put_slice(&MAGIC);
        out.put_u64(self.epoch);
        out.put_u64(self.revision);
        out.put_slice(&idle_bytes(self.idle));
        out.put_u32(0);
        out.put_u64(self.absolute.as_millis());
        out.put_u64(self.created.as_millis());
        out.put_u64(self.rotated.as_millis());
        out.put_slice(self.verifier.as_bytes());
        let (previous, until) = match &self.previous {
            Some((hash, until)) => (*hash.as_bytes(), until.as_millis()),
            None => ([0; 32], 0),
        };
        out.put_slice(&previous);
        out.put_u64(until);
        for op in self.writers {
            out.put_slice(&op.to_bytes());
        }
        let user = self.user.as_ref().map_or(&[][..], UserKey::as_bytes);
        // The engine refuses longer keys.
        out.put_u16(u16::try_from(user.len()).unwrap_or_default());
        out.put_slice(user);
        out.put_slice(self.payload.as_bytes());
        let checksum = checksum(&out);
        if let Some(place) = out.get_mut(CHECKSUM_AT..ABSOLUTE_AT) {
            place.copy_from_slice(&checksum.to_be_bytes());
        }
        out
    }

    /// Decodes a record, and checks all of its bytes.
    ///
    /// # Errors
    ///
    /// [`Corrupt`] if the bytes are not what [`encode`](Self::encode) returned: cut short, changed in a single bit, or
    /// of another origin.
    ///
    /// ```
    /// # use session::store::Record;
    /// assert!(Record::decode(&b"another format"[..]).is_err());
    /// ```
    pub fn decode(bytes: impl Into<Bytes>) -> Result<Self, Corrupt> {
        let bytes: Bytes = bytes.into();
        let mut rest = &bytes[..];
        if take::<4>(&mut rest)? != MAGIC {
            return Err(Corrupt::new("not a session record, or of a format this version does not know"));
        }
        let epoch = take_u64(&mut rest)?;
        let revision = take_u64(&mut rest)?;
        let idle = take::<12>(&mut rest)?;
        let stored_checksum = take::<4>(&mut rest)?;
        let absolute = Timestamp::from_millis(take_u64(&mut rest)?);
        let created = Timestamp::from_millis(take_u64(&mut rest)?);
        let rotated = Timestamp::from_millis(take_u64(&mut rest)?);
        let verifier = VerifierHash::from_bytes(take(&mut rest)?);
        let previous = take::<32>(&mut rest)?;
        let until = Timestamp::from_millis(take_u64(&mut rest)?);
        let mut writers = [OpId::default(); WRITERS];
        for op in &mut writers {
            *op =
                OpId { process: u32::from_be_bytes(take(&mut rest)?), sequence: u32::from_be_bytes(take(&mut rest)?) };
        }
        let user_length = usize::from(u16::from_be_bytes(take(&mut rest)?));
        let (user, payload) =
            rest.split_at_checked(user_length).ok_or_else(|| Corrupt::new("the record is cut short"))?;
        if checksum(&bytes).to_be_bytes() != stored_checksum {
            return Err(Corrupt::new("the checksum does not match"));
        }
        let idle = parse_idle(idle)?;
        Ok(Self {
            epoch,
            revision,
            idle,
            absolute,
            created,
            rotated,
            verifier,
            previous: (until.as_millis() != 0).then(|| (VerifierHash::from_bytes(previous), until)),
            writers,
            user: (!user.is_empty()).then(|| UserKey(bytes.slice_ref(user))),
            payload: Payload::parse(if payload.is_empty() { Bytes::new() } else { bytes.slice_ref(payload) })?,
        })
    }

    /// Enters `op` as the last commit of its process. If the process is new, the entry of the process that wrote
    /// longest ago is dropped.
    pub(crate) fn note_writer(&mut self, op: OpId) {
        let at = self.writers.iter().position(|known| known.process == op.process).unwrap_or(WRITERS - 1);
        if let Some(upto) = self.writers.get_mut(..=at) {
            upto.rotate_right(1);
        }
        if let Some(first) = self.writers.first_mut() {
            *first = op;
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("epoch", &self.epoch)
            .field("revision", &self.revision)
            .field("idle", &self.idle)
            .field("absolute", &self.absolute)
            .field("payload_bytes", &self.payload.as_bytes().len())
            .finish_non_exhaustive()
    }
}

/// The twelve bytes that a touch replaces: the idle deadline and its checksum.
pub(crate) fn idle_bytes(idle: Timestamp) -> [u8; 12] {
    let mut out = [0; 12];
    let (time, check) = out.split_at_mut(8);
    time.copy_from_slice(&idle.as_millis().to_be_bytes());
    check.copy_from_slice(&crc32fast::hash(time).to_be_bytes());
    out
}

fn parse_idle(bytes: [u8; 12]) -> Result<Timestamp, Corrupt> {
    let idle = Timestamp::from_millis(take_u64(&mut &bytes[..])?);
    if idle_bytes(idle) == bytes { Ok(idle) } else { Err(Corrupt::new("the idle deadline's checksum does not match")) }
}

/// The checksum of all bytes except the idle deadline and the checksum itself.
fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes.get(..IDLE_AT).unwrap_or_default());
    hasher.update(bytes.get(ABSOLUTE_AT..).unwrap_or_default());
    hasher.finalize()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Corrupt> {
    let (head, tail) = rest.split_first_chunk().ok_or_else(|| Corrupt::new("the record is cut short"))?;
    *rest = tail;
    Ok(*head)
}

fn take_u64(rest: &mut &[u8]) -> Result<u64, Corrupt> {
    Ok(u64::from_be_bytes(take(rest)?))
}

#[cfg(test)]
impl Record {
    /// A record without anything that it may lack.
    pub(crate) fn minimal() -> Self {
        Self {
            epoch: 2,
            revision: 7,
            idle: Timestamp::from_millis(1_000),
            absolute: Timestamp::from_millis(9_000),
            created: Timestamp::from_millis(10),
            rotated: Timestamp::from_millis(20),
            verifier: VerifierHash::from_bytes([0x11; 32]),
            previous: None,
            writers: Default::default(),
            user: None,
            payload: Payload::default(),
        }
    }

    /// A record with everything.
    pub(crate) fn full() -> Self {
        let value = Some(&b"3"[..]);
        let edit = crate::data::payload::Edit { section: "shop", version: 1, codec: 1, key: "visits", value };
        Self {
            previous: Some((VerifierHash::from_bytes([0x22; 32]), UNSEEN)),
            writers: [1, 2, 3, 4, 5, 6, 7, 8].map(|process| OpId { process, sequence: 9 }),
            user: Some(UserKey(Bytes::from_static(b"42"))),
            payload: Payload::default().edited([edit]).unwrap_or_default(),
            ..Self::minimal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_record_is_decoded() {
        let bytes = Record::full().encode();
        assert_eq!(bytes.len(), Record::full().encoded_len());
        assert_eq!(Record::decode(bytes.clone()).unwrap().encode(), bytes);
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_corrupt() {
        let bytes = Record::full().encode();
        for length in 0..bytes.len() {
            assert!(Record::decode(bytes[..length].to_vec()).is_err(), "{length} bytes");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::decode(flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_process_has_one_entry_and_the_oldest_entry_is_dropped() {
        let mut record = Record::full();
        for process in 10..20 {
            for sequence in 0..3 {
                record.note_writer(OpId { process, sequence });
            }
        }
        let kept: Vec<u32> = record.writers.iter().map(|op| op.process).collect();
        assert_eq!(kept, [19, 18, 17, 16, 15, 14, 13, 12]);
        assert!(record.has_applied(OpId { process: 12, sequence: 2 }));
        assert!(!record.has_applied(OpId { process: 12, sequence: 1 }));
    }
}

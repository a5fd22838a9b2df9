//! [`PackedRecord`]: a record as memory holds it, in one allocation.
//!
//! ```text
//!   0  epoch, revision, idle, absolute, created, rotated   u64 each
//!  48  verifier   [32]
//!  80  user       u16 length, then that many bytes
//!   …  previous   u8, 1 for one: [32] hash, u64 until
//!   …  writers    u8 how many, then that many times 8 bytes
//!   …  payload    to the end
//! ```
//!
//! Most records have one writer, no previous verifier and a short user: about ninety bytes besides the payload, where a
//! [`Record`] takes three hundred. Only this process reads them, so the layout may change at any time.

use bytes::{Buf as _, BufMut as _, Bytes};

use super::room::Amount;
use crate::base::clock::Timestamp;
use crate::base::error::Corrupt;
use crate::data::payload::Payload;
use crate::data::record::{OpId, Record, UserKey, WRITERS};
use crate::data::token::VerifierHash;
use crate::port::StoredHead;

const EPOCH_AT: usize = 0;
const REVISION_AT: usize = 8;
const IDLE_AT: usize = 16;
const ABSOLUTE_AT: usize = 24;
const CREATED_AT: usize = 32;
const USER_AT: usize = 80;
/// Bytes that every record has: the fixed part, and the lengths of the variable ones.
const FIXED: usize = 80 + 1 + 1 + 2;

pub(super) struct PackedRecord(Box<[u8]>);

impl PackedRecord {
    pub(super) fn new(record: &Record) -> Self {
        // The latest writer is first, and unused places are last.
        let written = record.writers.iter().take_while(|op| **op != OpId::default()).count();
        let writers = record.writers.iter().take(written);
        let user = record.user().map_or(&[][..], UserKey::as_bytes);
        let payload = record.payload.as_bytes();
        let previous = record.previous.as_ref().map_or(0, |_| 40);
        let mut out = Vec::with_capacity(FIXED + previous + written * 8 + user.len() + payload.len());
        let [idle, absolute, created, rotated] =
            [record.idle, record.absolute, record.created, record.rotated].map(Timestamp::as_millis);
        let words = [record.epoch, record.revision, idle, absolute, created, rotated].map(u64::to_ne_bytes);
        out.put_slice(words.as_flattened());
        out.put_slice(record.verifier.as_bytes());
        // The engine refuses longer keys; see `UserKey`.
        out.put_u16_ne(u16::try_from(user.len()).unwrap_or_default());
        out.put_slice(user);
        out.put_u8(u8::from(record.previous.is_some()));
        if let Some((previous, until)) = &record.previous {
            out.put_slice(previous.as_bytes());
            out.put_u64_ne(until.as_millis());
        }
        out.put_u8(u8::try_from(written).unwrap_or_default());
        for op in writers {
            out.put_u32_ne(op.process);
            out.put_u32_ne(op.sequence);
        }
        out.put_slice(payload);
        Self(out.into())
    }

    pub(super) fn amount(&self) -> Amount {
        Amount::of(self.0.len())
    }

    pub(super) fn idle(&self) -> Timestamp {
        Timestamp::from_millis(self.word(IDLE_AT))
    }

    pub(super) fn absolute(&self) -> Timestamp {
        Timestamp::from_millis(self.word(ABSOLUTE_AT))
    }

    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.idle() || now >= self.absolute()
    }

    pub(super) fn set_idle(&mut self, idle: Timestamp) {
        if let Some(place) = self.0.get_mut(IDLE_AT..ABSOLUTE_AT) {
            place.copy_from_slice(&idle.as_millis().to_ne_bytes());
        }
    }

    /// The user's key, or nothing if no user is logged in.
    pub(super) fn user(&self) -> &[u8] {
        let split = self.0.get(USER_AT..).and_then(<[u8]>::split_first_chunk);
        split.and_then(|(length, rest)| rest.get(..u16::from_ne_bytes(*length).into())).unwrap_or_default()
    }

    pub(super) fn record(&self) -> Result<Record, Corrupt> {
        // `new` writes what `rest` reads.
        let rest = self.rest().ok_or_else(|| Corrupt::new("a record in memory is cut short"))?;
        Ok(Record {
            epoch: self.epoch(),
            revision: self.revision(),
            idle: self.idle(),
            absolute: self.absolute(),
            created: rest.created,
            rotated: rest.rotated,
            verifier: rest.verifier,
            previous: rest.previous,
            writers: rest.writers,
            user: (!rest.user.is_empty()).then(|| UserKey(Bytes::copy_from_slice(rest.user))),
            payload: Payload::known(rest.payload),
        })
    }

    fn word(&self, at: usize) -> u64 {
        self.0.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_ne_bytes(*bytes))
    }

    fn rest(&self) -> Option<Rest<'_>> {
        let mut bytes = self.0.get(CREATED_AT..)?;
        let created = take_time(&mut bytes)?;
        let rotated = take_time(&mut bytes)?;
        let verifier = take_hash(&mut bytes)?;
        let user = usize::from(bytes.try_get_u16_ne().ok()?);
        let (user, mut bytes) = bytes.split_at_checked(user)?;
        let previous = match bytes.try_get_u8().ok()? {
            0 => None,
            _ => Some((take_hash(&mut bytes)?, take_time(&mut bytes)?)),
        };
        let mut writers = <[OpId; WRITERS]>::default();
        let written = usize::from(bytes.try_get_u8().ok()?);
        for op in writers.iter_mut().take(written) {
            *op = OpId { process: bytes.try_get_u32_ne().ok()?, sequence: bytes.try_get_u32_ne().ok()? };
        }
        Some(Rest { created, rotated, verifier, previous, writers, user, payload: bytes })
    }
}

impl StoredHead for PackedRecord {
    fn epoch(&self) -> u64 {
        self.word(EPOCH_AT)
    }

    fn revision(&self) -> u64 {
        self.word(REVISION_AT)
    }

    fn has_applied(&self, op: OpId) -> bool {
        self.rest().is_some_and(|rest| rest.writers.contains(&op))
    }

    fn last_op(&self) -> OpId {
        self.rest().map(|Rest { writers: [last, ..], .. }| last).unwrap_or_default()
    }
}

/// The part of a record that is read only as a whole.
struct Rest<'a> {
    created: Timestamp,
    rotated: Timestamp,
    verifier: VerifierHash,
    previous: Option<(VerifierHash, Timestamp)>,
    writers: [OpId; WRITERS],
    user: &'a [u8],
    payload: &'a [u8],
}

fn take_time(bytes: &mut &[u8]) -> Option<Timestamp> {
    bytes.try_get_u64_ne().ok().map(Timestamp::from_millis)
}

fn take_hash(bytes: &mut &[u8]) -> Option<VerifierHash> {
    let (hash, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(VerifierHash::from_bytes(*hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_record_unpacks_to_the_same_bytes() {
        let op = |process| OpId { process, sequence: 9 };
        for record in [Record::minimal(), Record::full()] {
            let mut packed = PackedRecord::new(&record);
            assert_eq!(packed.record().unwrap().encode(), record.encode());
            assert_eq!(packed.user(), record.user().map_or(&[][..], UserKey::as_bytes));
            assert_eq!(packed.has_applied(op(8)), record.has_applied(op(8)));
            assert_eq!(packed.last_op(), record.last_op());
            packed.set_idle(Timestamp::from_millis(2_000));
            let later = record.with_idle_deadline(Timestamp::from_millis(2_000));
            assert_eq!(packed.record().unwrap().encode(), later.encode());
        }
    }
}

//! [`SeededRng`]: reproducible random numbers; everything random in the contract, except ids and users, follows from
//! one seed.

use crate::data::payload::Edit;
use crate::data::record::{OpId, Record};

/// `SplitMix64`, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Debug)]
pub(in crate::testing) struct SeededRng(u64);

impl SeededRng {
    pub(in crate::testing) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::testing) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub(in crate::testing) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// True with probability 1 / `times`.
    pub(in crate::testing) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        let index = self.below(among.len() as u64);
        among.get(usize::try_from(index).unwrap_or_default())
    }

    /// A record that a commit `op` may put in the place of `base`: with other content of another length, another idle
    /// deadline, and sometimes another epoch.
    pub(super) fn following(&mut self, base: &Record, op: OpId) -> Record {
        let mut next = super::following(base, op);
        let content = self.next().to_be_bytes().repeat(usize::try_from(self.below(40)).unwrap_or_default() + 1);
        let edit = Edit { section: "contract", version: 1, codec: 1, key: "value", value: Some(&content) };
        next.payload = next.payload.edited([edit]).unwrap_or_default();
        next.idle = self.deadline(base);
        next.epoch += u64::from(self.once_in(5));
        next
    }

    /// An idle deadline whole minutes away from that of `base`, and before its absolute deadline.
    pub(super) fn deadline(&mut self, base: &Record) -> crate::base::clock::Timestamp {
        base.created.saturating_add(super::LONG * (5 + u32::try_from(self.below(20)).unwrap_or_default()))
    }
}

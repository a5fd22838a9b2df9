//! Limits of the store, and what it removes.

use std::time::Duration;

use super::*;
use crate::data::payload::{Edit, Payload};
use crate::data::record::{OpId, UNSEEN};

/// Any number of due records may have been touched since. A `create` on a full store must not examine all of them.
#[tokio::test]
async fn a_create_on_a_full_store_examines_a_bounded_number_of_records() {
    let at = Timestamp::from_millis;
    let store = MemoryStore::with_max_sessions(4_000);
    for number in 0..4_000_u16 {
        let mut id = [0; 16];
        for (place, byte) in id.iter_mut().zip(number.to_le_bytes().into_iter().cycle()) {
            *place = byte;
        }
        let mut packed = PackedRecord::new(&Record::minimal());
        packed.set_idle(at(9_000));
        let mut shard = store.shard(SessionId::from_bytes(id));
        shard.due.push(Reverse((at(1_000), SessionId::from_bytes(id))));
        shard.insert(SessionId::from_bytes(id), packed);
        drop(shard);
        assert!(store.reserve(Amount { records: 1, bytes: 0 }, true));
    }
    assert!(store.create(SessionId::from_bytes([0xff; 16]), &Record::minimal(), at(2_000)).await.is_err());
    let examined = |shard: &Mutex<Shard>| lock(shard).due.iter().filter(|Reverse((due, _))| *due == at(9_000)).count();
    assert_eq!(store.shards.iter().map(examined).sum::<usize>(), SWEPT_WHEN_FULL);
}

#[tokio::test]
async fn revoked_sessions_leave_nothing_in_the_heap() {
    let (store, user) = (MemoryStore::new(), UserKey(bytes::Bytes::from_static(b"42")));
    for number in 0..1_000_u16 {
        let mut id = [7; 16];
        id[14..].copy_from_slice(&number.to_be_bytes());
        let record = Record { user: Some(user.clone()), ..Record::minimal() };
        assert_eq!(
            store.create(SessionId::from_bytes(id), &record, Timestamp::from_millis(1)).await.unwrap(),
            Created::Created
        );
        assert_eq!(store.revoke_user(&user, None, Timestamp::from_millis(1)).await.unwrap(), 1);
    }
    assert!(store.shards.iter().map(|shard| lock(shard).due.len()).sum::<usize>() <= 65);
}

fn id(number: u32) -> SessionId {
    let mut id = [7; 16];
    for (place, byte) in id.iter_mut().zip(number.to_le_bytes().into_iter().cycle()) {
        *place = byte;
    }
    SessionId::from_bytes(id)
}

fn of_user(record: Record) -> Record {
    Record { user: Some(UserKey(bytes::Bytes::from_static(b"42"))), ..record }
}

fn sized(bytes: usize) -> Record {
    let value = vec![b'x'; bytes];
    let edit = Edit { section: "s", version: 1, codec: 1, key: "k", value: Some(&value) };
    Record { payload: Payload::default().edited([edit]).unwrap(), ..Record::minimal() }
}

const NOW: Timestamp = Timestamp::from_millis(1);

#[tokio::test]
async fn anonymous_visitors_leave_a_tenth_of_the_sessions_to_logins() {
    let store = MemoryStore::with_max_sessions(100);
    for number in 0..90 {
        assert_eq!(store.create(id(number), &Record::minimal(), NOW).await.unwrap(), Created::Created);
    }
    assert!(matches!(store.create(id(90), &Record::minimal(), NOW).await, Err(StoreError::Full(_))));
    for number in 100..110 {
        assert_eq!(store.create(id(number), &of_user(Record::minimal()), NOW).await.unwrap(), Created::Created);
    }
    assert!(matches!(store.create(id(110), &of_user(Record::minimal()), NOW).await, Err(StoreError::Full(_))));
    assert_eq!(store.destroy(id(0), NOW).await.unwrap(), Destroyed::Existed);
    assert_eq!(store.create(id(110), &of_user(Record::minimal()), NOW).await.unwrap(), Created::Created);
}

#[tokio::test]
async fn the_memory_of_all_sessions_is_bounded_and_given_back() {
    let store = MemoryStore::new().max_bytes(100_000);
    let mut filed = 0;
    while store.create(id(filed), &sized(10_000), NOW).await.is_ok() {
        filed += 1;
    }
    assert_eq!(filed, 8, "nine tenths");
    let current = store.load(id(0), NOW).await.unwrap().unwrap();
    let commit = async |current: &Record, bytes: usize, user: bool| {
        let mut next = Record { revision: current.revision + 1, ..sized(bytes) };
        next.note_writer(OpId { process: 1, sequence: u32::try_from(next.revision).unwrap() });
        if user {
            next = Record { epoch: current.epoch + 1, ..of_user(next) };
        }
        let op = next.last_op();
        let committed = store.commit(id(0), Commit::new(current, op, &next), NOW).await;
        (committed.map(|committed| format!("{committed:?}")), next)
    };
    assert!(matches!(commit(&current, 20_000, false).await.0, Err(StoreError::Full(_))), "no growth");
    assert_eq!(commit(&current, 20_000, true).await.0.unwrap(), "Applied", "room for a login");
    let current = store.load(id(0), NOW).await.unwrap().unwrap();
    let (shrunk, current) = commit(&current, 10, false).await;
    assert_eq!(shrunk.unwrap(), "Applied");
    assert_eq!(commit(&current, 10_000, false).await.0.unwrap(), "Applied", "the memory was given back");
    for number in 0..filed {
        assert_eq!(store.destroy(id(number), NOW).await.unwrap(), Destroyed::Existed);
    }
    assert!(store.held.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ahead_and_back_removes_nothing() {
    let (store, ahead) = (MemoryStore::with_max_sessions(1_000), Timestamp::from_millis(1 << 40));
    for number in 0..100 {
        assert_eq!(store.create(id(number), &Record::minimal(), NOW).await.unwrap(), Created::Created);
    }
    let later = Record { idle: ahead.saturating_add(Duration::from_hours(1)), absolute: UNSEEN, ..Record::minimal() };
    let fill = async |numbers: std::ops::Range<u32>| {
        for number in numbers {
            let _ = store.create(id(number), &later, ahead).await;
        }
    };
    fill(1_000..2_000).await;
    assert_eq!(store.len(), 900, "full of live sessions: the old ones are kept");
    for number in 0..100 {
        assert!(store.load(id(number), ahead).await.unwrap().is_none(), "expired by the clock");
        assert!(store.load(id(number), NOW).await.unwrap().is_some(), "kept");
    }
    tokio::time::advance(Duration::from_mins(10)).await;
    fill(2_000..2_100).await;
    assert!(store.load(id(0), NOW).await.unwrap().is_none(), "the clock has stayed there");
}

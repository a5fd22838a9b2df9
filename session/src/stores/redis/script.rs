//! The scripts that the store sends, and the commands that go with them.

use std::time::Duration;

use redis::{Arg, Cmd};

use crate::base::clock::{Timestamp, millis};
use crate::data::record::{HEADER, IDLE_AT, MAGIC, WRITERS_AT};
use crate::port::Commit;

/// Replaces a record if its first 20 bytes (magic, epoch, revision) and the eight bytes of its last commit are the
/// expected ones.
///
/// Arguments: the expected bytes; the commit's operation id; the new record; how long that lives, in milliseconds, so
/// that its idle deadline less this is the time now; optionally a channel and a message to publish on it. The commit
/// stands even if publishing fails.
///
/// Byte positions are those of the record's header, counted from one. Deadlines are compared as numbers, because Lua
/// compares strings by the server's locale. Numbers for commands are written as strings, because Lua would print them
/// as floats.
pub(super) const COMMIT: &str = r"
local head = redis.call('GETRANGE', KEYS[1], '0', '139')
local expected = string.sub(head, 1, 20) .. string.sub(head, 133, 140) == ARGV[1]
if not expected then
  if head == '' then return 'GONE' end
  if string.sub(head, 1, 4) ~= string.sub(ARGV[1], 1, 4) or string.len(head) < 140 then return 'FOREIGN' end
end
local idle, later = struct.unpack('>I8', head, 21), struct.unpack('>I8', ARGV[3], 21)
if idle <= later - ARGV[4] then return 'GONE' end
if expected then
  if idle > later then
    local idle = redis.call('GETRANGE', KEYS[1], '20', '31')
    redis.call('SET', KEYS[1], string.sub(ARGV[3], 1, 20) .. idle .. string.sub(ARGV[3], 33), 'KEEPTTL')
  else
    redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  end
  if ARGV[5] then redis.pcall('PUBLISH', ARGV[5], ARGV[6]) end
  return 1
end
local writers = redis.call('GETRANGE', KEYS[1], '132', '195')
for at = 1, 57, 8 do
  if string.sub(writers, at, at + 7) == ARGV[2] then return 1 end
end
if string.sub(head, 5, 12) ~= string.sub(ARGV[1], 5, 12) then return 'SUPERSEDED' end
return {redis.call('GET', KEYS[1])}
";
/// Moves the idle deadline of a live record forward. Arguments: the new idle bytes of the header; how long the record
/// lives then, in milliseconds; the time now. If its second write is refused, the record is as it was.
pub(super) const TOUCH: &str = r"
local head = redis.call('GETRANGE', KEYS[1], '0', '31')
if head == '' then return 'GONE' end
if string.sub(head, 1, 4) ~= '\165S\1\0' or string.len(head) < 32 then return 'FOREIGN' end
if struct.unpack('>I8', head, 21) <= tonumber(ARGV[3]) then return 'GONE' end
if struct.unpack('>I8', head, 21) < struct.unpack('>I8', ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  redis.call('SETRANGE', KEYS[1], '20', ARGV[1])
end
return 'TOUCHED'
";
const _: () = assert!(HEADER == 198 && IDLE_AT == 20 && WRITERS_AT == 132);

/// A script that is called by its hash.
pub(super) struct Script {
    source: &'static str,
    hash: String,
}

impl Script {
    pub(super) fn new(source: &'static str) -> Self {
        Self { source, hash: redis::Script::new(source).get_hash().to_owned() }
    }

    /// A call without arguments yet, with room for `size` bytes of them.
    pub(super) fn call(&self, key: &[u8], size: usize) -> Cmd {
        let mut call = Cmd::with_capacity(8, 8 + self.hash.len() + key.len() + size);
        call.arg("EVALSHA").arg(&self.hash).arg(1).arg(key);
        call
    }

    /// The same `call` with the script's source. The server knows the script's hash from then on.
    pub(super) fn with_source(&self, call: &Cmd) -> Cmd {
        let mut full = Cmd::new();
        full.arg("EVAL").arg(self.source);
        for argument in call.args_iter().skip(2) {
            if let Arg::Simple(bytes) = argument {
                full.arg(bytes);
            }
        }
        full
    }
}

/// What `commit` expects of the stored record: the record's first bytes, and its last commit.
pub(super) fn expected(commit: &Commit<'_>) -> [u8; IDLE_AT + 8] {
    let mut out = [0; IDLE_AT + 8];
    let parts = [&MAGIC[..], &commit.epoch.to_be_bytes(), &commit.revision.to_be_bytes(), &commit.last_op.to_bytes()];
    out.iter_mut().zip(parts.concat()).for_each(|(place, byte)| *place = byte);
    out
}

/// Whole milliseconds until `deadline`, at least one: Redis refuses an expiry of zero.
pub(super) fn time_to_live(deadline: Timestamp, now: Timestamp) -> u64 {
    millis(deadline.duration_since(now)).max(1)
}

pub(super) fn get(key: &[u8]) -> Cmd {
    let mut get = Cmd::with_capacity(2, 3 + key.len());
    get.arg("GET").arg(key);
    get
}

pub(super) fn time() -> Cmd {
    let mut time = Cmd::new();
    time.arg("TIME");
    time
}

/// Waits until `replicas` replicas have all writes of this connection, or `timeout` is over. The reply is how many have
/// them.
pub(super) fn wait(replicas: u32, timeout: Duration) -> Cmd {
    let mut wait = Cmd::new();
    wait.arg("WAIT").arg(replicas).arg(millis(timeout).max(1));
    wait
}

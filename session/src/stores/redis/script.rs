//! The scripts that the store sends, and the commands that go with them.

use std::time::Duration;

use redis::{Arg, Cmd};

use crate::base::clock::{Timestamp, millis};
use crate::data::record::{HEADER, IDLE_AT, MAGIC};

/// Byte positions in the scripts are those of the record's header, counted from one. Numbers are compared as numbers: Lua
/// compares strings by the server's locale. Those for commands are written as strings: Lua would print them like floats. The
/// fourth argument is how long the third, the new record, lives: what time it is follows from both. The fifth and sixth are a message and
/// where to publish it, if anybody listens; if that fails the commit stands.
pub(super) const COMMIT: &str = r"
local head = redis.call('GETRANGE', KEYS[1], '0', '27')
local expected = string.sub(head, 1, 20) == ARGV[1]
if not expected then
  if head == '' then return 'GONE' end
  if string.sub(head, 1, 4) ~= string.sub(ARGV[1], 1, 4) or string.len(head) < 28 then return 'FOREIGN' end
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
pub(super) const TOUCH: &str = r"
local head = redis.call('GETRANGE', KEYS[1], '0', '31')
if head == '' then return 'GONE' end
if string.sub(head, 1, 4) ~= '\165S\1\0' or string.len(head) < 32 then return 'FOREIGN' end
if struct.unpack('>I8', head, 21) <= tonumber(ARGV[3]) then return 'GONE' end
if struct.unpack('>I8', head, 21) < struct.unpack('>I8', ARGV[1]) then
  redis.call('SETRANGE', KEYS[1], '20', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 'TOUCHED'
";
const _: () = assert!(HEADER == 198 && IDLE_AT == 20);

/// A script that the server is asked to run by its hash, once it knows it.
pub(super) struct Script {
    source: &'static str,
    hash: String,
}

impl Script {
    pub(super) fn new(source: &'static str) -> Self {
        Self { source, hash: redis::Script::new(source).get_hash().to_owned() }
    }

    /// The beginning of a call, with room for arguments of `size` bytes.
    pub(super) fn call(&self, key: &[u8], size: usize) -> Cmd {
        let mut call = Cmd::with_capacity(8, 8 + self.hash.len() + key.len() + size);
        call.arg("EVALSHA").arg(&self.hash).arg(1).arg(key);
        call
    }

    /// The same `call` for a server that does not know the script, and will from then on.
    pub(super) fn in_full(&self, call: &Cmd) -> Cmd {
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

/// The first bytes of a record at this epoch and revision.
pub(super) fn beginning(epoch: u64, revision: u64) -> [u8; IDLE_AT] {
    let mut out = [0; IDLE_AT];
    let (magic, numbers) = out.split_at_mut(MAGIC.len());
    magic.copy_from_slice(&MAGIC);
    let (first, second) = numbers.split_at_mut(8);
    first.copy_from_slice(&epoch.to_be_bytes());
    second.copy_from_slice(&revision.to_be_bytes());
    out
}

/// Whole milliseconds until `deadline`, and at least one: Redis takes no less.
pub(super) fn life(deadline: Timestamp, now: Timestamp) -> u64 {
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

/// Asks how many replicas have all that was written along this connection, after that many have it or `timeout` is over.
pub(super) fn wait(replicas: u32, timeout: Duration) -> Cmd {
    let mut wait = Cmd::new();
    wait.arg("WAIT").arg(replicas).arg(millis(timeout).max(1));
    wait
}

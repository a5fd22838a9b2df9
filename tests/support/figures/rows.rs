//! The rows of the table: what is measured, how it is shown, and by which command.

use crate::Row;

const EVERYTHING: &str = "cargo test -p session-tests --test it everything -- --nocapture";
const WINS: &str = "cargo test -p session-tests --test it wins -- --nocapture";
const CONTRACT: &str = "CONTRACT_ROUNDS=10000 cargo test -p session-tests --test it contract -- --nocapture";
const CRASHES: &str = "cargo test -p session-tests --test it crashes -- --nocapture";
const STORE_CALLS: &str = "cargo test -p session-tests --test it store_calls -- --nocapture";
const EVOLUTION: &str = "cargo test -p session-tests --test it evolution";
const THREE_RELEASES: &str = "cargo test -p session-tests --test it three_releases -- --nocapture";
const UI: &str = "cargo test -p session-ui-tests --test ui -- --nocapture";
const LOCK: &str = "cargo test -p session-tests --test it lock -- --nocapture";
const REDIS: &str = "cargo test -p session-tests --test it redis:: -- --nocapture --test-threads 1";
const REQUESTS: &str = "cargo bench -p session-tests --bench requests";
const DECODE: &str = "cargo bench -p session-tests --bench decode";
const SEALED: &str = "cargo bench -p session-tests --bench sealed";
const CHECK: &str = "cargo bench -p session-tests --bench check";
const CONTENTION: &str = "cargo bench -p session-tests --bench contention";
const HTTP: &str = "cargo bench -p session-tests --bench http";
const MEMORY: &str = "cargo bench -p session-tests --bench memory";
const BUILD: &str = "cargo bench -p session-tests --bench build";

pub(crate) const ROWS: &[Row] = &[
    Row {
        what: "Changes kept: 64 clients send 100 increments each to one session, then 100 `update`s each",
        figure: "{kept, *}",
        command: EVERYTHING,
    },
    Row {
        what: "Changes kept: 64 clients add an entry each to one set and one map, and write a field each",
        figure: "{entries kept, *}",
        command: EVERYTHING,
    },
    Row {
        what: "Logout, destruction, login or rotation against a request in flight",
        figure: "{races, *}",
        command: WINS,
    },
    Row { what: "16 rotations of one session at once: how many win", figure: "{winners}", command: WINS },
    Row {
        what: "Store contract: random call sequences against a model, histories of 4 to 8 clients checked for \
               linearizability, commits against destructions",
        figure: "{contract, *}",
        command: CONTRACT,
    },
    Row {
        what: "A process is killed (`kill -9`) while it commits: torn records, answered commits lost",
        figure: "{kills, *}",
        command: CRASHES,
    },
    Row {
        what: "Store calls of a request that does not use the session; that reads it on a first visit; that reads it; \
               that writes it",
        figure: "{untouched}; {first visit}; {read}; {write}",
        command: STORE_CALLS,
    },
    Row {
        what: "Old and new releases on one record: tests, one for each change, reader and stored state",
        figure: "{tests passed}, all pass",
        command: EVOLUTION,
    },
    Row {
        what: "Three releases of one struct, a process each, on one Redis: random requests during a rolling deploy \
               and a rollback",
        figure: "{three releases}",
        command: THREE_RELEASES,
    },
    Row { what: "Mistakes that do not compile, each reported at its own token", figure: "{mistakes}", command: UI },
    Row { what: "The same against a schema lock", figure: "{mistakes against a lock}", command: LOCK },
    Row {
        what: "24 visitors on Redis while a primary is killed: longest pause of the writes",
        figure: "{primary killed, *}",
        command: REDIS,
    },
    Row { what: "24 visitors on a Redis Cluster while 1,000 slots move", figure: "{slots moved}", command: REDIS },
    Row {
        what: "Confirmed logouts that a killed primary loses, its replica 10 ms away; the same with `replicated`",
        figure: "{lost}; {lost, replicated}",
        command: REDIS,
    },
    Row {
        what: "Instructions (allocations) of a request, less those of plain axum, memory store: session not used; \
               first visit; one field read; one field set; one field changed by `session.visits += 1`",
        figure: "{untouched, ours}; {first visit, ours}; {read, ours}; {increment, ours, `set_visits`}; \
                 {increment, ours, `visits += 1`}",
        command: REQUESTS,
    },
    Row {
        what: "The same of a hand-written tower layer with serde_json and no conflict check: not used; first visit; \
               read; changed",
        figure: "{untouched, by hand}; {first visit, by hand}; {read, by hand}; {increment, by hand}",
        command: REQUESTS,
    },
    Row {
        what: "Decoding a stored session of 570 bytes, instructions relative to `serde_json::from_slice` of the plain \
               struct: JSON, MessagePack, postcard values",
        figure: "{ours, JSON values}, {ours, MessagePack values}, {ours, postcard values}",
        command: DECODE,
    },
    Row {
        what: "A sealed cookie with that session, instructions of a request relative to the same primitive called by \
               hand: open; open and seal",
        figure: "{open}; {open and seal}",
        command: SEALED,
    },
    Row {
        what: "`cargo check` of 50 fields with derive, shapes and lock: processor time relative to serde's derives",
        figure: "{the derive, shapes and a lock}",
        command: CHECK,
    },
    Row {
        what: "6,400 increments of one session on Redis by 64 clients: time relative to a handler by hand (GET, SET)",
        figure: "{time, ours, `merge = counter`, 1}; the handler by hand lost {lost, by hand, GET then SET, 1}",
        command: CONTENTION,
    },
    Row {
        what: "Requests per second over HTTP with Redis, relative to a hand-written layer with compare-and-set: \
               reading; writing",
        figure: "{read, ours}; {increment, ours}",
        command: HTTP,
    },
    Row {
        what: "The same with `Cached` over Redis, relative to a handler by hand that does GET and SET and checks \
               nothing (target: 1.5; 1.15)",
        figure: "{read, ours, cached, to no conflict check}; {increment, ours, cached, to no conflict check}; with \
                 `listening` {increment, ours, cached and listening, to no conflict check} writing",
        command: HTTP,
    },
    Row {
        what: "The server's processor time of these",
        figure: "{read, ours, cached, processor time to no conflict check}; \
                 {increment, ours, cached, processor time to no conflict check}",
        command: HTTP,
    },
    Row {
        what: "1,000,000 live sessions of 570 bytes in `MemoryStore`: memory of the process, each",
        figure: "{bytes each} bytes",
        command: MEMORY,
    },
    Row {
        what: "One sweep removes them all: duration; requests answered meanwhile; their median, and without a sweep",
        figure: "{sweep}; {requests during the sweep}; {median during the sweep}, {median without a sweep}",
        command: MEMORY,
    },
    Row {
        what: "Clean release build of a small axum app, without sessions and with them: crates; processor time",
        figure: "{crates}; × {processor time}",
        command: BUILD,
    },
];

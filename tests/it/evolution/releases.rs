//! Three releases of one struct, as processes on one Redis: random requests during rolling deploys and a rollback, some
//! of them concurrent, compared with a model of the stored session. See `support/release_1.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;

use session_tests::http::Connection;
use session_tests::print_figure;
use session_tests::servers::{Process, Redis, free_port, is_listening, wait_until};
use tokio::task::JoinSet;

const SCHEDULES: u64 = 24;
const BATCHES: usize = 8;
/// The releases that run at the same time: two deploys, a rollback, and a deploy of all.
const PHASES: &[&[usize]] = &[&[1], &[1, 2], &[2], &[2, 3], &[3], &[3, 2], &[2], &[2, 1], &[1, 2, 3], &[3]];

const FIELDS: [&[&str]; 3] = [
    &["visits", "added", "username", "coupon", "total", "address", "first", "last", "item", "theme"],
    &["visits", "added", "account", "total", "street", "city", "first", "last", "item", "theme", "page"],
    &["visits", "added", "account", "total", "street", "city", "name", "item", "theme", "page", "news"],
];

/// A request that changes something.
#[derive(Clone, Copy, Debug)]
struct Set {
    release: usize,
    field: &'static str,
    n: u32,
}

/// The stored values by key, as the page shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Model {
    values: BTreeMap<&'static str, String>,
}

impl Model {
    /// The upgrades that a release stores with its first change.
    fn upgrade(&mut self, release: usize) {
        let values = &self.values;
        let get = |key: &str| values.get(key).cloned();
        let cents = |euros: String| format!("{}00", euros.trim_start_matches('0'));
        let part = |at| move |address: String| address.split(", ").nth(at).unwrap().to_owned();
        let mut steps = Vec::new();
        if release >= 2 {
            steps.push(("account", get("username")));
            steps.push(("street", get("address").map(part(0))));
            steps.push(("city", get("address").map(part(1))));
        }
        if release == 2 {
            steps.push(("total@2", get("total").map(cents)));
        }
        if release == 3 {
            steps.push(("total@3", get("total@2").or(get("total").map(cents))));
            steps.push(("name", get("first").zip(get("last")).map(|(first, last)| format!("{first} {last}"))));
        }
        for (key, value) in steps {
            if let (false, Some(value)) = (self.values.contains_key(key), value) {
                self.values.insert(key, value);
            }
        }
        if release == 3 {
            self.values.remove("coupon");
        }
    }

    fn set(&mut self, Set { release, field, n }: Set) {
        let seen = self.shown(release, field);
        let value = match field {
            "visits" => (seen.parse::<u32>().unwrap() + n).to_string(),
            "added" => (seen.parse::<u32>().unwrap() + 1).to_string(),
            "username" | "account" => format!("user{n}"),
            "address" => format!("street{n}, city{n}"),
            "city" if n % 3 == 0 => "none".into(),
            "item" if release == 1 => format!("{n} false"),
            "item" => format!("{n} true"),
            "theme" => ["Light", "Dark", "Sepia"][n as usize % if release == 3 { 3 } else { 2 }].into(),
            "news" => ["None", "Some(true)", "Some(false)"][n as usize % 3].into(),
            "total" | "page" => n.to_string(),
            _ => format!("{field}{n}"),
        };
        // Setting a field to its present value changes nothing.
        if value != seen {
            self.upgrade(release);
            self.values.insert(stored(release, field), value);
        }
    }

    fn after(&self, sets: &[Set]) -> Self {
        let mut after = self.clone();
        sets.iter().for_each(|set| after.set(*set));
        after
    }

    /// A field as a release shows it.
    fn shown(&self, release: usize, field: &'static str) -> String {
        let mut upgraded = self.clone();
        upgraded.upgrade(release);
        let value = upgraded.values.get(stored(release, field)).map(String::as_str);
        match (field, value) {
            ("theme", None) => "Light".into(),
            ("theme", Some("Sepia")) if release < 3 => "Light".into(),
            ("item", Some(value)) if release == 1 => value.split(' ').next().unwrap().into(),
            ("item", None) if release == 1 => "0".into(),
            ("item", None) => "0 false".into(),
            ("visits" | "added" | "total", None) => "0".into(),
            ("page", None) => "20".into(),
            ("city", None) => "none".into(),
            ("news", None) => "None".into(),
            (_, value) => value.unwrap_or_default().into(),
        }
    }

    fn page(&self, release: usize) -> String {
        let lines = FIELDS[release - 1].iter().map(|field| format!("{field}={}", self.shown(release, field)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn stored(release: usize, field: &'static str) -> &'static str {
    match (field, release) {
        ("total", 2) => "total@2",
        ("total", 3) => "total@3",
        _ => field,
    }
}

/// Every order in which `sets` may have been applied.
fn orders(sets: &[Set]) -> Vec<Vec<Set>> {
    if sets.is_empty() {
        return vec![Vec::new()];
    }
    let first = |at: usize| {
        let mut rest = sets.to_vec();
        let first = rest.remove(at);
        orders(&rest).into_iter().map(move |rest| [vec![first], rest].concat())
    };
    (0..sets.len()).flat_map(first).collect()
}

/// The generator `splitmix64` by Sebastiano Vigna: small, and deterministic.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Sends the requests of one visitor through all phases. Returns the number of requests.
async fn schedule(seed: u64, ports: [u16; 3]) -> u32 {
    let (mut random, mut requests) = (Random(seed), 1);
    let first = Set { release: 1, field: "visits", n: 1 };
    let cookie = send(ports, first, None).await.expect("a session");
    // Whether an upgrade is stored already cannot be observed, so several models may fit.
    let mut models = BTreeSet::from([Model::default().after(&[first])]);
    for (phase, live) in PHASES.iter().enumerate() {
        for batch in 0..BATCHES {
            let mut sets = Vec::new();
            for _ in 0..=random.below(4) {
                let release = random.pick(live);
                let field = random.pick(FIELDS[release - 1]);
                // Fields with few values: of two requests that set the same value, the second one changes nothing.
                let is_repeated = |set: &Set| set.field == field && matches!(field, "theme" | "news" | "city");
                if !sets.iter().any(is_repeated) {
                    requests += 1;
                    let n = if field == "visits" { 1 } else { 100 + requests };
                    sets.push(Set { release, field, n });
                }
            }
            let mut tasks = JoinSet::new();
            for set in sets.clone() {
                let cookie = cookie.clone();
                tasks.spawn(
                    async move { assert_eq!(send(ports, set, Some(&cookie)).await, None, "the session exists") },
                );
            }
            tasks.join_all().await;
            let mut seen = Vec::new();
            for release in *live {
                let reply = Connection::open(ports[release - 1]).await.send("GET", "/show", Some(&cookie)).await;
                assert_eq!((reply.status, &reply.set_cookie), (200, &None), "the session exists");
                seen.push((*release, reply.text));
                requests += 1;
            }
            let before = models.clone();
            models = orders(&sets).iter().flat_map(|order| before.iter().map(|model| model.after(order))).collect();
            let expected: Vec<_> = models
                .iter()
                .take(1)
                .map(|model| live.iter().map(|release| model.page(*release)).collect::<Vec<_>>())
                .collect();
            models.retain(|model| seen.iter().all(|(release, page)| model.page(*release) == *page));
            assert!(
                !models.is_empty(),
                "seed {seed}, phase {phase}, batch {batch}: {sets:#?}\non {before:#?}\nmade {seen:#?}\nexpected, for \
                 example, {expected:#?}"
            );
        }
    }
    requests
}

/// Sends the request, and returns the cookie of the response, if there is one.
async fn send(ports: [u16; 3], Set { release, field, n }: Set, cookie: Option<&str>) -> Option<String> {
    let reply = Connection::open(ports[release - 1]).await.send("GET", &format!("/set/{field}/{n}"), cookie).await;
    assert_eq!(reply.status, 200, "release {release}, {field}: {}", reply.text);
    reply.set_cookie.map(|set| set.split(';').next().unwrap().to_owned())
}

/// `EVOLUTION_SEED=n` repeats the schedules of a run.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_releases_on_one_redis_lose_nothing() {
    let redis = Redis::start();
    let binaries = [env!("CARGO_BIN_EXE_release-1"), env!("CARGO_BIN_EXE_release-2"), env!("CARGO_BIN_EXE_release-3")];
    let servers = binaries.map(|binary| {
        let port = free_port();
        (Process::start(Command::new(binary).args([port.to_string(), redis.url()])), port)
    });
    let ports = servers.each_ref().map(|(_, port)| *port);
    ports.iter().for_each(|port| wait_until("the server listens", || is_listening(*port)));
    let given = std::env::var("EVOLUTION_SEED").ok().map(|seed| seed.parse().expect("a number"));
    let seed = given.unwrap_or_else(|| getrandom::u64().unwrap());
    println!("EVOLUTION_SEED={seed}");
    let ports = Arc::new(ports);
    let mut tasks = JoinSet::new();
    for number in 0..SCHEDULES {
        let ports = Arc::clone(&ports);
        tasks.spawn(async move { schedule(seed.wrapping_add(number), *ports).await });
    }
    let requests: u32 = tasks.join_all().await.into_iter().sum();
    assert_eq!(redis.run::<u64>("DBSIZE"), SCHEDULES);
    print_figure(
        "three releases",
        format_args!("{SCHEDULES} schedules, {requests} requests, 0 fields lost, 0 sessions dropped"),
    );
}

//! What the library adds to a clean build of a minimal program: crates, processor time, wall time.
//!
//! ```sh
//! cargo bench -p session-tests --bench build
//! ```
//!
//! A counter app is built in release mode without sessions, and with them: default features, this workspace's versions
//! of everything. Once each, for [`ROUNDS`] rounds in turn; the least time counts, for other work can only add to it.

use std::fs;
use std::path::Path;
use std::process::Command;

use session_tests::print_figure;
use session_tests::servers::TempDir;

#[allow(dead_code, reason = "each bench uses its part")]
mod support;

use support::children_time;

const ROUNDS: usize = 2;

const MANIFEST: &str = r#"
[package]
name = "counter"
edition = "2024"

[dependencies]
axum = "0.8"
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
"#;

const WITHOUT: &str = r#"
use axum::{Router, routing::get};

static VISITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

async fn home() -> String {
    let visits = VISITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
    format!("visit {visits}")
}

#[tokio::main]
async fn main() {
    let app = Router::new().route("/", get(home));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

const WITH: &str = r#"
use axum::{Router, routing::get};
use session::{MemoryStore, Session, Sessions};

#[derive(Session)]
struct Shop {
    #[session(merge = counter)]
    visits: u64,
}

async fn home(mut session: Session<Shop>) -> String {
    session.visits += 1;
    format!("visit {}", session.visits)
}

#[tokio::main]
async fn main() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new().route("/", get(home)).layer(sessions.layer());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

/// Crates, processor seconds, wall seconds.
type Figures = (usize, f64, f64);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().expect("the workspace");
    let session = format!("session = {{ path = {:?} }}\n", root.join("session"));
    let programs =
        [("axum alone", MANIFEST.to_owned(), WITHOUT), ("axum and session", MANIFEST.to_owned() + &session, WITH)];
    let mut least = [(0, f64::MAX, f64::MAX); 2];
    for _ in 0..ROUNDS {
        for ((_, manifest, main), least) in programs.iter().zip(&mut least) {
            let (crates, processor, wall) = build(&root, manifest, main);
            *least = (crates, processor.min(least.1), wall.min(least.2));
        }
    }
    println!("| program | crates | processor s | ÷ | wall s | ÷ |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for ((name, ..), (crates, processor, wall)) in programs.iter().zip(least) {
        let (times, walls) = (processor / least[0].1, wall / least[0].2);
        println!("| {name} | {crates} | {processor:.1} | {times:.2} | {wall:.1} | {walls:.2} |");
    }
    println!();
    print_figure("crates", format_args!("{} to {}", least[0].0, least[1].0));
    print_figure("processor time", format_args!("{:.1}", least[1].1 / least[0].1));
}

fn build(root: &Path, manifest: &str, main: &str) -> Figures {
    let dir = TempDir::new("build");
    fs::create_dir(dir.path().join("src")).expect("a folder");
    fs::write(dir.path().join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(dir.path().join("src/main.rs"), main).expect("a program");
    // The same versions as here; cargo drops what the program does not need.
    fs::copy(root.join("Cargo.lock"), dir.path().join("Cargo.lock")).expect("a lock file");
    let before = children_time();
    let watch = support::Watch::start();
    let output = Command::new(env!("CARGO"))
        .args(["build", "--release", "--target-dir", "target"])
        .current_dir(dir.path())
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo");
    let wall = watch.read().as_secs_f64();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let crates = log.matches(" Compiling ").count();
    (crates, children_time() - before, wall)
}

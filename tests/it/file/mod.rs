//! The file store: the contract, several processes, locks, limits, and the user index.

mod hostile;

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use session::store::{FileOptions, Store as _, StoreError};
use session::testing::Contract;
use session::{Clock as _, FileStore, SystemClock, Timestamp};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::patient;
use session_tests::servers::TempDir;

use crate::concurrency::{everything_is_kept, lifecycle_wins, two_processes_keep_everything};
use crate::contract::{MANY, show};
use crate::faults::{assert_refused, recovered};

async fn store(dir: &TempDir) -> FileStore {
    FileStore::open_with(dir.path().join("sessions"), patient::file()).await.unwrap()
}

/// The names in the folder, without lock files and the user index.
fn names(dir: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(dir.path().join("sessions")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with("lock-") && name != "users").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    let dir = TempDir::in_memory("file");
    let report = Contract::new(store(&dir).await).rounds(MANY).check().await.unwrap();
    show("files", &report);
    assert!(report.races() > 4_000 && report.histories() > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_everything() {
    let dir = TempDir::in_memory("file");
    everything_is_kept(app(store(&dir).await), "file").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_in_one_folder_keep_everything() {
    let dir = TempDir::in_memory("file");
    two_processes_keep_everything(&format!("file:{}", dir.path().join("sessions").display())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lifecycle_wins_in_files() {
    let dir = TempDir::in_memory("file");
    lifecycle_wins(app(store(&dir).await), "file").await;
}

#[tokio::test]
async fn sessions_outlive_the_process_in_private_files() {
    let dir = TempDir::new("file");
    let before = Client::new(app(store(&dir).await));
    before.get("/visit").await;
    before.post("/login/7").await;
    let after = before.at(app(store(&dir).await));
    after.get("/visit").await;
    assert_eq!(after.get("/show").await.text, "7 1 0 0 0 0");
    let mut folders = vec![dir.path().join("sessions")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 2);
}

/// Neither a destroyed session nor a swept one leaves a file behind.
#[tokio::test]
async fn ended_sessions_leave_no_files() {
    let dir = TempDir::new("file");
    let store = store(&dir).await;
    let users = || std::fs::read_dir(dir.path().join("sessions/users")).unwrap().count();
    for n in 0..5 {
        let client = Client::new(app(store.clone()));
        client.post(&format!("/login/{n}")).await;
        if n == 0 {
            client.post("/destroy").await;
        }
    }
    assert_eq!((names(&dir).len(), users()), (4, 4));
    let now = SystemClock::default().now();
    assert_eq!(store.sweep(100, now).await.unwrap(), 0);
    let later = now.saturating_add(Duration::from_hours(24));
    assert_eq!(store.sweep(0, later).await.unwrap(), 0);
    assert_eq!(store.sweep(3, later).await.unwrap(), 3, "the limit");
    assert_eq!(store.sweep(3, later).await.unwrap(), 1);
    assert_eq!((names(&dir).len(), users()), (0, 0));
}

/// While all lock files are locked, reads work and writes fail within the deadline. Afterwards writes work without a
/// restart.
#[tokio::test]
async fn writes_fail_within_the_deadline_while_the_locks_are_held() {
    let dir = TempDir::new("file");
    let options = FileOptions::new().deadline(Duration::from_millis(100));
    let client = Client::new(app(FileStore::open_with(dir.path().join("sessions"), options).await.unwrap()));
    client.get("/visit").await;
    let locks: Vec<_> = (0..64)
        .map(|number| {
            let path = dir.path().join(format!("sessions/lock-{number:02x}"));
            let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).unwrap();
            file.lock().unwrap();
            file
        })
        .collect();
    assert_refused(&client.get("/visit").await);
    assert_refused(&client.post("/destroy").await);
    assert_eq!(client.get("/show").await.text, "nobody 1 0 0 0 0", "reads work");
    drop(locks);
    assert_eq!(client.get("/visit").await.status, 200);
    assert_eq!(recovered(&client).await.text, "nobody 2 0 0 0 0");
}

#[tokio::test]
async fn records_that_are_too_large_and_bad_options_are_refused() {
    let dir = TempDir::new("file");
    let options = FileOptions::new().max_bytes(1024);
    let client = Client::new(app(FileStore::open_with(dir.path().join("sessions"), options).await.unwrap()));
    let mut status = 200;
    for number in 0..500 {
        status = client.get(&format!("/set/{number}")).await.status.as_u16();
        if status != 200 {
            break;
        }
    }
    assert_eq!(status, 500);
    assert_eq!(client.get("/show").await.status, 200);
    for (options, named) in [
        (FileOptions::new().max_bytes(1), "max_bytes"),
        (FileOptions::new().max_bytes(usize::MAX), "max_bytes"),
        (FileOptions::new().deadline(Duration::ZERO), "deadline"),
        (FileOptions::new().deadline(Duration::MAX), "deadline"),
    ] {
        let error = FileStore::open_with(dir.path().join("sessions"), options).await.unwrap_err();
        assert!(matches!(&error, StoreError::Misconfigured(text) if text.contains(named)), "{error}");
    }
}

/// The sweep removes index entries that a crash has left behind.
#[tokio::test]
async fn orphaned_index_entries_are_removed() {
    let dir = TempDir::new("file");
    let store = store(&dir).await;
    Client::new(app(store.clone())).post("/login/7").await;
    let users = dir.path().join("sessions/users");
    let seven = std::fs::read_dir(&users).unwrap().next().unwrap().unwrap().path();
    let orphan = |digit: char| seven.join(digit.to_string().repeat(32));
    std::fs::write(orphan('a'), "").unwrap();
    std::fs::create_dir(users.join("b".repeat(64))).unwrap();
    std::fs::write(users.join("b".repeat(64)).join("c".repeat(32)), "").unwrap();
    let _ = store.sweep(10, Timestamp::from_millis(0)).await.unwrap();
    assert!(!orphan('a').exists());
    assert_eq!(std::fs::read_dir(&users).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(&seven).unwrap().count(), 1);
}

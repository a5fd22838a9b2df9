//! A process that is killed while it commits: every answered commit is stored, and no record is torn.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use axum::Router;
use session::{Clock as _, FileStore, SqliteStore, Store as _, SystemClock};
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::print_figure;
use session_tests::servers::TempDir;

/// The number of processes that are killed for each store. Default: 500; the environment variable `KILLS` overrides it.
fn kills() -> u64 {
    std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(500)
}

/// Kills processes that commit to one session, each after another number of answers, and reads the session after each
/// kill.
async fn survive(url: &str, here: Router, name: &str, mut after: impl FnMut()) {
    let client = Client::new(here);
    client.get("/visit").await;
    let cookie = client.cookie().unwrap();
    let (mut least, mut unanswered) = (1, 0);
    for round in 0..kills() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_committer"));
        let mut committer = command.args([url, &cookie]).stdout(Stdio::piped()).spawn().unwrap();
        let mut answers = BufReader::new(committer.stdout.take().unwrap());
        for _ in 0..=round * 7 % 23 {
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            least += u64::from(line == "visit\n");
        }
        committer.kill().unwrap();
        committer.wait().unwrap();
        // Answers that were written before the signal arrived.
        let mut rest = String::new();
        answers.read_to_string(&mut rest).unwrap();
        least += rest.matches("visit\n").count() as u64;
        after();
        let shown = client.get("/show").await;
        assert_eq!(shown.status, 200, "{name}, kill {round}: {shown:?}");
        let visits: u64 = shown.text.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(
            shown.text.starts_with("nobody ") && visits >= least,
            "{name}, kill {round}: {shown:?}, {least} answered"
        );
        unanswered += visits - least;
        least = visits;
    }
    println!("{name}: {} kills, {least} commits, {unanswered} of them applied without an answer, 0 torn", kills());
    print_figure(
        format_args!("kills, {name}"),
        format_args!("{} kills, 0 torn records, 0 answered commits lost", kills()),
    );
}

#[tokio::test]
async fn a_killed_process_tears_no_file() {
    let dir = TempDir::new("kills");
    let folder = dir.path().join("sessions");
    let store = FileStore::open(&folder).await.unwrap();
    let mut midway = 0;
    let names = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let unfinished = || names().filter(|name| name.ends_with(".new")).count();
    survive(&format!("file:{}", folder.display()), app(store.clone()), "file", || midway += unfinished()).await;
    println!("file: {midway} kills left an unfinished file");
    assert_eq!(store.sweep(1, SystemClock::default().now()).await.unwrap(), 0);
    assert_eq!(unfinished(), 0, "the sweep removes unfinished files");
}

#[tokio::test]
async fn a_killed_process_tears_no_row() {
    let dir = TempDir::new("kills");
    let url = format!("sqlite://{}", dir.path().join("sessions.db").display());
    survive(&url, app(SqliteStore::connect(&url).await.unwrap()), "sqlite", || {}).await;
}

//! Commits to one session until it is killed: `committer URL COOKIE`. The URL selects the store. It writes a line for
//! each answered commit.

use std::io::Write as _;

use axum::Router;
use session::{FileStore, SqliteStore};
use session_tests::client::Client;
use session_tests::counter::app;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (url, cookie) = (arguments.next().expect("a URL"), arguments.next().expect("a cookie"));
    let app: Router = match url.strip_prefix("file:") {
        Some(path) => app(FileStore::open(path).await.expect("a folder")),
        None => app(SqliteStore::connect(&url).await.expect("SQLite")),
    };
    let client = Client::new(app);
    client.set_cookie(Some(cookie));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let client = client.clone();
        tasks.spawn(async move {
            loop {
                assert_eq!(client.get("/visit").await.status, 200);
                // A write error means that the reader is about to kill this process.
                let _ = std::io::stdout().write_all(b"visit\n");
            }
        });
    }
    tasks.join_all().await;
}

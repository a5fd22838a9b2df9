//! Clients that visit, log in and log out while servers fail, and compare what is stored with the answers that they
//! got.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use session_tests::client::Client;
use tokio::task::JoinSet;
use tokio::time::Instant;

const CLIENTS: usize = 24;

/// What the clients have seen.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) answered: u64,
    pub(super) refused: u64,
    /// Confirmed visits that are missing, and counted visits that no client made.
    pub(super) wrong: u64,
    /// Confirmed logouts whose session exists again.
    pub(super) undone: u64,
    /// The longest time between two answers to one client.
    pub(super) silence: Duration,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, wrong, undone, silence, .. } = self;
        let pause = silence.as_secs_f64();
        write!(f, "{pause:.2} s, {refused} requests refused, {wrong} wrong counts, {undone} logouts undone")
    }
}

/// Running clients.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Account>,
}

impl Load {
    pub(super) fn start(app: &Router) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            let (app, stop) = (app.clone(), Arc::clone(&stop));
            tasks.spawn(async move { visit(app, number % 3 == 0, &stop).await });
        }
        Self { stop, tasks }
    }

    pub(super) async fn end(self) -> Account {
        self.stop.store(true, Ordering::SeqCst);
        let mut sum = Account::default();
        for account in self.tasks.join_all().await {
            sum.answered += account.answered;
            sum.refused += account.refused;
            sum.wrong += account.wrong;
            sum.undone += account.undone;
            sum.silence = sum.silence.max(account.silence);
        }
        sum
    }
}

/// Visits until `stop` is set. If `leaves`, also logs in and out again, with a new session each time.
async fn visit(app: Router, leaves: bool, stop: &AtomicBool) -> Account {
    let mut account = Account::default();
    let client = Client::new(app.clone());
    let (mut confirmed, mut sent) = (0_u64, 0_u64);
    let mut left: Vec<(Client, Option<String>)> = Vec::new();
    let mut last = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        sent += 1;
        match client.get("/visit").await.status.as_u16() {
            200 => {
                account.answered += 1;
                confirmed += 1;
                account.silence = account.silence.max(last.elapsed());
                last = Instant::now();
            },
            _ => account.refused += 1,
        }
        if leaves {
            let guest = Client::new(app.clone());
            if guest.post("/login/7").await.status == 200 {
                let cookie = guest.cookie();
                if guest.post("/destroy").await.status == 200 {
                    left.push((guest, cookie));
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let text = show_when_available(&client).await;
    let visits: u64 = text.split(' ').nth(1).and_then(|visits| visits.parse().ok()).unwrap_or_default();
    account.wrong = if visits < confirmed { confirmed - visits } else { visits.saturating_sub(sent) };
    for (guest, cookie) in left {
        guest.set_cookie(cookie);
        account.undone += u64::from(!show_when_available(&guest).await.starts_with("nobody"));
    }
    account
}

async fn show_when_available(client: &Client) -> String {
    for _ in 0..200 {
        let answer = client.get("/show").await;
        if answer.status == 200 {
            return answer.text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no answer for ten seconds");
}

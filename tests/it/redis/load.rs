//! Visitors who come and go while servers fail under them, and who remember what they were told.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use session_tests::client::Client;
use tokio::task::JoinSet;
use tokio::time::Instant;

const VISITORS: usize = 24;

/// What became of the answers.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) answered: u64,
    pub(super) refused: u64,
    /// Visits or logins that were answered and are not there, or visits that nobody made.
    pub(super) wrong: u64,
    /// Logouts that were answered, and whose session is there again.
    pub(super) undone: u64,
    /// How long the longest pause between two answers to any writer was.
    pub(super) silence: Duration,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, wrong, undone, silence, .. } = self;
        let pause = silence.as_secs_f64();
        write!(f, "{pause:.2} s, {refused} requests refused, {wrong} wrong counts, {undone} logouts undone")
    }
}

/// Visitors at work.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Account>,
}

impl Load {
    pub(super) fn start(app: &Router) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for number in 0..VISITORS {
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

/// Counts visits. Some visitors also log in and out again, with a session of their own each time.
async fn visit(app: Router, leaves: bool, stop: &AtomicBool) -> Account {
    let mut account = Account::default();
    let client = Client::new(app.clone());
    let (mut told, mut sent) = (0_u64, 0_u64);
    let mut left: Vec<(Client, Option<String>)> = Vec::new();
    let mut last = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        sent += 1;
        match client.get("/visit").await.status.as_u16() {
            200 => {
                account.answered += 1;
                told += 1;
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
    let text = patiently(&client).await;
    let visits: u64 = text.split(' ').nth(1).and_then(|visits| visits.parse().ok()).unwrap_or_default();
    account.wrong = if visits < told { told - visits } else { visits.saturating_sub(sent) };
    for (guest, cookie) in left {
        guest.set_cookie(cookie);
        account.undone += u64::from(!patiently(&guest).await.starts_with("nobody"));
    }
    account
}

async fn patiently(client: &Client) -> String {
    for _ in 0..200 {
        let answer = client.get("/show").await;
        if answer.status == 200 {
            return answer.text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no answer for ten seconds");
}

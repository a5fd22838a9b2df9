//! What a failover loses: logouts that a primary has confirmed and that its replica does not have when the primary is
//! killed.
//!
//! On one machine a replica gets every write at once. So the connection between the two servers is delayed here, and
//! what is in transit is lost when the primary is killed.

use std::time::Duration;

use session::RedisStore;
use session::store::RedisOptions;
use session_tests::client::Client;
use session_tests::counter::app;
use session_tests::print_figure;
use session_tests::redis_groups::{distant, in_sync};
use session_tests::servers::wait_until;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The delay of the connection between the servers, in each direction.
const DELAY: Duration = Duration::from_millis(10);
const TASKS: usize = 8;
const VISITORS: usize = 100;

/// Confirmed logouts, those of them that the replica lacks, and how long before the kill the earliest of these was
/// confirmed.
#[derive(Debug, Default)]
struct Loss {
    answered: usize,
    lost: usize,
    window: Duration,
}

impl Loss {
    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.lost += other.lost;
        self.window = self.window.max(other.window);
    }
}

/// Kills the primary while clients log out one after the other, and counts the sessions that the replica still has.
async fn loss(options: RedisOptions) -> Loss {
    let (mut primary, replica) = distant(DELAY);
    let before = app(RedisStore::connect_with(&primary.url(), options).await.unwrap());
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let app = before.clone();
        tasks.spawn(async move {
            let mut visitors = Vec::new();
            for _ in 0..VISITORS {
                let visitor = Client::new(app.clone());
                // A login that took too long is not counted.
                if visitor.post("/login/7").await.status == 200 {
                    visitors.push(visitor);
                }
            }
            visitors
        });
    }
    let visitors = tasks.join_all().await;
    wait_until("the replica has all logins", || {
        in_sync(&primary, 1) && primary.run::<usize>("DBSIZE") == replica.run::<usize>("DBSIZE")
    });
    let mut tasks = JoinSet::new();
    for visitors in visitors {
        tasks.spawn(async move {
            let mut left = Vec::new();
            for visitor in visitors {
                let cookie = visitor.cookie();
                if visitor.post("/destroy").await.status == 200 {
                    left.push((cookie, Instant::now()));
                } else if !left.is_empty() {
                    break;
                }
            }
            left
        });
    }
    tokio::time::sleep(DELAY * 8).await;
    let killed = Instant::now();
    primary.stop();
    replica.run::<String>("REPLICAOF NO ONE");
    let after = app(RedisStore::connect(&replica.url()).await.unwrap());
    let mut loss = Loss::default();
    for (cookie, answered) in tasks.join_all().await.into_iter().flatten() {
        let visitor = Client::new(after.clone());
        visitor.set_cookie(cookie);
        loss.answered += 1;
        if !visitor.get("/show").await.text.starts_with("nobody") {
            loss.lost += 1;
            loss.window = loss.window.max(killed.saturating_duration_since(answered));
        }
    }
    loss
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicated_logouts_survive_a_killed_primary() {
    // On a busy machine the replica may have every write in one round; repeat until one is lost.
    let (mut sum, mut replicated_sum) = (Loss::default(), Loss::default());
    for round in 0..12 {
        if round >= 3 && sum.lost > 0 {
            break;
        }
        let plain = loss(RedisOptions::new()).await;
        println!("round {round}, delay {DELAY:?}: {plain:?}");
        sum.add(&plain);
        let replicated = loss(RedisOptions::new().replicated(1, Duration::from_secs(5))).await;
        println!("round {round}, the same, replicated: {replicated:?}");
        assert!(replicated.answered > 0, "no logout was confirmed");
        assert_eq!(replicated.lost, 0);
        replicated_sum.add(&replicated);
    }
    assert!(sum.lost > 0, "no logout was lost, so the test shows nothing");
    let Loss { answered, lost, window } = sum;
    print_figure("lost", format_args!("{lost} of {answered}, of the last {} ms", window.as_millis()));
    print_figure("lost, replicated", format_args!("{} of {}", replicated_sum.lost, replicated_sum.answered));
}

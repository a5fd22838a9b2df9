//! `update` in parallel with other handles of the request, with other processes, and with a caller that is cancelled.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::handler::Handler;
use axum::routing::{get, post};
use session::testing::{FailingStore, Fault};
use session::{Detached, ErrorKind, KeyRing, MemoryStore, SealedCookie, SecretKey, Session, Sessions};
use session_tests::client::Client;
use tokio::join;
use tokio::time::{sleep, timeout};

#[derive(Session)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
    likes: u64,
    #[session(survive)]
    theme: Option<String>,
    #[session(conflict = "reject")]
    strict: u64,
}

/// What a handler can reach beside its session.
#[derive(Clone)]
struct World {
    /// The connection to the store, or to the list of ended sessions.
    line: FailingStore<MemoryStore>,
    /// The same visitor at another process.
    elsewhere: Client,
    outcomes: Arc<Mutex<Vec<Result<(), ErrorKind>>>>,
    kept: Arc<Mutex<Option<Detached<Shop>>>>,
}

type Handed = Session<Shop>;

impl World {
    fn tell(&self, outcome: Result<(), session::Error>) {
        self.outcomes.lock().unwrap().push(outcome.map_err(|error| error.kind()));
    }

    fn outcomes(&self) -> Vec<Result<(), ErrorKind>> {
        self.outcomes.lock().unwrap().clone()
    }

    /// The next call takes fifty milliseconds.
    fn slow(&self) {
        self.line.fail_next(Fault::Delay(millis(50)), 1);
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn routes() -> Router<World> {
    Router::new()
        .route("/start", post(async |mut session: Handed| session.likes = 1))
        .route("/visit", post(async |mut session: Handed| session.visits += 1))
        .route("/theme", post(async |mut session: Handed| session.theme = Some("dark".into())))
        .route("/login", post(async |mut session: Handed| session.login(9)))
        .route("/logout", post(async |mut session: Handed| session.logout()))
        .route(
            "/show",
            get(async |session: Handed| {
                format!("{:?} {} {} {:?}", session.user, session.visits, session.likes, session.theme)
            }),
        )
}

/// A visitor with a stored session that has one like; `/go` runs the handler under test.
async fn visitor<T: 'static>(sealed: bool, go: impl Handler<T, World>) -> (Client, World) {
    let line = FailingStore::new(MemoryStore::new());
    let keys = KeyRing::new(SecretKey::generate().unwrap());
    let cookie = SealedCookie::new(keys).dangerous_last_cookie_wins().revoked_in(line.clone());
    let sessions = match sealed {
        true => Sessions::<Shop>::builder().store(cookie).build().unwrap(),
        false => Sessions::<Shop>::builder().store(line.clone()).build().unwrap(),
    };
    let other = Sessions::<Shop>::builder().store(line.inner().clone()).build().unwrap();
    let nowhere = Client::new(Router::new());
    let world = World { line, elsewhere: nowhere.clone(), outcomes: Arc::default(), kept: Arc::default() };
    let elsewhere = nowhere.at(routes().layer(other.layer()).with_state(world.clone()));
    let world = World { elsewhere, ..world };
    let app = routes().route("/go", post(go)).layer(sessions.layer()).with_state(world.clone());
    let client = nowhere.at(app);
    assert_eq!(client.post("/start").await.status, 200);
    (client, world)
}

async fn shown(client: &Client) -> String {
    assert_eq!(client.post("/go").await.status, 200);
    sleep(millis(500)).await;
    client.get("/show").await.text
}

/// Two handles of one request update at the same time, and both changes are kept.
#[tokio::test(start_paused = true)]
async fn two_handles_update_at_once() {
    for sealed in [false, true] {
        let (client, _) = visitor(sealed, async |State(world): State<World>, mut one: Handed, mut two: Handed| {
            world.slow();
            let (one, two) = join!(one.update(|shop| shop.visits += 1), two.update(|shop| shop.likes += 1));
            one.and(two).unwrap();
        })
        .await;
        assert_eq!(shown(&client).await, "None 1 2 None");
        let (client, _) = visitor(sealed, async |State(world): State<World>, mut one: Handed, mut two: Handed| {
            two.likes += 1;
            world.slow();
            let (one, two) = join!(one.update(|shop| shop.visits += 1), two.commit());
            one.and(two).unwrap();
        })
        .await;
        assert_eq!(shown(&client).await, "None 1 2 None");
        let (client, _) = visitor(sealed, async |State(world): State<World>, mut one: Handed, mut two: Handed| {
            world.slow();
            let (one, two) = join!(one.update(|shop| shop.login(7)), two.update(|shop| shop.visits += 1));
            one.and(two).unwrap();
        })
        .await;
        assert_eq!(shown(&client).await, "Some(7) 1 0 None");
    }
}

/// Two handles wait for a third, and both have read the session before its commit; the same with its destruction.
#[tokio::test(start_paused = true)]
async fn two_handles_wait_for_a_third() {
    for sealed in [false, true] {
        let go = async |State(world): State<World>, mut one: Handed, mut two: Handed, mut third: Handed| {
            third.theme = Some("dark".into());
            world.slow();
            let (one, two, third) = join!(
                async { (sleep(millis(1)).await, one.update(|shop| shop.visits += 1).await).1 },
                async { (sleep(millis(1)).await, two.update(|shop| shop.likes += 1).await).1 },
                third.commit()
            );
            one.and(two).and(third).unwrap();
        };
        let (client, _) = visitor(sealed, go).await;
        assert_eq!(shown(&client).await, "None 1 2 Some(\"dark\")");
        let go = async |State(world): State<World>, mut one: Handed, mut two: Handed, third: Handed| {
            third.destroy();
            world.line.fail(Fault::Delay(millis(10)));
            let (one, two) = join!(one.update(|shop| shop.visits += 1), two.update(|shop| shop.likes += 1));
            world.line.heal();
            one.and(two).unwrap();
        };
        let (client, _) = visitor(sealed, go).await;
        assert_eq!(shown(&client).await, "None 1 1 None");
    }
}

/// A login resets the changes of every handle, as it does those of its own handle.
#[tokio::test(start_paused = true)]
async fn a_login_resets_all_handles() {
    for wait in [10, 100] {
        let go = async move |State(world): State<World>, mut one: Handed, mut two: Handed| {
            world.slow();
            let (one, ()) = join!(one.update(|shop| shop.login(7)), async move {
                (two.likes, two.theme) = (5, Some("dark".into()));
                sleep(millis(wait)).await;
                drop(two);
            });
            one.unwrap();
        };
        let (client, _) = visitor(false, go).await;
        assert_eq!(shown(&client).await, "Some(7) 0 0 Some(\"dark\")", "handed in after {wait} ms");
    }
}

/// Of two logins in one request, the one that is committed at the end of the request counts.
#[tokio::test(start_paused = true)]
async fn two_logins_in_one_request() {
    let (client, _) = visitor(false, async |State(world): State<World>, mut one: Handed, mut two: Handed| {
        world.slow();
        let (one, ()) = join!(one.update(|shop| shop.login(7)), async {
            sleep(millis(10)).await;
            world.elsewhere.post("/visit").await;
            two.login(8);
            drop(two);
        });
        one.unwrap();
    })
    .await;
    assert_eq!(shown(&client).await, "Some(8) 0 0 None");
}

/// A failed login does not drop the changes of another handle.
#[tokio::test(start_paused = true)]
async fn a_failed_login_drops_nothing() {
    for sealed in [false, true] {
        let (client, _) = visitor(sealed, async |State(world): State<World>, mut one: Handed, mut two: Handed| {
            two.likes += 1;
            world.line.fail_next(Fault::Before, 1);
            one.update(|shop| shop.login(7)).await.unwrap_err();
            drop(two);
        })
        .await;
        assert_eq!(shown(&client).await, "None 0 2 None");
    }
}

/// A commit that is stored answers `Ok`, also if another handle fails the request.
#[tokio::test(start_paused = true)]
async fn a_stored_update_is_ok() {
    let (client, world) = visitor(false, async |State(world): State<World>, mut one: Handed, mut two: Handed| {
        world.slow();
        let (one, ()) = join!(one.update(|shop| (shop.strict, shop.visits) = (1, 1)), async {
            sleep(millis(10)).await;
            two.strict = 2;
            drop(two);
        });
        world.tell(one);
    })
    .await;
    assert_eq!(client.post("/go").await.status, 409, "of what the second handle wanted");
    assert_eq!(world.outcomes(), [Ok(())]);
    assert_eq!(client.get("/show").await.text, "None 1 1 None");
}

/// The caller of a login is cancelled. The login is committed and its cookie is sent, also if the response must wait
/// for it.
#[tokio::test(start_paused = true)]
async fn a_login_whose_caller_is_cancelled() {
    for (sealed, wait) in [(false, 500), (true, 500), (false, 0), (true, 0)] {
        let (client, _) = visitor(sealed, async move |State(world): State<World>, mut session: Handed| {
            world.slow();
            timeout(millis(10), session.update(|shop| shop.login(7))).await.unwrap_err();
            sleep(millis(wait)).await;
        })
        .await;
        assert_eq!(shown(&client).await, "Some(7) 0 0 None", "{sealed} {wait}");
    }
}

/// The changes of a cancelled or refused update are gone from the handle.
#[tokio::test(start_paused = true)]
async fn a_cancelled_update_is_not_committed_later() {
    for meanwhile in ["/show", "/theme"] {
        let (client, _) = visitor(false, async move |State(world): State<World>, mut session: Handed| {
            world.slow();
            let (timed_out, ()) = join!(timeout(millis(20), session.update(|shop| shop.visits += 10)), async {
                sleep(millis(10)).await;
                world.elsewhere.post(meanwhile).await;
            });
            timed_out.unwrap_err();
            sleep(millis(500)).await;
            session.likes += 1;
        })
        .await;
        let visits = if meanwhile == "/show" { 10 } else { 0 };
        let shown = shown(&client).await;
        assert!(shown.starts_with(&format!("None {visits} 2 ")), "{shown}");
    }
}

/// In a spawned task, after the response has left: a rotation whose cookie cannot be sent is refused.
#[tokio::test(start_paused = true)]
async fn a_rotation_that_comes_too_late_is_refused() {
    let (client, world) = visitor(false, async |State(world): State<World>, mut session: Handed| {
        tokio::spawn(async move {
            let outcome = session.update(|shop| shop.rotate()).await;
            world.tell(outcome);
        });
        sleep(millis(1)).await;
    })
    .await;
    let (line, rival) = (world.line.clone(), client.clone());
    line.fail(Fault::Delay(millis(30)));
    let rival = async move { rival.post("/visit").await };
    let late = async {
        sleep(millis(32)).await;
        line.heal();
        shown(&client).await
    };
    let (rival, late) = join!(rival, late);
    assert_eq!((rival.status.as_u16(), &*late), (200, "None 1 1 None"));
    assert_eq!(world.outcomes(), [Err(ErrorKind::Misconfigured)]);
}

/// An update that changes nothing has decided so on the session as it is stored.
#[tokio::test(start_paused = true)]
async fn an_update_without_a_change_reads_the_stored_session() {
    let (client, _) = visitor(false, async |State(world): State<World>, mut session: Handed| {
        world.elsewhere.post("/visit").await;
        session
            .update(|shop| {
                if shop.visits > 0 {
                    shop.likes = 7
                }
            })
            .await
            .unwrap();
    })
    .await;
    assert_eq!(shown(&client).await, "None 1 7 None");

    let (client, world) = visitor(false, async |State(world): State<World>, session: Handed| {
        *world.kept.lock().unwrap() = Some(session.detach());
    })
    .await;
    client.post("/go").await;
    client.post("/visit").await;
    let kept = world.kept.lock().unwrap().clone().unwrap();
    assert_eq!(kept.update(|shop| shop.visits).await.unwrap(), 1);
    client.post("/logout").await;
    assert_eq!(kept.update(|shop| shop.visits).await.unwrap_err().kind(), ErrorKind::Gone);
}

/// A logout destroys the record that it has emptied, and no newer one.
#[tokio::test(start_paused = true)]
async fn a_logout_compares_before_it_removes() {
    for (meanwhile, outcome, then) in
        [("/theme", Ok(()), "None 0 0 Some(\"dark\")"), ("/login", Err(ErrorKind::Superseded), "Some(9) 0 0 None")]
    {
        let (client, world) = visitor(false, async move |State(world): State<World>, mut session: Handed| {
            world.elsewhere.post(meanwhile).await;
            let outcome = session.update(|shop| shop.logout()).await;
            world.tell(outcome);
        })
        .await;
        assert_eq!(shown(&client).await, then);
        assert_eq!(world.outcomes(), [outcome]);
    }
}

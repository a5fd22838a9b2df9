//! No error, and no line of the log, quotes a stored value: not for a value of a wrong type, and not where the
//! application's own errors do. The cause stays, as far as it is safe.

use std::error::Error;
use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use session::testing::{FailingStore, Fault};
use session::{ErrorKind, MemoryStore, Session, Sessions};
use session_tests::client::Client;

use crate::evolution::World;
use crate::log::Log;

const HIDDEN: &str = "hunter2";

/// Its `Deserialize` quotes what it refuses.
#[derive(Default, Serialize)]
struct Picky(String);

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = String::deserialize(deserializer)?;
        Err(serde::de::Error::custom(format!("`{value}` is refused")))
    }
}

/// Its `Serialize` quotes what it refuses.
#[derive(Default, Deserialize)]
struct Mute(String);

impl Serialize for Mute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            "" => serializer.serialize_str(""),
            value => Err(serde::ser::Error::custom(format!("`{value}` is refused"))),
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
enum Size {
    #[default]
    Small,
}

fn upgraded(value: String) -> Result<u64, String> {
    Err(format!("`{value}` is refused"))
}

macro_rules! releases {
    ($($module:ident $codec:ident)*) => {$(
        mod $module {
            use session::Session;

            /// The release that stores the values.
            #[derive(Session)]
            #[session(name = "shop", codec = $codec, lock = off)]
            pub(super) struct Old {
                pub number: String,
                pub list: String,
                pub picky: String,
                pub size: String,
                pub code: u8,
                pub upgraded: String,
                pub strict: String,
                pub mute: String,
            }

            #[derive(Session)]
            #[session(name = "shop", version = 2, codec = $codec, lock = off)]
            pub(super) struct New {
                pub number: u64,
                pub list: Vec<bool>,
                pub picky: super::Picky,
                pub size: super::Size,
                pub code: String,
                #[session(upgrade(in = 2, from = String, try_with = super::upgraded))]
                pub upgraded: u64,
                pub mute: super::Mute,
            }

            #[derive(Session)]
            #[session(name = "shop", version = 2, codec = $codec, lock = off)]
            pub(super) struct Strict {
                #[session(on_corrupt = "reject")]
                pub strict: Vec<bool>,
            }

            #[derive(Session)]
            #[session(name = "shop", version = 2, codec = $codec, lock = off)]
            pub(super) struct StrictUpgrade {
                #[session(on_corrupt = "reject", upgrade(in = 2, from = String, try_with = super::upgraded))]
                pub upgraded: u64,
            }

            #[derive(Session)]
            #[session(name = "shop", version = 2, codec = $codec, try_previous = Old, lock = off)]
            pub(super) struct Whole {
                pub number: u64,
            }

            impl TryFrom<Old> for Whole {
                type Error = String;

                fn try_from(old: Old) -> Result<Self, String> {
                    Err(format!("`{}` is refused", old.number))
                }
            }

            impl super::Release for Old {
                type New = New;
                type Strict = Strict;
                type StrictUpgrade = StrictUpgrade;
                type Whole = Whole;

                fn fill(&mut self) {
                    for field in [
                        &mut self.number,
                        &mut self.list,
                        &mut self.picky,
                        &mut self.size,
                        &mut self.upgraded,
                        &mut self.strict,
                    ] {
                        *field = super::HIDDEN.to_owned();
                    }
                    self.code = 113;
                }

                fn spoil(new: &mut New) {
                    new.mute = super::Mute(super::HIDDEN.to_owned());
                }
            }
        }
    )*};
}
releases! { json json msgpack msgpack postcard postcard }

trait Release: session::Schema {
    type New: session::Schema;
    type Strict: session::Schema;
    type StrictUpgrade: session::Schema;
    type Whole: session::Schema;
    fn fill(&mut self);
    fn spoil(new: &mut Self::New);
}

/// Everything that can be printed of an error and its causes.
fn printed(error: &(dyn Error + 'static)) -> String {
    let (mut text, mut next) = (String::new(), Some(error));
    while let Some(error) = next {
        write!(text, "{error} {error:?} {error:#?} ").unwrap();
        next = error.source();
    }
    text
}

fn check(text: &str) {
    assert!(!text.contains(HIDDEN) && !text.contains("113"), "{text}");
}

async fn no_error_quotes_a_value<O: Release>()
where
    session::Session<O>: std::ops::DerefMut<Target = session::Tracked<O>>,
    session::Session<O::New>: std::ops::DerefMut<Target = session::Tracked<O::New>>,
{
    let log = Log::start();
    let world = World::memory();
    world.release::<O>().visit(async |shop| shop.fill()).await;
    let new = world.release::<O::New>();
    let problems = new.visit(async |shop| {
        let problems = shop.problems().iter();
        problems.map(|problem| format!("{problem} {problem:?} {}", printed(problem.error()))).collect::<Vec<_>>()
    });
    let problems = problems.await;
    assert!(problems.len() >= 5, "{problems:#?}");
    problems.iter().for_each(|problem| check(problem));
    assert!(problems.iter().any(|problem| problem.contains("the upgrade of version 2 refused the stored value")));

    for error in [
        world.release::<O::Strict>().attempt(async |_| ()).await.outcome.unwrap_err(),
        world.release::<O::StrictUpgrade>().attempt(async |_| ()).await.outcome.unwrap_err(),
        world.release::<O::Whole>().attempt(async |_| ()).await.outcome.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Undecodable);
        check(&printed(&error));
    }

    let unencodable = new.attempt(async |shop| {
        O::spoil(shop);
        shop.commit().await.unwrap_err()
    });
    let unencodable = unencodable.await.outcome.unwrap();
    assert_eq!(unencodable.kind(), ErrorKind::Unencodable);
    check(&printed(&unencodable));
    assert!(unencodable.source().is_some(), "the cause stays");

    let lines = log.take();
    assert!(lines.contains("a stored field reads as its default"), "{lines}");
    assert!(lines.contains("the changes of a request could not be committed"), "{lines}");
    assert!(!lines.contains(HIDDEN), "{lines}");
}

#[tokio::test]
async fn no_error_quotes_a_value_in_json() {
    no_error_quotes_a_value::<json::Old>().await;
}

#[tokio::test]
async fn no_error_quotes_a_value_in_messagepack() {
    no_error_quotes_a_value::<msgpack::Old>().await;
}

#[tokio::test]
async fn no_error_quotes_a_value_in_postcard() {
    no_error_quotes_a_value::<postcard::Old>().await;
}

/// Where a value is wrong is no secret.
#[tokio::test]
async fn the_cause_of_an_undecodable_value_names_its_place() {
    let world = World::memory();
    world.release::<json::Old>().visit(async |shop| shop.fill()).await;
    let error = world.release::<json::Strict>().attempt(async |_| ()).await.outcome.unwrap_err();
    let cause = error.source().expect("a cause").to_string();
    assert_eq!(cause, "the JSON has another form than the type, at line 1, column 9");
}

/// A user is a stored value too.
#[tokio::test]
async fn the_user_is_not_quoted() {
    #[derive(Session)]
    #[session(name = "shop", lock = off)]
    struct Shop {
        #[session(user)]
        user: Option<Name>,
    }
    #[derive(Clone, PartialEq, Deserialize)]
    struct Name(String);
    impl Serialize for Name {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom(format!("`{}` is refused", self.0)))
        }
    }
    let log = Log::start();
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    check(&printed(&sessions.revoke_user(&Name(HIDDEN.into())).await.unwrap_err()));
    let login = async |mut session: Session<Shop>| session.login(Name(HIDDEN.into()));
    let app = axum::Router::new().route("/login", axum::routing::get(login)).layer(sessions);
    let answer = Client::new(app).get("/login").await;
    assert_eq!(answer.status, 500);
    check(&answer.text);
    let lines = log.take();
    assert!(lines.contains("cannot be encoded") && !lines.contains(HIDDEN), "{lines}");
}

/// Each line about a failure of the store has the cause.
#[tokio::test]
async fn the_cause_of_a_failure_is_logged() {
    let log = Log::start();
    let (store, clock) = (FailingStore::new(MemoryStore::new()), session::testing::ManualClock::new());
    let sessions = Sessions::<json::Old>::builder().store(store.clone()).clock(clock.clone()).build().unwrap();
    let failing = store.clone();
    let app = axum::Router::new()
        .route("/fill", axum::routing::get(async |mut session: Session<json::Old>| session.fill()))
        .route("/fail", axum::routing::get(async move |_: Session<json::Old>| failing.fail(Fault::Before)))
        .layer(sessions.clone());
    let client = Client::new(app);
    client.get("/fill").await;
    clock.advance(std::time::Duration::from_mins(2));
    client.get("/fail").await;
    let touched = log.take();
    assert!(touched.contains("the idle deadline of a session could not be moved"), "{touched}");
    assert!(touched.contains("injected: the call was not sent"), "{touched}");
    let sweeping = tokio::spawn(sessions.sweeper().every(std::time::Duration::from_secs(1)).run());
    let swept = async {
        loop {
            let lines = log.take();
            if lines.contains("expired sessions could not be removed") {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    };
    let swept = tokio::time::timeout(std::time::Duration::from_secs(30), swept).await.expect("a sweep");
    assert!(swept.contains("injected: the call was not sent"), "{swept}");
    sweeping.abort();
}

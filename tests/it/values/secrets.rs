//! A `Secret` is seen by the codecs of the library, and by nothing else that serializes.

use std::collections::HashMap;

use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use session::{MemoryStore, Secret, Session, Sessions};
use session_tests::client::Client;

use crate::evolution::World;

const HIDDEN: &str = "hunter2";

fn secret() -> Secret<String> {
    Secret::new(HIDDEN.into())
}

#[derive(Session, Serialize)]
#[session(lock = off)]
struct Shop {
    token: Option<Secret<String>>,
    pin: Secret<Vec<u8>>,
    nested: Nested,
    visits: u64,
}

/// Serializers of serde are between the secret and the codec.
#[derive(Default, Serialize, Deserialize)]
struct Nested {
    list: Vec<Secret<String>>,
    #[serde(flatten)]
    flat: HashMap<String, Secret<String>>,
    kind: Kind,
    #[serde(with = "text")]
    text: Option<Secret<String>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value")]
enum Kind {
    #[default]
    None,
    Card {
        number: Secret<String>,
    },
}

/// A value that is stored as text of its own.
mod text {
    use super::*;

    pub(super) fn serialize<S: serde::Serializer>(
        value: &Option<Secret<String>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(value).map_err(serde::ser::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret<String>>, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn fill(shop: &mut Shop) {
    shop.token = Some(secret());
    shop.pin = Secret::new(vec![1, 2]);
    shop.nested = Nested {
        list: vec![secret()],
        flat: [("flat".to_owned(), secret())].into(),
        kind: Kind::Card { number: secret() },
        text: Some(secret()),
    };
}

fn shown(shop: &Shop) -> Vec<&str> {
    let Nested { list, flat, kind, text } = &shop.nested;
    let Kind::Card { number } = kind else { return Vec::new() };
    let all = [shop.token.as_ref(), list.first(), flat.get("flat"), Some(number), text.as_ref()];
    all.into_iter().flatten().map(|secret| secret.expose().as_str()).collect()
}

#[tokio::test]
async fn a_response_with_the_whole_struct_masks_its_secrets() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route("/fill", get(async |mut session: Session<Shop>| fill(&mut session)))
        .route("/json", get(async |session: Session<Shop>| Json(&**session).into_response()))
        .route("/shown", get(async |session: Session<Shop>| shown(&session).concat()))
        .layer(sessions.layer());
    let client = Client::new(app);
    client.get("/fill").await;
    assert_eq!(client.get("/shown").await.text, HIDDEN.repeat(5), "the session itself has them");
    let sent = client.get("/json").await.text;
    assert!(!sent.contains(HIDDEN), "{sent}");
    let sent: serde_json::Value = serde_json::from_str(&sent).unwrap();
    let nested = serde_json::json!({
        "list": [null], "flat": null, "kind": { "kind": "Card", "value": { "number": null } }, "text": "null"
    });
    assert_eq!(sent, serde_json::json!({ "token": null, "pin": null, "nested": nested, "visits": 0 }));
}

#[tokio::test]
async fn stored_secrets_are_those_of_a_plain_type() {
    mod plain {
        use session::Session;

        #[derive(Session)]
        #[session(name = "shop", lock = off)]
        pub(super) struct Shop {
            pub token: Option<String>,
            pub pin: Vec<u8>,
        }
    }
    let world = World::memory();
    world.release::<Shop>().visit(async |shop| fill(shop)).await;
    assert_eq!(world.stored("token").await.unwrap(), r#""hunter2""#);
    assert_eq!(world.stored("pin").await.unwrap(), "[1,2]");
    let read = world.release::<plain::Shop>().visit(async |shop| (shop.token.clone(), shop.pin.clone())).await;
    assert_eq!(read, (Some(HIDDEN.to_owned()), vec![1, 2]));
}

mod binary {
    use session::{Secret, Session};

    #[derive(Session)]
    #[session(name = "shop", codec = msgpack, lock = off)]
    pub(super) struct MessagePack {
        pub token: Option<Secret<String>>,
    }

    #[derive(Session)]
    #[session(name = "shop", codec = postcard, lock = off)]
    pub(super) struct Postcard {
        pub token: Option<Secret<String>>,
    }
}

#[tokio::test]
async fn secrets_are_kept_in_each_codec() {
    macro_rules! kept {
        ($type:ty) => {
            let world = World::memory();
            let release = world.release::<$type>();
            release.visit(async |shop| shop.token = Some(secret())).await;
            assert!(world.stored("token").await.unwrap().contains(HIDDEN));
            release.visit(async |shop| assert_eq!(shop.token.as_ref().unwrap().expose(), HIDDEN)).await;
            release.visit(async |shop| shop.token.as_mut().unwrap().expose_mut().push('3')).await;
            release.visit(async |shop| assert_eq!(shop.token.as_ref().unwrap().expose(), "hunter23")).await;
        };
    }
    kept!(binary::MessagePack);
    kept!(binary::Postcard);
}

/// A user function that runs inside a commit is not the codec.
#[tokio::test]
async fn a_merge_function_cannot_serialize_a_secret() {
    #[derive(Session)]
    #[session(lock = off)]
    struct Merging {
        #[session(merge = with(merged))]
        token: Secret<String>,
    }

    fn merged(base: Secret<String>, ours: Secret<String>, _: Secret<String>) -> Secret<String> {
        let seen = serde_json::to_string(&[&base, &ours]).unwrap();
        Secret::new(format!("{}{seen}", ours.expose()))
    }

    let world = World::memory();
    let release = world.release::<Merging>();
    release.visit(async |session| session.token = secret()).await;
    release
        .visit(async |session| {
            release.visit(async |session| session.token = Secret::new("other".into())).await;
            session.token = secret();
            session.token.expose_mut().push('!');
        })
        .await;
    release.visit(async |session| assert_eq!(session.token.expose(), "hunter2![null,null]")).await;
}

/// The user of a session is found by a secret id too: the index has the bytes of the record.
#[tokio::test]
async fn a_secret_user_is_found() {
    #[derive(Session)]
    #[session(lock = off)]
    struct Account {
        #[session(user)]
        user: Option<Secret<String>>,
    }
    let sessions = Sessions::<Account>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route("/login", get(async |mut session: Session<Account>| session.login(secret())))
        .layer(sessions.layer());
    Client::new(app).get("/login").await;
    assert_eq!(sessions.list_user(&secret(), 9).await.unwrap().len(), 1);
    assert_eq!(sessions.list_user(&Secret::new("other".into()), 9).await.unwrap().len(), 0);
}

//! What a field's value may do: collide, hide, and panic.

mod panics;
mod quoted;
mod secrets;

use session::{MemoryStore, Session, Sessions};

use axum::Router;
use axum::routing::get;
use session_tests::client::Client;

#[derive(Session)]
struct Numbers {
    list: Vec<u64>,
}

/// Two lists that had one fingerprint when the hash function had no key: the change was answered with 200 and not
/// stored. They were found by a cycle of 2^29 steps.
#[tokio::test]
async fn a_change_that_was_chosen_to_collide_is_stored() {
    const LISTS: [[u64; 2]; 2] = [[0x217d_c5bb_2e91_0e26, 0], [0xa6fe_9b07_544b_1a29, 0xeb6c_9645_4e96_ff7e]];
    let sessions = Sessions::<Numbers>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new()
        .route("/first", get(async |mut session: Session<Numbers>| session.list = LISTS[0].to_vec()))
        .route("/second", get(async |mut session: Session<Numbers>| session.list = LISTS[1].to_vec()))
        .route("/read", get(async |session: Session<Numbers>| format!("{:?}", session.list)))
        .layer(sessions.layer());
    let client = Client::new(app);
    client.get("/first").await;
    assert_eq!(client.get("/second").await.status, 200);
    assert_eq!(client.get("/read").await.text, format!("{:?}", LISTS[1]));
}

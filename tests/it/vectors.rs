//! Cookies and records of every published format are still read.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use serde::{Deserialize, Serialize};
use session::store::Record;
use session::{CookiePolicy, MemoryStore, Session, SessionId, Sessions, Store as _, Timestamp};
use session_tests::client::ask;

#[derive(Serialize, Deserialize)]
struct Item {
    sku: String,
    qty: u32,
}

#[derive(Debug, Serialize, Deserialize)]
enum Theme {
    Light,
    Dark,
}

#[derive(Session)]
#[session(version = 2)]
struct Shop {
    #[session(user)]
    user: Option<u64>,
    visits: u64,
    #[session(default = Theme::Light)]
    theme: Theme,
    cart: Vec<Item>,
    notice: Option<String>,
}

async fn show(session: Session<Shop>) -> String {
    let cart: Vec<String> = session.cart.iter().map(|item| format!("{}:{}", item.sku, item.qty)).collect();
    let cart = if cart.is_empty() { "-".to_owned() } else { cart.join(",") };
    let notice = session.notice.as_deref().unwrap_or("-");
    format!("{:?} {} {:?} {cart} {notice}", session.user, session.visits, session.theme)
}

#[tokio::test]
async fn format_1_is_read_and_written_unchanged() {
    let mut read = 0;
    let files = [include_str!("vectors/format_1.txt"), include_str!("vectors/bound_1.txt")];
    for line in files.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#')) {
        let [cookie, record, shown] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
        let bytes: Vec<u8> =
            (0..record.len() / 2).map(|at| u8::from_str_radix(&record[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let record = Record::decode(bytes.clone()).unwrap();
        assert_eq!(record.encode(), bytes, "re-encoded without a change");
        let store = MemoryStore::new();
        let id: SessionId = "oKGio6SlpqeoqaqrrK2urw".parse().unwrap();
        let _ = store.create(id, &record, Timestamp::from_millis(0)).await.unwrap();
        let cookies = CookiePolicy::host("sid");
        let sessions = Sessions::<Shop>::builder().store(store).cookie(cookies).build().unwrap();
        let app = Router::new().route("/", get(show)).layer(sessions.layer());
        let request = Request::get("/").header("cookie", format!("__Host-sid={cookie}")).body(Body::empty()).unwrap();
        assert_eq!(ask(&app, request).await.text, shown);
        read += 1;
    }
    assert!(read >= 3);
}

use axum::Router;
use axum::routing::get;
use session::{MemoryStore, Session, Sessions};

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(session: Session<Shop>) -> String {
    session.visits.to_string()
}

fn main() {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new());
    let _: Router = Router::new().route("/", get(home)).layer(sessions);
}

use axum::routing::get;
use axum::{Json, Router};
use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(session: Session<Shop>) -> Json<Session<Shop>> {
    Json(session)
}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}

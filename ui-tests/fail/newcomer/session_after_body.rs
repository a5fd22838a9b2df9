use axum::routing::post;
use axum::{Json, Router};
use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn add(Json(amount): Json<u64>, mut session: Session<Shop>) {
    session.visits += amount;
}

fn main() {
    let _: Router = Router::new().route("/", post(add));
}

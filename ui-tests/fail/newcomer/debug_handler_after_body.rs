use axum::Json;
use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

#[axum::debug_handler]
async fn add(Json(amount): Json<u64>, mut session: Session<Shop>) {
    session.visits += amount;
}

fn main() {}

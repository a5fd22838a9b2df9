use axum::Json;
use axum::response::IntoResponse;
use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

async fn home(session: Session<Shop>) -> impl IntoResponse {
    Json(session)
}

async fn cached(session: Session<Shop>) {
    write(&*session);
}

fn write(_: &impl serde::Serialize) {}

fn main() {}

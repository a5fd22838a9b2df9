use axum::Router;
use axum::extract::State;
use axum::routing::get;
use session::{Session, Sessions};

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    user: Option<u64>,
}

async fn devices(State(sessions): State<Sessions<Shop>>) -> String {
    format!("{:?}", sessions.list_user(&7, 100).await)
}

fn app(sessions: Sessions<Shop>) -> Router {
    Router::new().route("/devices", get(devices)).layer(sessions)
}

fn main() {}

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use session::{MemoryStore, Session, Sessions};

#[derive(Session)]
pub struct Shop {
    #[session(user)]
    user: Option<u64>,
}

async fn devices(State(sessions): State<Sessions<Shop>>) -> String {
    format!("{:?}", sessions.list_user(&7, 100).await)
}

async fn serve(listener: tokio::net::TcpListener) -> std::io::Result<()> {
    let sessions = Sessions::<Shop>::builder().store(MemoryStore::new()).build().unwrap();
    let app = Router::new().route("/devices", get(devices)).layer(sessions);
    axum::serve(listener, app).await
}

fn main() {}

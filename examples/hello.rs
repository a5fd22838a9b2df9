//! The first app: `cargo run -p session-examples --example hello`.

use axum::{Router, routing::get};
use session::{MemoryStore, Session, Sessions};

/// What the server remembers about a visitor.
#[derive(Session)]
struct Visitor {
    #[session(merge = counter)]
    visits: u64,
}

async fn home(mut session: Session<Visitor>) -> String {
    session.visits += 1;
    format!("Visit {}. Reload the page.", session.visits)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::<Visitor>::builder().store(MemoryStore::new()).build()?;
    let app = Router::new().route("/", get(home)).layer(sessions);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://localhost:3000");
    Ok(axum::serve(listener, app).await?)
}

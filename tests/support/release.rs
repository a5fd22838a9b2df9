//! The common part of three releases of one struct: a server that sets and shows fields. See `release_1.rs`.

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use session::{RedisStore, Schema, Sessions};

/// The session type of a release.
pub trait Release: Schema {
    /// Sets `field` to a value that is derived from `n`.
    fn set(&mut self, field: &str, n: u32);
    /// Each field and its value.
    fn show(&self) -> Vec<(&'static str, String)>;
}

/// `release-N PORT REDIS_URL`: `/show`, and `/set/FIELD/N`.
pub async fn serve<S: Release>() {
    let mut arguments = std::env::args().skip(1);
    let (port, url) = (arguments.next().expect("a port"), arguments.next().expect("a Redis URL"));
    let store = RedisStore::connect(&url).await.expect("Redis");
    let sessions = Sessions::<S>::builder().store(store).build().expect("valid settings");
    let app = Router::new().fallback(any(answer::<S>)).layer(sessions.layer());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("the port");
    axum::serve(listener, app).await.expect("serving");
}

async fn answer<S: Release>(request: Request) -> Result<String, session::Error> {
    let (parts, _) = request.into_parts();
    let mut session = Sessions::<S>::extract(&parts.extensions, &parts.headers).await?;
    let words: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    if let ["set", field, n] = words[..] {
        S::set(&mut session, field, n.parse().expect("a number"));
    }
    let lines: Vec<String> = session.show().into_iter().map(|(field, value)| format!("{field}={value}")).collect();
    Ok(lines.join("\n"))
}

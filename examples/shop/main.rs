//! The shop, as a program: `PORT` is where it listens, `REDIS_URL` is where its sessions live instead of in this process.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use session::{MemoryStore, RedisStore};
use session_examples::app;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let port = match env::var("PORT") {
        Ok(port) => port.parse()?,
        Err(_) => 3000,
    };
    let app = match env::var("REDIS_URL") {
        Ok(url) => app(RedisStore::connect(&url).await?)?,
        Err(_) => app(MemoryStore::new())?,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("The shop is open: http://localhost:{}", listener.local_addr()?.port());
    Ok(axum::serve(listener, app).await?)
}

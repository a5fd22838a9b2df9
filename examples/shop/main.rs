//! The shop, as a program: `PORT` is where it listens, `SESSION_STORE` says where its sessions live instead of in this process.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use session_examples::open;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let port = match env::var("PORT") {
        Ok(port) => port.parse()?,
        Err(_) => 3000,
    };
    // `REDIS_URL` is what many platforms set.
    let place = env::var("SESSION_STORE").or_else(|_| env::var("REDIS_URL")).unwrap_or_default();
    let app = open(&place).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("The shop is open: http://localhost:{}", listener.local_addr()?.port());
    Ok(axum::serve(listener, app).await?)
}

//! The shop as a program. It is configured by environment variables:
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `HOST` | `127.0.0.1` | the IP address to listen on |
//! | `PORT` | `3000` | the port to listen on |
//! | `SESSION_STORE` | the value of `REDIS_URL`, else empty | where sessions are kept, see [`open`]; empty for memory |
//! | `SESSION_KEYS` | | the keys of `SESSION_STORE=cookie` |

use std::env::{self, VarError};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::str::FromStr;

use session_examples::open;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt::init();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        },
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let host = setting("HOST", IpAddr::V4(Ipv4Addr::LOCALHOST), "an IP address like 127.0.0.1 or 0.0.0.0")?;
    let port = setting("PORT", 3000_u16, "a port number from 0 to 65535")?;
    // Many hosting platforms set `REDIS_URL`.
    let address = env::var("SESSION_STORE").or_else(|_| env::var("REDIS_URL")).unwrap_or_default();
    let app = open(&address).await?;
    let listener = TcpListener::bind((host, port))
        .await
        .map_err(|error| format!("HOST and PORT: the shop cannot listen on {host} port {port}: {error}"))?;
    println!("The shop is open: http://localhost:{}", listener.local_addr()?.port());
    if !host.is_loopback() {
        println!("Browsers on other machines keep its cookie only if they reach it over HTTPS.");
    }
    Ok(axum::serve(listener, app).await?)
}

/// The value of the environment variable `name`, or `default` if it is not set.
fn setting<T: FromStr>(name: &str, default: T, expected: &str) -> Result<T, String> {
    match env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} is {text:?}, but must be {expected}")),
        Err(VarError::NotPresent) => Ok(default),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

//! A minimal HTTP client: one request after another on one connection.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub struct Reply {
    pub status: u16,
    pub set_cookie: Option<String>,
    pub text: String,
}

impl Connection {
    pub async fn open(port: u16) -> Self {
        Self { stream: TcpStream::connect(("127.0.0.1", port)).await.expect("a connection"), buffer: Vec::new() }
    }

    pub async fn send(&mut self, method: &str, path: &str, cookie: Option<&str>) -> Reply {
        let cookie = cookie.map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n{cookie}\r\n");
        self.stream.write_all(request.as_bytes()).await.expect("sending");
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read().await;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let header = |name: &str| {
            head.lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
        };
        let length: usize = header("content-length").map_or(0, |length| length.parse().expect("a length"));
        while self.buffer.len() < end + length {
            self.read().await;
        }
        let text = String::from_utf8_lossy(&self.buffer[end..end + length]).into_owned();
        self.buffer.drain(..end + length);
        Reply { status: head[9..12].parse().expect("a status"), set_cookie: header("set-cookie"), text }
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.expect("a reply");
        assert_ne!(read, 0, "the server closed the connection");
    }
}

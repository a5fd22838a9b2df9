//! A TCP proxy between a store and its server that can garble one reply: the server carries the request out, and the
//! client reads something else.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the client reads in the place of one reply.
#[derive(Clone, Debug)]
pub enum Garble {
    /// These bytes.
    Replace(Vec<u8>),
    /// The reply with one byte changed: the one at this position, counted around.
    Flip(usize),
    /// The end of the connection.
    Close,
}

#[derive(Default)]
struct Plan {
    garble: Option<Garble>,
    /// Requests to let pass before.
    skip: u32,
    /// Only the reply to a request that contains these bytes.
    needle: Vec<u8>,
    garbled: u64,
}

/// A running proxy. Clones share it.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// In front of the server at `port` of this machine.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy = Self { port: listener.local_addr().expect("a port").port(), plan: Arc::default() };
        let plan = Arc::clone(&proxy.plan);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                relay(client, server, Arc::clone(&plan));
            }
        });
        proxy
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `url`, with the proxy's port in the place of `port`.
    pub fn url(&self, url: &str, port: u16) -> String {
        url.replace(&format!(":{port}"), &format!(":{}", self.port))
    }

    /// Garbles the reply to the next request, or to the one after it if `skip` is 1, and so on.
    pub fn garble(&self, garble: Garble, skip: u32) {
        let mut plan = self.plan.lock().unwrap();
        *plan = Plan { garble: Some(garble), skip, needle: Vec::new(), garbled: plan.garbled };
    }

    /// Garbles the reply to the next request that contains `needle`.
    pub fn garble_reply_to(&self, needle: &[u8], garble: Garble) {
        let mut plan = self.plan.lock().unwrap();
        *plan = Plan { garble: Some(garble), skip: 0, needle: needle.to_vec(), garbled: plan.garbled };
    }

    /// How many replies were garbled.
    pub fn garbled(&self) -> u64 {
        self.plan.lock().unwrap().garbled
    }
}

impl Plan {
    /// What happens to the reply to a request with these bytes.
    fn next(&mut self, request: &[u8]) -> Option<Garble> {
        let needle = &self.needle[..];
        if self.garble.is_none() || !(needle.is_empty() || request.windows(needle.len()).any(|part| part == needle)) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.garbled += 1;
        self.garble.take()
    }
}

/// Relays both directions of one connection.
fn relay(client: TcpStream, server: TcpStream, plan: Arc<Mutex<Plan>>) {
    let pending: Arc<Mutex<Option<Garble>>> = Arc::default();
    let due = Arc::clone(&pending);
    let (mut from_client, mut to_server) =
        (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(count @ 1..) = from_client.read(&mut buffer) {
            if let Some(garble) = plan.lock().unwrap().next(&buffer[..count]) {
                *pending.lock().unwrap() = Some(garble);
            }
            if to_server.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let (mut from_server, mut to_client) = (server, client);
        let mut buffer = vec![0; 1 << 20];
        while let Ok(count @ 1..) = from_server.read(&mut buffer) {
            let reply = match due.lock().unwrap().take() {
                None => buffer[..count].to_vec(),
                Some(Garble::Replace(bytes)) => bytes,
                Some(Garble::Flip(at)) => {
                    buffer[at % count] ^= 0x15;
                    buffer[..count].to_vec()
                },
                Some(Garble::Close) => break,
            };
            if to_client.write_all(&reply).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
        let _ = from_server.shutdown(Shutdown::Both);
    });
}

/// An error reply of PostgreSQL with this SQLSTATE, after which the connection is ready for the next statement.
pub fn postgres_error(state: &str, message: &str) -> Vec<u8> {
    let fields = format!("SERROR\0VERROR\0C{state}\0M{message}\0\0");
    let length = u32::try_from(fields.len() + 4).expect("a short message");
    [b"E", &length.to_be_bytes()[..], fields.as_bytes(), b"Z\0\0\0\x05I"].concat()
}

/// An error reply of MySQL with this number.
pub fn mysql_error(number: u16, message: &str) -> Vec<u8> {
    let body = [&[0xff][..], &number.to_le_bytes(), b"#HY000", message.as_bytes()].concat();
    let length = u32::try_from(body.len()).expect("a short message").to_le_bytes();
    [&length[..3], &[1], &body].concat()
}

//! A private S3 server, and the network to it, on which a test counts requests and injects faults.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::{Method, Request, Response};
use opendal::{Buffer, ErrorKind, HttpBody, HttpTransport, HttpTransporter, OperationContext, Operator};
use opendal_http_transport_reqwest::ReqwestTransport;

use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

use crate::http::Connection;
use crate::servers::{Process, free_port, is_listening, wait_until};

/// moto's S3, with one request at a time: moto checks a condition and writes in two steps, and S3 in one.
const SERVER: &str = "
import sys
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import run_simple
run_simple('127.0.0.1', int(sys.argv[1]), create_backend_app('s3'), threaded=False)
";

/// A bucket named `sessions`.
pub struct Bucket {
    _process: Process,
    port: u16,
    network: Network,
}

/// The network between the tests and a bucket. Clones share their state.
#[derive(Clone, Default)]
pub struct Network(Arc<State>);

#[derive(Default)]
struct State {
    requests: AtomicU64,
    loses_an_answer: AtomicBool,
    ignores_conditions: AtomicBool,
    refuses_deletions: AtomicBool,
    writing: Arc<RwLock<()>>,
}

impl Bucket {
    pub async fn start() -> Self {
        let port = free_port();
        // `.ci/run setup` installs it there if the system has none.
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/moto/bin/python");
        let mut command = if own.exists() { Command::new(own) } else { Command::new("python3") };
        let process = Process::start(command.args(["-c", SERVER, &port.to_string()]));
        wait_until("moto answers (`.ci/run setup` installs it)", || is_listening(port));
        let made = Connection::open(port).await.send("PUT", "/sessions", None).await;
        assert_eq!(made.status, 200, "{}", made.text);
        Self { _process: process, port, network: Network::default() }
    }

    pub fn operator(&self) -> Operator {
        self.operator_on("sessions")
    }

    pub fn operator_on(&self, bucket: &str) -> Operator {
        let service = opendal::services::S3::default()
            .endpoint(&format!("http://127.0.0.1:{}", self.port))
            .region("us-east-1")
            .bucket(bucket)
            .access_key_id("test")
            .secret_access_key("test")
            .disable_config_load()
            .disable_ec2_metadata();
        let network = HttpTransporter::new(self.network.clone());
        Operator::new(service).expect("a service").with_context(OperationContext::new().with_http_transport(network))
    }

    pub fn network(&self) -> &Network {
        &self.network
    }
}

impl Network {
    /// The number of requests so far.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// The next `PUT` is carried out, and its answer is lost.
    pub fn lose_an_answer(&self) {
        self.0.loses_an_answer.store(true, Ordering::SeqCst);
    }

    /// No `PUT` is sent until the returned guard is dropped.
    pub async fn hold_writes(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.0.writing).write_owned().await
    }

    /// From now on conditions are removed from requests, as if the service ignored them.
    pub fn ignore_conditions(&self) {
        self.0.ignores_conditions.store(true, Ordering::SeqCst);
    }

    /// Sets whether `DELETE` requests fail.
    pub fn refuse_deletions(&self, refuse: bool) {
        self.0.refuses_deletions.store(refuse, Ordering::SeqCst);
    }
}

impl HttpTransport for Network {
    async fn fetch(&self, mut request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        if self.0.ignores_conditions.load(Ordering::SeqCst) {
            request.headers_mut().remove("if-match");
            request.headers_mut().remove("if-none-match");
        }
        if request.method() == Method::DELETE && self.0.refuses_deletions.load(Ordering::SeqCst) {
            return Err(opendal::Error::new(ErrorKind::Unexpected, "injected: the connection broke"));
        }
        let loses = request.method() == Method::PUT && self.0.loses_an_answer.swap(false, Ordering::SeqCst);
        let _permit = if request.method() == Method::PUT { Some(self.0.writing.read().await) } else { None };
        let response = ReqwestTransport::default().fetch(request).await?;
        match loses {
            true => Err(opendal::Error::new(ErrorKind::Unexpected, "injected: the connection broke").set_temporary()),
            false => Ok(response),
        }
    }
}

//! Real servers that tests start on free ports in temporary folders, and that stop with the test.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::certificates::Identity;

/// A free port.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Waits until `holds` returns true. Panics with `what` after 30 s.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not within 30 s: {what}");
}

pub fn is_listening(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(1)).is_ok()
}

/// A temporary folder, removed when the value is dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new(name: &str) -> Self {
        Self::below(&std::env::temp_dir(), name)
    }

    /// In memory if the system has such a folder: there a flush costs nothing, which matters for tests with thousands
    /// of them.
    pub fn in_memory(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        Self::below(if memory.is_dir() { memory } else { return Self::new(name) }, name)
    }

    fn below(folder: &Path, name: &str) -> Self {
        let path = folder.join(format!("session-tests-{name}-{}-{}", std::process::id(), free_port()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Sends a signal by name, and says whether there was such a process. After `STOP`, waits until all threads have
/// stopped: on a busy machine they go on for a moment, and could answer a request.
pub(crate) fn send_signal(pid: u32, signal: &str) -> bool {
    let mut kill = Command::new("kill");
    kill.args([format!("-{signal}"), pid.to_string()]).stderr(Stdio::null());
    if !kill.status().is_ok_and(|status| status.success()) {
        return false;
    }
    if signal == "STOP" {
        wait_until("the process has stopped", || {
            let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            // The state is the first letter after the name, which is in parentheses.
            let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
            stats
                .into_iter()
                .all(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 'Z', 'X'])))
        });
    }
    true
}

/// A process, killed when the value is dropped.
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(child.unwrap_or_else(|error| {
            panic!("{name} cannot be started: {error}; `.ci/run setup` installs what the tests need")
        }))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits until it ends.
    pub fn wait(mut self) {
        let _ = self.0.wait();
    }

    /// Sends a signal by name, such as `STOP`.
    pub fn signal(&self, signal: &str) {
        assert!(send_signal(self.id(), signal), "kill -{signal}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A private `redis-server`.
pub struct Redis {
    process: Option<Process>,
    dir: TempDir,
    port: u16,
    /// Additional settings.
    settings: Vec<String>,
}

impl Redis {
    pub fn start() -> Self {
        Self::start_with(free_port(), &[])
    }

    /// With additional `settings`, as on the command line.
    pub fn start_with(port: u16, settings: &[&str]) -> Self {
        let settings = settings.iter().map(|word| (*word).to_owned()).collect();
        let mut redis = Self { process: None, dir: TempDir::new("redis"), port, settings };
        redis.restart();
        redis
    }

    /// A port and a folder, without a running server.
    pub fn absent() -> Self {
        Self { process: None, dir: TempDir::new("redis"), port: free_port(), settings: Vec::new() }
    }

    /// A server with a TLS port, which is returned too, and a user `ann` with the password `secret`.
    pub fn secured(identity: &Identity) -> (Self, u16) {
        let (mut redis, port) = (Self::absent(), free_port());
        let file = |path: &Path| path.display().to_string();
        redis.settings = ["--tls-port", &port.to_string(), "--tls-auth-clients", "no", "--tls-cert-file"]
            .map(str::to_owned)
            .into_iter()
            .chain([file(&identity.certificate), "--tls-key-file".into(), file(&identity.key)])
            .collect();
        redis.restart();
        redis.run::<String>("ACL SETUSER ann on >secret ~session:* +@all");
        redis.run::<String>("CONFIG SET requirepass hidden");
        (redis, port)
    }

    /// Starts the server, or restarts it with the data of its append-only file.
    pub fn restart(&mut self) {
        self.stop();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"]);
        command.args(["--port", &self.port.to_string(), "--dir"]).arg(self.dir.path()).args(&self.settings);
        self.process = Some(Process::start(&mut command));
        let url = self.url();
        wait_until("redis-server answers", || {
            redis::Client::open(&*url)
                .and_then(|client| client.get_connection_with_timeout(Duration::from_secs(1)))
                .and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection))
                .is_ok()
        });
    }

    /// Kills the server.
    pub fn stop(&mut self) {
        self.process = None;
    }

    pub fn signal(&self, signal: &str) {
        self.process.as_ref().expect("a running server").signal(signal);
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs one command, whose words are separated by spaces.
    pub fn run<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        self.run_bytes(&words)
    }

    pub fn run_bytes<T: redis::FromRedisValue>(&self, words: &[&[u8]]) -> T {
        self.try_run_bytes(words).unwrap_or_else(|error| panic!("redis: {error}"))
    }

    /// As `run_bytes`, for a server that may close the connection.
    pub fn try_run_bytes<T: redis::FromRedisValue>(&self, words: &[&[u8]]) -> redis::RedisResult<T> {
        let mut connection = redis::Client::open(self.url())?.get_connection()?;
        let mut command = redis::Cmd::new();
        words.iter().for_each(|word| {
            command.arg(*word);
        });
        command.query(&mut connection)
    }
}

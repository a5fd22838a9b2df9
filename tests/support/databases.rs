//! Private PostgreSQL and MariaDB servers in temporary folders. They stop when their value is dropped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::certificates::Identity;
use crate::servers::{Process, TempDir, free_port, is_listening, send_signal, wait_until};

/// A private PostgreSQL or MariaDB.
pub struct Database {
    kind: Kind,
    process: Option<Process>,
    dir: TempDir,
    port: u16,
    settings: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    MariaDb,
}

impl Database {
    pub fn postgres() -> Self {
        Self::postgres_absent().started()
    }

    /// A port and a folder with a database, without a running server.
    pub fn postgres_absent() -> Self {
        let database = Self::new(Kind::Postgres, "postgres");
        let mut command = as_user("postgres", &postgres_program("initdb"));
        command.args(["--username=postgres", "--auth=trust", "--no-sync", "--no-instructions"]);
        run_successfully(command.arg("-D").arg(database.data()));
        database
    }

    pub fn mariadb() -> Self {
        Self::mariadb_absent().started()
    }

    pub fn mariadb_absent() -> Self {
        let database = Self::new(Kind::MariaDb, "mysql");
        let mut command = as_user("mysql", Path::new("mariadb-install-db"));
        command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        // The names of temporary tables are unique within one server only, so servers must not share a folder for them.
        command.arg(format!("--tmpdir={}", database.dir.path().display()));
        run_successfully(command.arg(format!("--datadir={}", database.data().display())));
        database
    }

    fn new(kind: Kind, user: &str) -> Self {
        let dir = TempDir::new(user);
        if is_root() {
            run_successfully(Command::new("chown").arg(user).arg(dir.path()));
        }
        Self { kind, process: None, dir, port: free_port(), settings: Vec::new() }
    }

    fn started(mut self) -> Self {
        self.restart();
        self
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Restarts the server with TLS. In PostgreSQL, users other than `postgres` then need TLS and their password.
    pub fn secured(mut self, identity: &Identity) -> Self {
        let own = |path: &Path, name: &str| {
            // The server refuses a key that other users can read.
            let owner = if self.kind == Kind::Postgres { "postgres" } else { "mysql" };
            let copy = self.dir.path().join(name);
            std::fs::copy(path, &copy).expect("a file");
            std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
            if is_root() {
                run_successfully(Command::new("chown").arg(owner).arg(&copy));
            }
            copy.display().to_string()
        };
        let (certificate, key) = (own(&identity.certificate, "certificate.pem"), own(&identity.key, "key.pem"));
        self.settings = match self.kind {
            Kind::Postgres => {
                let rules = "host all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
                std::fs::write(self.data().join("pg_hba.conf"), rules).expect("a file");
                let settings = ["ssl=on".into(), format!("ssl_cert_file={certificate}"), format!("ssl_key_file={key}")];
                settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]).collect()
            },
            Kind::MariaDb => vec![format!("--ssl-cert={certificate}"), format!("--ssl-key={key}")],
        };
        self.started()
    }

    /// Starts the server, or restarts it.
    pub fn restart(&mut self) {
        self.stop();
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = as_user("postgres", &postgres_program("postgres"));
                command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
                command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]);
                command
            },
            Kind::MariaDb => {
                let mut command = as_user("mysql", Path::new("mariadbd"));
                command.args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=2"]);
                command.arg(format!("--port={}", self.port)).arg(format!("--datadir={}", self.data().display()));
                command.arg(format!("--tmpdir={}", self.dir.path().display()));
                command.arg(format!("--socket={}", self.dir.path().join("socket").display()));
                command
            },
        };
        self.process = Some(Process::start(command.args(&self.settings)));
        wait_until("the database answers", || match self.kind {
            Kind::Postgres => {
                let mut command = Command::new(postgres_program("pg_isready"));
                command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).stdout(Stdio::null());
                command.status().is_ok_and(|status| status.success())
            },
            Kind::MariaDb => is_listening(self.port),
        });
    }

    /// Stops the server as a crash would: without closing connections, and without a checkpoint.
    pub fn stop(&mut self) {
        let Some(process) = self.process.take() else {
            return;
        };
        // PostgreSQL's immediate shutdown also ends its child processes.
        if self.kind == Kind::Postgres {
            process.signal("QUIT");
            process.wait();
        }
    }

    /// Sends a signal to the server and to all its child processes.
    pub fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("a running server");
        let pid = process.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        process.signal(signal);
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            // A child may have ended in the meantime.
            send_signal(child, signal);
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        match self.kind {
            Kind::Postgres => self.url_of("postgres", ""),
            Kind::MariaDb => self.url_of("root", ""),
        }
    }

    pub fn url_of(&self, user: &str, password: &str) -> String {
        match self.kind {
            Kind::Postgres => format!("postgres://{user}:{password}@127.0.0.1:{}/postgres", self.port),
            Kind::MariaDb => format!("mysql://{user}:{password}@127.0.0.1:{}/mysql", self.port),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    // A process owns its folder below `/proc`.
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// Database servers refuse to run as root. This runs them as the user that their package has created, without a process
/// in between.
fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--init-groups", "--"]).arg(program).current_dir("/");
    command
}

/// Debian has a folder for each version, and none of them is in `PATH`.
fn postgres_program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).max();
    found.unwrap_or_else(|| name.into())
}

fn run_successfully(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?} cannot be started: {error}; `.ci/run setup` installs what the tests need")
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

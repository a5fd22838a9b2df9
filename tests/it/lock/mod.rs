//! The schema lock as a user meets it: with cargo, in a crate outside of this workspace.

mod large;
mod mistakes;
mod nested;
mod orphans;
mod workflow;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use session_tests::servers::TempDir;

/// Builds share a target folder, so they run one at a time.
static BUILDING: Mutex<()> = Mutex::new(());

/// The code of the first release.
const FIRST: &str = r#"
use serde::{Deserialize, Serialize};
use session::{Session, SessionValue};

#[derive(Serialize, Deserialize, SessionValue)]
pub struct Item {
    pub sku: String,
    pub qty: u32,
}

#[derive(Session)]
#[session(version = 1)]
pub struct Shop {
    #[session(merge = counter)]
    pub visits: u32,
    pub cart: Vec<Item>,
    pub name: String,
    pub nick: Option<String>,
}
"#;

/// A crate in a temporary folder.
struct Scratch {
    dir: TempDir,
    _building: MutexGuard<'static, ()>,
}

/// An error of the compiler: its message, and the text that it underlines.
#[derive(Debug)]
struct Complaint {
    message: String,
    underlined: String,
}

/// `session-derive` cannot export functions, so it has a copy of this file.
#[test]
fn both_packages_have_the_same_grammar() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path| std::fs::read(root.join(path)).unwrap();
    let (runtime, derive) = (read("session/src/data/lock_grammar.rs"), read("session-derive/src/lock/lock_grammar.rs"));
    assert!(runtime == derive, "copy one `lock_grammar.rs` over the other");
}

impl Scratch {
    fn new() -> Self {
        let building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        let scratch = Self { dir: TempDir::new("lock"), _building: building };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = format!(
            "[package]\nname = \"scratch\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             serde = {{ version = \"1\", features = [\"derive\"] }}\n\
             session = {{ path = {:?}, default-features = false, features = [\"derive\", \"postcard\"] }}\n",
            root.join("session")
        );
        scratch.write("Cargo.toml", &manifest);
        std::fs::copy(root.join("Cargo.lock"), scratch.path("Cargo.lock")).unwrap();
        scratch.write("src/lib.rs", FIRST);
        scratch
    }

    /// The first release, with its version in the lock.
    fn locked() -> Self {
        let scratch = Self::new();
        let (ok, output) = scratch.test("write");
        assert!(ok, "{output}");
        scratch
    }

    /// A crate with this code, with its version in the lock.
    fn locked_with(code: &str) -> Self {
        let scratch = Self::new();
        scratch.write("src/lib.rs", code);
        let (ok, output) = scratch.test("write");
        assert!(ok, "{output}");
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn lock(&self) -> String {
        std::fs::read_to_string(self.path("sessions/shop.lock")).unwrap_or_default()
    }

    /// Replaces the code by the first release with these edits: each left text becomes the right one.
    fn edit(&self, edits: &[(&str, &str)]) {
        self.edit_of(FIRST, edits);
    }

    /// Replaces the code by `code` with these edits.
    fn edit_of(&self, code: &str, edits: &[(&str, &str)]) {
        let mut code = code.to_owned();
        for (old, new) in edits {
            assert!(code.contains(old), "no `{old}` in the code");
            code = code.replacen(old, new, 1);
        }
        self.write("src/lib.rs", &code);
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).arg("--offline").current_dir(self.dir.path());
        // Cargo has set these for this test, not for that build.
        for name in ["CARGO_TARGET_TMPDIR", "CARGO_MANIFEST_DIR", "SESSION_LOCK", "SESSION_LOCK_AGAINST", "RUSTFLAGS"] {
            command.env_remove(name);
        }
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch"));
        command
    }

    /// The errors of the compiler.
    fn check(&self) -> Vec<Complaint> {
        let output = self.cargo(&["check", "--message-format", "json"]).output().expect("cargo");
        let lines = String::from_utf8_lossy(&output.stdout);
        let complaints =
            lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).filter_map(|line| {
                let message = line.get("message")?;
                let span = message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
                let text = &span["text"][0];
                let at = |name: &str| usize::try_from(text[name].as_u64().unwrap_or(1)).unwrap() - 1;
                let underlined = text["text"].as_str()?.chars().skip(at("highlight_start"));
                Some(Complaint {
                    message: message["message"].as_str()?.to_owned(),
                    underlined: underlined.take(at("highlight_end") - at("highlight_start")).collect(),
                })
            });
        let complaints: Vec<_> = complaints.collect();
        assert_eq!(complaints.is_empty(), output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        complaints
    }

    /// Runs the crate's tests with `SESSION_LOCK` set to `mode`. Returns whether they passed, and their output.
    fn test(&self, mode: &str) -> (bool, String) {
        self.test_with(&[("SESSION_LOCK", mode)])
    }

    /// Runs the crate's tests with these environment variables, except for empty ones.
    fn test_with(&self, environment: &[(&str, &str)]) -> (bool, String) {
        let mut command = self.cargo(&["test", "--lib"]);
        command.envs(environment.iter().filter(|(_, value)| !value.is_empty()).copied());
        let output = command.output().expect("cargo");
        let all = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&all).into_owned())
    }
}

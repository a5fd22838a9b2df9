//! The schema lock, as its user meets it: a crate of its own, and cargo.

mod large;
mod mistakes;
mod nested;
mod orphans;
mod workflow;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use session_tests::servers::TempDir;

/// One build at a time: they share a target folder.
static BUILDING: Mutex<()> = Mutex::new(());

/// What a crate begins with.
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

/// A crate outside of the workspace.
struct Scratch {
    dir: TempDir,
    _building: MutexGuard<'static, ()>,
}

/// An error of the compiler: what it says, and what it underlines.
#[derive(Debug)]
struct Complaint {
    message: String,
    underlined: String,
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

    /// With version 1 in the lock.
    fn locked() -> Self {
        let scratch = Self::new();
        let (ok, output) = scratch.test("write");
        assert!(ok, "{output}");
        scratch
    }

    /// The same, of other code.
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

    /// Makes the code the first one with each left text replaced by the right one.
    fn edit(&self, edits: &[(&str, &str)]) {
        self.edit_of(FIRST, edits);
    }

    /// The same, of other code.
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
        // What cargo has set for this test is not meant for that build.
        for name in ["CARGO_TARGET_TMPDIR", "CARGO_MANIFEST_DIR", "SESSION_LOCK", "SESSION_LOCK_AGAINST", "RUSTFLAGS"] {
            command.env_remove(name);
        }
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch"));
        command
    }

    /// What the compiler complains of.
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

    /// Runs the crate's tests, `SESSION_LOCK` being `mode`, and says whether they passed and what they wrote.
    fn test(&self, mode: &str) -> (bool, String) {
        self.test_with(&[("SESSION_LOCK", mode)])
    }

    /// The same, with these in the environment, as far as they say something.
    fn test_with(&self, environment: &[(&str, &str)]) -> (bool, String) {
        let mut command = self.cargo(&["test", "--lib"]);
        command.envs(environment.iter().filter(|(_, value)| !value.is_empty()).copied());
        let output = command.output().expect("cargo");
        let all = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&all).into_owned())
    }
}

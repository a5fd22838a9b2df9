//! Finds out whether the simulation misses a deleted guard: `mutants [SECONDS [NUMBER]]`.
//!
//! It copies the two crates to `target/mutants`, turns each guard of the table into a switch, builds the copy once, and
//! runs `hunt` on it.

mod guards;

use std::path::{Path, PathBuf};
use std::process::Command;

use guards::GUARDS;

/// What decides in the copy which guard is deleted.
const SWITCH: &str = r"

/// Which guard is deleted.
#[allow(missing_docs, clippy::allow_attributes)]
pub mod mutants {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static DELETED: AtomicUsize = AtomicUsize::new(0);

    /// Deletes the guard of this number; zero deletes none.
    pub fn delete(number: usize) {
        DELETED.store(number, Ordering::Relaxed);
    }

    pub(crate) fn is_deleted(number: usize) -> bool {
        DELETED.load(Ordering::Relaxed) == number
    }
}
";

const HUNT: &str = r#"[package]
name = "hunt"
version = "0.1.0"
edition = "2024"

[dependencies]
axum.workspace = true
session = { workspace = true, features = ["axum", "derive", "testing"] }
tokio = { workspace = true, features = ["rt"] }
"#;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = root.join("target/mutants");
    let _ = std::fs::remove_dir_all(&copy);
    for package in ["session", "session-derive"] {
        copy_folder(&root.join(package), &copy.join(package));
    }
    let support = root.join("tests/support");
    copy_folder(&support.join("simulation"), &copy.join("hunt/src/simulation"));
    copy_file(&support.join("mutants/hunt.rs"), &copy.join("hunt/src/main.rs"));
    copy_file(&support.join("mutants/guards.rs"), &copy.join("hunt/src/guards.rs"));
    write(&copy.join("hunt/Cargo.toml"), HUNT);
    copy_file(&root.join("Cargo.lock"), &copy.join("Cargo.lock"));
    let members = |line: &str| match line.split(' ').next() {
        Some("members") => r#"members = ["session", "session-derive", "hunt"]"#.to_owned(),
        Some("default-members") => String::new(),
        _ => line.to_owned(),
    };
    let workspace: Vec<String> = read(&root.join("Cargo.toml")).lines().map(members).collect();
    write(&copy.join("Cargo.toml"), &workspace.join("\n"));
    for (index, guard) in GUARDS.iter().enumerate() {
        let path = copy.join("session/src").join(guard.file);
        let text = read(&path);
        let found = text.matches(guard.code).count();
        assert_eq!(found, 1, "the guard `{}` is not in {}, or not once", guard.name, guard.file);
        let switch = format!("crate::mutants::is_deleted({})", index + 1);
        write(&path, &text.replace(guard.code, &guard.without.replace("OFF", &switch)));
    }
    let lib = copy.join("session/src/lib.rs");
    write(&lib, &(read(&lib) + SWITCH));
    let mut run = Command::new("cargo");
    run.args(["run", "--release", "--offline", "-p", "hunt", "--target-dir"]).arg(root.join("target/simulate"));
    run.arg("--").args(std::env::args().skip(1)).current_dir(&copy);
    let status = run.status().expect("cargo");
    std::process::exit(status.code().unwrap_or(1));
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn copy_file(from: &Path, to: &Path) {
    write(to, &read(from));
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path: PathBuf = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::create_dir_all(to).expect("a folder");
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

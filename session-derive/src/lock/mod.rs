//! The schema lock: a committed file that says what every release of a session type has stored, and the checks against it.
//!
//! Reading is all that happens here. The file is written by a generated test, because a macro also runs while somebody types.

use std::path::Path;

use self::file::{LockFile, Release};
use crate::diag::Errors;
use crate::model::{Lock, Model};

mod check;
mod file;
mod shape;

pub(crate) use self::check::{Assertion, Claim, known_text, strategy};

/// Where locks are, below the package's folder.
const FOLDER: &str = "sessions";

/// What the lock has to say about a struct.
pub(crate) struct Locked {
    /// The file, below the package's folder.
    pub(crate) path: String,
    /// Whether it is there.
    pub(crate) exists: bool,
    /// Whether a test shall compare it with the struct, or write it.
    pub(crate) tested: bool,
    /// What is left to the compiler, which knows what types are.
    pub(crate) assertions: Vec<Assertion>,
}

/// What `SESSION_LOCK` asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// To check.
    Check,
    /// To add a release.
    Write,
    /// To replace the newest one.
    Rewrite,
}

impl Mode {
    fn from_env() -> Self {
        match std::env::var("SESSION_LOCK").as_deref() {
            Ok("write") => Self::Write,
            // To show what differs, the test has to compile.
            Ok("rewrite" | "diff") => Self::Rewrite,
            _ => Self::Check,
        }
    }
}

/// Checks `model` against its lock. None where there is no lock, and nobody wants one.
pub(crate) fn check(model: &Model, errors: &mut Errors) -> Option<Locked> {
    let (path, explicit) = match &model.lock {
        Lock::Off => return None,
        Lock::Implicit => (format!("{FOLDER}/{}.lock", model.name), None),
        Lock::Path(literal) => (literal.value(), Some(literal.span())),
    };
    let root = std::env::var_os("CARGO_MANIFEST_DIR")?;
    let mode = Mode::from_env();
    let text = std::fs::read_to_string(Path::new(&root).join(&path));
    let legacy = model.evolution.legacy;
    let mut locked = Locked { path, exists: text.is_ok(), tested: !legacy, assertions: Vec::new() };
    let text = match text {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match explicit {
                Some(span) if mode == Mode::Check => errors.at(
                    span,
                    format!(
                        "there is no `{}` in the package's folder; `SESSION_LOCK=write cargo test` writes it",
                        locked.path
                    ),
                ),
                None if is_foreign_target() => return None,
                // Where others have a lock, the test says what may have become of this one.
                None if mode == Mode::Check && !has_locks(&Path::new(&root).join(FOLDER)) => return None,
                _ => {},
            }
            return Some(locked);
        },
        Err(error) => {
            errors.at(
                explicit.unwrap_or_else(|| model.ident.span()),
                format!("`{}` cannot be read: {error}", locked.path),
            );
            return Some(locked);
        },
    };
    if explicit.is_none() && is_foreign_target() {
        return None;
    }
    match file::parse(&text, &model.name) {
        Ok(file) => locked.assertions = check::check(model, &locked.path, file, mode, errors),
        Err((line, problem)) => errors.at(model.ident.span(), format!("{}:{line}: {problem}", locked.path)),
    }
    Some(locked)
}

/// Whether a session type of the package has a lock in `folder`.
fn has_locks(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|extension| extension == "lock"))
}

/// Whether this is an integration test or a documentation example: its types are not the package's, though they may be called
/// the same.
fn is_foreign_target() -> bool {
    ["CARGO_TARGET_TMPDIR", "UNSTABLE_RUSTDOC_TEST_PATH"].iter().any(|name| std::env::var_os(name).is_some())
}

impl LockFile {
    /// The newest release before `version` that has stored something under `key`, and what.
    fn before(&self, version: u32, key: &str) -> Option<(&Release, &str)> {
        self.releases
            .iter()
            .rev()
            .filter(|release| release.version < version)
            .find_map(|release| Some((release, release.text(key)?)))
    }
}

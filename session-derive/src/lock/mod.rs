//! The schema lock: a committed file that says what every release of a session type has stored, and the checks against
//! it.
//!
//! This module only reads the file. A generated test writes it, because editors run macros on every keystroke.

use std::path::Path;

use self::lock_grammar::parse;
use crate::diag::Errors;
use crate::model::{Lock, Model};

mod check;
#[cfg_attr(not(test), expect(dead_code, reason = "the runtime writes locks; a macro only reads them"))]
mod lock_grammar;
mod shape;

pub(crate) use self::check::{Assertion, Claim, known_text, strategy};

/// The folder of the locks in the package's folder.
const FOLDER: &str = "sessions";

/// The lock of a struct.
pub(crate) struct Locked {
    /// The path of the file in the package's folder.
    pub(crate) path: String,
    /// Whether the file exists.
    pub(crate) exists: bool,
    /// Whether to generate the test that compares the file with the struct, or writes it.
    pub(crate) tested: bool,
    /// Claims for the compiler to check.
    pub(crate) assertions: Vec<Assertion>,
}

/// What the environment variable `SESSION_LOCK` asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Check the struct against the lock. The default.
    Check,
    /// Let the test add a release.
    Write,
    /// Let the test replace the newest release.
    Rewrite,
}

impl Mode {
    fn from_env() -> Self {
        match std::env::var("SESSION_LOCK").as_deref() {
            Ok("write") => Self::Write,
            // The test that shows the difference has to compile.
            Ok("rewrite" | "diff") => Self::Rewrite,
            _ => Self::Check,
        }
    }
}

/// Checks `model` against its lock. Returns `None` where a lock neither exists nor is asked for.
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
                // Where other session types have a lock, the test explains why this one may be missing.
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
    match parse(&text, &model.name) {
        Ok(releases) => locked.assertions = check::check(model, &locked.path, releases, mode, errors),
        Err(damage) => {
            errors.at(model.ident.span(), format!("{}:{}: {}", locked.path, damage.line, damage.message));
        },
    }
    Some(locked)
}

/// Whether `folder` contains a lock.
fn has_locks(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|extension| extension == "lock"))
}

/// Whether this is an integration test or a documentation example. Its types are not those of the package, but may have
/// the same names.
fn is_foreign_target() -> bool {
    ["CARGO_TARGET_TMPDIR", "UNSTABLE_RUSTDOC_TEST_PATH"].iter().any(|name| std::env::var_os(name).is_some())
}

//! The test that the derive generates for each session type that has a schema lock.
//!
//! It compares the lock file with the struct, writes the file if `SESSION_LOCK` says so, and loads the samples of every
//! release in it with the code as it is now.

use std::env;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use self::file::{check_against_main, check_presence, read, write};
use self::release::{current_facts, is_same_schema};
use self::replay::replay;
use crate::data::lock_grammar::{Release, parse, write_file, write_release};
use crate::data::schema::SchemaData;

mod file;
mod release;
mod replay;

/// What the environment variable `SESSION_LOCK` asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Fail if the file does not match the struct. The default.
    Check,
    /// Add the version of the struct.
    Write,
    /// Add the version of the struct, or replace it if it is the newest one.
    Rewrite,
    /// Show the difference.
    Diff,
}

/// Tests of one binary run at the same time, and may write the same file.
static WRITING: Mutex<()> = Mutex::new(());

/// Checks or writes the lock of `S`, the file `path` below `root`, as `SESSION_LOCK` says.
///
/// # Panics
///
/// If the lock does not match, cannot be written, or has a sample that loses data: this is a test.
#[expect(clippy::panic, clippy::print_stdout, reason = "this is a test")]
pub fn test<S: SchemaData>(root: &str, path: &str) {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mode = match env::var("SESSION_LOCK").as_deref() {
        Err(_) | Ok("" | "check") => Mode::Check,
        Ok("write") => Mode::Write,
        Ok("rewrite") => Mode::Rewrite,
        Ok("diff") => Mode::Diff,
        Ok(other) => panic!("SESSION_LOCK={other}: expected `write`, `rewrite`, `diff` or `check`"),
    };
    let file = Path::new(root).join(path);
    match run::<S>(mode, &file, path) {
        Ok(None) => {},
        Ok(Some(text)) => match write(&file, &text) {
            Ok(()) => println!("{path}: version {} written; commit it", S::SECTION.version),
            Err(error) => panic!("{path} cannot be written: {error}"),
        },
        Err(problem) => panic!("{problem}"),
    }
}

/// Returns the text to write, or `None` if the file is to stay as it is.
fn run<S: SchemaData>(mode: Mode, file: &Path, path: &str) -> Result<Option<String>, String> {
    let text = read(file);
    let releases = match &text {
        Some(text) => {
            parse(text, S::SECTION.name).map_err(|damage| format!("{path}:{}: {}", damage.line, damage.message))?
        },
        None => Vec::new(),
    };
    if let Some(folder) = env::var_os("SESSION_LOCK_AGAINST") {
        check_against_main(&releases, file, Path::new(&folder), S::SECTION.name)?;
    }
    if mode == Mode::Check && text.is_none() {
        check_presence(file, path, S::SECTION.name)?;
    }
    let is_replaced = matches!(mode, Mode::Rewrite | Mode::Diff);
    replay::<S>(releases.iter().filter(|release| release.version != S::SECTION.version || !is_replaced))?;
    compare::<S>(mode, &releases, path)
}

/// Compares the struct with the release of its version. Returns the text to write, if any.
fn compare<S: SchemaData>(mode: Mode, releases: &[Release<'_>], path: &str) -> Result<Option<String>, String> {
    let (name, version) = (S::SECTION.name, S::SECTION.version);
    let current = current_facts::<S>()?;
    let current = current.facts();
    let newest = releases.last().map_or(0, |release| release.version);
    let locked = releases.iter().find(|release| release.version == version);
    if locked.is_some_and(|locked| locked.facts == current) {
        return Ok(None);
    }
    let text = write_release(version, &current);
    match (mode, locked) {
        (Mode::Check | Mode::Write, Some(locked)) if is_same_schema(&locked.facts, &current) => Ok(None),
        (Mode::Check, None) => Err(format!(
            "version {version} of session `{name}` is not in {path}: run `SESSION_LOCK=write cargo test`, review what \
             it adds, and commit it"
        )),
        (Mode::Diff, _) => Err(format!("{path}, version {version} of session `{name}`\n{}", difference(locked, &text))),
        (Mode::Check | Mode::Write, Some(_)) => Err(format!(
            "version {version} of session `{name}` is in {path} with another shape; if it was released, set `version = \
             {}`; if it was never released, run `SESSION_LOCK=rewrite cargo test`\n{}",
            newest + 1,
            difference(locked, &text)
        )),
        (Mode::Rewrite, Some(_)) if version != newest => {
            Err(format!("{path}: only the newest version, {newest}, can be rewritten, not {version}"))
        },
        (Mode::Write | Mode::Rewrite, _) if newest != 0 && version != newest && version != newest + 1 => {
            Err(format!("{path} ends at version {newest}; the next version is {}, not {version}", newest + 1))
        },
        (Mode::Write | Mode::Rewrite, _) => {
            let others = releases.iter().filter(|release| release.version != version).map(Release::text);
            let all: Vec<String> = others.chain([text]).collect();
            Ok(Some(write_file(name, &all)))
        },
    }
}

fn difference(locked: Option<&Release<'_>>, now: &str) -> String {
    match locked {
        Some(locked) => format!("locked:\n{}\nnow:\n{now}", locked.text()),
        None => format!("not locked yet:\n{now}"),
    }
}

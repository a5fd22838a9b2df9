//! The generated test: it writes the lock file when asked to, and loads what every release in it has stored with today's code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use super::compare::render;
use crate::data::codec::Codec;
use crate::data::payload::{Edit, Payload};
use crate::data::schema::SchemaData;
use crate::data::schema::field::Field;
use crate::data::schema::reader::SectionReader;
use crate::data::shape::Shape;

/// What a lock says of the struct as it is now.
#[derive(Debug, Default)]
pub struct Lock {
    entries: Vec<LockEntry>,
    reserved: &'static [&'static str],
}

impl Lock {
    /// All of it.
    pub fn new(entries: Vec<LockEntry>, reserved: &'static [&'static str]) -> Self {
        Self { entries, reserved }
    }
}

/// What a lock says of a field.
#[derive(Debug)]
pub struct LockEntry {
    key: &'static str,
    shape: &'static Shape,
    strategy: &'static str,
    sample: Result<Vec<u8>, String>,
}

impl LockEntry {
    /// The field `F`, whose sample is one of its author's or one that is made up.
    pub fn of<S: SchemaData, F: Field<S>>(
        shape: &'static Shape,
        strategy: &'static str,
        sample: Option<F::Value>,
    ) -> Self {
        use crate::data::schema::Storable as _;
        let made_up = || F::Value::decode(Codec::Json, shape.sample().to_string().as_bytes()).ok();
        // A value that keeps rules of its own cannot be made up.
        let value = sample.or_else(made_up).unwrap_or_else(F::default);
        let mut bytes = Vec::new();
        let encoded = value.encode(S::SECTION.codec, &mut bytes).map(|()| bytes).map_err(|error| error.to_string());
        Self { key: F::INFO.key, shape, strategy, sample: encoded }
    }
}

/// What the environment asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Check,
    Write,
    Rewrite,
    Diff,
}

/// Two tests of one binary may write at the same time.
static WRITING: Mutex<()> = Mutex::new(());

/// Checks the lock at `path` below `root` against `S`, or writes it, as `SESSION_LOCK` says.
///
/// # Panics
///
/// If anything is wrong: it is a test.
#[expect(clippy::panic, clippy::print_stdout, reason = "it is a test")]
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
    let text = lines(&file);
    let outcome = compare_with_main(&text, &file)
        .and_then(|()| orphan::<S>(mode, &file, path))
        .and_then(|()| replay::<S>(mode, &text))
        .and_then(|()| settle::<S>(mode, &text, path));
    match outcome {
        Ok(None) => {},
        Ok(Some(new)) => match write(&file, &new) {
            Ok(()) => println!("{path}: version {} written; commit it", S::SECTION.version),
            Err(error) => panic!("{path} cannot be written: {error}"),
        },
        Err(problem) => panic!("{problem}"),
    }
}

/// What is in the file, if it is there: each line ends as we end it, whatever a checkout or an editor has made of it.
fn lines(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().flat_map(|line| [line, "\n"]).collect()
}

/// A type without a lock, where others have one: it is new, or it was renamed, or somebody has deleted the file.
fn orphan<S: SchemaData>(mode: Mode, file: &Path, path: &str) -> Result<(), String> {
    if mode != Mode::Check || file.exists() {
        return Ok(());
    }
    let beside = file.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let locks = beside.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "lock"));
    let mut names: Vec<_> = locks.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort_unstable();
    let name = S::SECTION.name;
    Err(format!(
        "session `{name}` has no lock: there is no {path}, but there are locks of {}\n\
         if the struct was renamed, its sessions are still stored under the old name: `#[session(name = \"{}\")]`\n\
         if it is new: `SESSION_LOCK=write cargo test`\n\
         if the file was deleted: restore it\n\
         if nothing of it is kept for long: `#[session(lock = off)]`",
        names.join(", "),
        names.first().map_or("old_name", String::as_str),
    ))
}

/// What the file shall be, if that is not what it is.
fn settle<S: SchemaData>(mode: Mode, text: &str, path: &str) -> Result<Option<String>, String> {
    let (name, version) = (S::SECTION.name, S::SECTION.version);
    let block = block::<S>()?;
    let releases = releases(text);
    let newest = releases.last().map_or(0, |release| release.version);
    let locked = releases.iter().find(|release| release.version == version).map(|release| release.text);
    if locked == Some(&block) {
        return Ok(None);
    }
    let difference = || match locked {
        Some(locked) => format!("locked:\n{locked}\nnow:\n{block}"),
        None => format!("not locked yet:\n{block}"),
    };
    match (mode, locked) {
        (Mode::Check, Some(locked)) if without_samples(locked) == without_samples(&block) => Ok(None),
        (Mode::Write, Some(locked)) if without_samples(locked) == without_samples(&block) => Ok(None),
        (Mode::Check, None) => Err(format!(
            "version {version} of session `{name}` is not in {path}: run `SESSION_LOCK=write cargo test`, read what it adds, \
             and commit it"
        )),
        (Mode::Diff, _) => Err(format!("{path}, version {version} of session `{name}`\n{}", difference())),
        (Mode::Check | Mode::Write, Some(_)) => Err(format!(
            "version {version} of session `{name}` is in {path} with another shape. If it was released, set `version = {}`; \
             if it never was, `SESSION_LOCK=rewrite cargo test`\n{}",
            newest + 1,
            difference()
        )),
        (Mode::Rewrite, Some(_)) if version != newest => {
            Err(format!("{path}: only the newest version, {newest}, can be written anew, not {version}"))
        },
        (Mode::Write | Mode::Rewrite, _) if newest != 0 && version != newest && version != newest + 1 => {
            Err(format!("{path} ends at version {newest}; the next version is {}, not {version}", newest + 1))
        },
        (Mode::Write | Mode::Rewrite, _) => {
            let kept = releases.iter().filter(|release| release.version != version).map(|release| release.text);
            let blocks: Vec<&str> = kept.chain([block.as_str()]).collect();
            Ok(Some(format!("{}{}", head(name), blocks.join("\n"))))
        },
    }
}

fn head(name: &str) -> String {
    format!(
        "# What each release of session `{name}` has stored. `SESSION_LOCK=write cargo test` adds a release.\n\
         # Commit it, and change nothing by hand: sessions of all these releases are still out there.\n\
         session {name}\n\n"
    )
}

/// What stands in the file for the struct as it is now.
fn block<S: SchemaData>() -> Result<String, String> {
    let Lock { mut entries, reserved } = S::lock();
    let codec = S::SECTION.codec;
    entries.sort_by_key(|entry| entry.key);
    let mut facts = vec![format!("codec {}", codec.name())];
    for entry in &entries {
        facts.push(format!("{}: {}", entry.key, render(entry.shape, codec != Codec::Postcard).as_str()));
    }
    let merged = entries.iter().filter(|entry| entry.strategy != "last writer");
    facts.extend(merged.map(|entry| format!("merge {} {}", entry.key, entry.strategy)));
    let mut reserved = reserved.to_vec();
    reserved.sort_unstable();
    facts.extend(reserved.iter().map(|key| format!("reserved {key}")));
    for entry in &entries {
        let bytes = entry
            .sample
            .as_ref()
            .map_err(|error| format!("the sample of `{}` cannot be encoded: {error}", entry.key))?;
        facts.push(format!("sample {} {}", entry.key, written(codec, bytes)));
    }
    let mut block = format!("version {} {:016x}\n", S::SECTION.version, sum(&facts));
    for fact in facts {
        let _ = writeln!(block, "  {fact}");
    }
    Ok(block)
}

/// FNV-1a with 64 bits, over lines.
fn sum(facts: &[String]) -> u64 {
    let bytes = facts.iter().flat_map(|fact| fact.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A sample as it stands in the file: JSON as it is, other codecs in hexadecimal.
fn written(codec: Codec, bytes: &[u8]) -> String {
    match (codec, str::from_utf8(bytes)) {
        (Codec::Json, Ok(text)) => text.to_owned(),
        _ => bytes.iter().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        }),
    }
}

fn read(codec: Codec, text: &str) -> Option<Vec<u8>> {
    match codec {
        Codec::Json => Some(text.as_bytes().to_vec()),
        _ => (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect(),
    }
}

/// A release in the file: the derive has checked that it is whole.
struct Release<'a> {
    version: u32,
    /// All its lines.
    text: &'a str,
}

impl<'a> Release<'a> {
    fn codec(&self) -> Option<Codec> {
        let name = self.facts().find_map(|fact| fact.strip_prefix("codec "))?;
        [Codec::Json, Codec::MessagePack, Codec::Postcard].into_iter().find(|codec| codec.name() == name)
    }

    fn samples(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.facts().filter_map(|fact| fact.strip_prefix("sample ")?.split_once(' '))
    }

    fn facts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.lines().filter_map(|line| line.strip_prefix("  "))
    }
}

fn releases(text: &str) -> Vec<Release<'_>> {
    let starts = text
        .match_indices("version ")
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
    let starts: Vec<usize> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let blocks = starts.iter().zip(ends).filter_map(|(start, end)| text.get(*start..end));
    let read = |block: &'_ str| -> Option<u32> { block.strip_prefix("version ")?.split(' ').next()?.parse().ok() };
    blocks
        .filter_map(|block| {
            let version = read(block)?;
            let text = block.trim_end_matches('\n');
            Some(Release { version, text: block.get(..=text.len())? })
        })
        .collect()
}

fn without_samples(block: &str) -> Vec<&str> {
    block.lines().skip(1).filter(|line| !line.starts_with("  sample ")).collect()
}

/// Loads what every release has stored, but for one that is about to be replaced.
fn replay<S: SchemaData>(mode: Mode, text: &str) -> Result<(), String> {
    let replaced = matches!(mode, Mode::Rewrite | Mode::Diff);
    let mut problems = String::new();
    for release in releases(text).iter().filter(|release| release.version != S::SECTION.version || !replaced) {
        let (name, version) = (S::SECTION.name, release.version);
        let codec = release.codec().ok_or_else(|| format!("version {version} of session `{name}`: unknown codec"))?;
        let samples: Vec<_> = release.samples().map(|(key, sample)| (key, read(codec, sample))).collect();
        let stored = Payload::default().edited(samples.iter().map(|(key, value)| Edit {
            section: name,
            version,
            codec: codec.tag(),
            key,
            value: value.as_deref(),
        }));
        let found = match SectionReader::unchecked::<S>(stored.as_ref().and_then(|stored| stored.section(name))) {
            Ok((_, found)) => found.iter().map(|problem| with_cause(problem.error())).collect(),
            Err(error) => vec![with_cause(&error)],
        };
        if !found.is_empty() {
            let _ = writeln!(problems, "a session `{name}` that version {version} has stored loses data:");
            for problem in found {
                let _ = writeln!(problems, "  {problem}");
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Samples are no secrets.
fn with_cause(error: &crate::base::error::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// With `SESSION_LOCK_AGAINST`, the folder of the locks that are on the main branch: what is there stays as it is.
fn compare_with_main(text: &str, file: &Path) -> Result<(), String> {
    let Some(folder) = env::var_os("SESSION_LOCK_AGAINST") else { return Ok(()) };
    let Some(name) = file.file_name() else { return Ok(()) };
    if !Path::new(&folder).is_dir() {
        return Err(format!("SESSION_LOCK_AGAINST={}: there is no such folder", folder.display()));
    }
    let theirs = lines(&PathBuf::from(folder).join(name));
    let ours = releases(text);
    for their in releases(&theirs) {
        let unchanged = ours.iter().any(|our| our.version == their.version && our.text == their.text);
        if !unchanged {
            return Err(format!(
                "{}: version {} was released, and is changed or gone here",
                file.display(),
                their.version
            ));
        }
    }
    Ok(())
}

/// All or nothing.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = file.with_extension("lock.new");
    fs::write(&new, text)?;
    fs::rename(new, file)
}
